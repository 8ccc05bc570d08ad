/**
 * `server/cli/connect/` is for the command connect: a WebSocket client for people and for pipes.
 *
 * `fourtuple connect`: a WebSocket client, for people at a terminal and for pipes.
 *
 * @module
 */

import type { ClientConnection } from "../../../client/client_connection.ts";
import type { CloseStatus, Message } from "../../../protocol/mod.ts";
import { jsonLine } from "../../escape.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { runUntilSignal } from "../command/run_until_signal.ts";
import { firstLine, quote, readProblem } from "../terminal/problems.ts";
import { type ConnectEvent, dial, type DialOptions } from "./connect_dial.ts";
import { MAX_MESSAGE, messagesIn } from "./connect_input.ts";
import { Conversation } from "./connect_interactive.ts";
import { CONNECT_HELP, type ConnectOptions, readConnectOptions } from "./connect_options.ts";
import { Pings } from "./connect_pings.ts";
import { Pipe, type PipeResult } from "./connect_pipe.ts";
import {
  eventRecord,
  messageLines,
  noteLines,
  plainMessage,
  refusalLines,
} from "./connect_text.ts";

/** The close codes with which a conversation ends as it should; 1005 stands for none. */
const GOOD_CODES: readonly number[] = [1000, 1001, 1005];

/** Stands for an end without a Close frame (RFC 6455 7.4.1). */
const NO_CLOSE_FRAME = 1006;

/** The most frames of a message that is received. */
const MAX_FRAGMENTS = 1_048_576;

/** The parts of the process that the command needs besides its output. */
export interface ConnectContext {
  /** Opens standard input. */
  stdin(): ReadableStream<Uint8Array>;
}

/** The `connect` command. */
export const connect: Command = {
  name: "connect",
  summary: "Talk to a WebSocket server, at a terminal or in a pipe",
  help: CONNECT_HELP,
  run: (args, io) => runConnect(args, io, { stdin: () => Deno.stdin.readable }),
};

/**
 * Runs the command.
 *
 * @param args The arguments after the command's name.
 * @param io Where it writes notes and problems, and the prompt where there is a terminal.
 * @param context The parts of the process that it needs besides.
 * @returns The exit code.
 */
export async function runConnect(
  args: readonly string[],
  io: CommandIo,
  context: ConnectContext,
): Promise<number> {
  const problems: string[] = [];
  const options = readConnectOptions(args, problems);
  if (problems.length === 0 && options.help) {
    io.out(CONNECT_HELP);
    return 0;
  }
  if (problems.length > 0) {
    tell(io, problems);
    io.err("Try: fourtuple connect --help\n");
    return 2;
  }
  let caCerts: string[] | undefined;
  try {
    if (options.ca !== undefined) caCerts = [await Deno.readTextFile(options.ca)];
  } catch (error) {
    tell(io, [`${quote(options.ca)} cannot be read: ${readProblem(error)}`]);
    return 1;
  }
  return await new Connect(options, io, context).run(caCerts);
}

/** One run of the command. */
class Connect {
  readonly #options: ConnectOptions;
  readonly #io: CommandIo;
  readonly #context: ConnectContext;
  readonly #pings: Pings;
  /** Shows what happens; at a prompt once there is one. */
  #show: (event: ConnectEvent) => unknown;

  constructor(options: ConnectOptions, io: CommandIo, context: ConnectContext) {
    this.#options = options;
    this.#io = io;
    this.#context = context;
    this.#show = (event) => this.#note(event);
    this.#pings = new Pings((event) => this.#show(event), options.showPings);
  }

  async run(caCerts: string[] | undefined): Promise<number> {
    const { execute, binary, whole, oneMessage, json } = this.#options;
    const piped = execute.length > 0 || binary || whole || oneMessage || json;
    const openPrompt = piped ? undefined : this.#io.openPrompt;
    const dialled = await runUntilSignal(async (signal) => {
      const connection = await this.#dial(signal, caCerts);
      if (connection === undefined) return { code: signal.aborted ? 130 : 1 };
      if (openPrompt !== undefined) return { connection };
      return { code: await this.#pipe(connection, signal) };
    });
    if (typeof dialled === "number") return dialled;
    const { connection, code = 1 } = dialled;
    if (connection === undefined || openPrompt === undefined) return code;
    return await this.#talk(connection, openPrompt());
  }

  /** Connects, or says why that cannot be. */
  async #dial(
    signal: AbortSignal,
    caCerts: string[] | undefined,
  ): Promise<ClientConnection | undefined> {
    const { url, headers, subprotocols, insecure, deflate, timeout, head, verbose } = this.#options;
    const dialling = new AbortController();
    const giveUp = (): void => dialling.abort();
    signal.addEventListener("abort", giveUp);
    const options: DialOptions = {
      headers,
      subprotocols,
      insecure,
      deflate,
      // Later it would cut the connection, which is to be closed.
      signal: dialling.signal,
      limits: {
        ...head,
        handshakeTimeout: timeout,
        messageBytes: MAX_MESSAGE,
        messageFragments: MAX_FRAGMENTS,
        whenFull: "drop",
      },
      ...caCerts !== undefined && { caCerts },
      ...verbose && { head: (by, head) => void this.#show({ type: "head", by, head }) },
      control: (opcode, payload) => this.#pings.received(opcode, payload),
    };
    try {
      const connection = await dial(url, options);
      if (!signal.aborted) return connection;
      connection.terminate();
    } catch (error) {
      if (!signal.aborted) tell(this.#io, refusalLines(error));
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    return undefined;
  }

  async #pipe(connection: ClientConnection, signal: AbortSignal): Promise<number> {
    const { execute, ping } = this.#options;
    await this.#show({ type: "open", url: this.#options.url.href, connection });
    const pinging = ping === undefined ? undefined : this.#pings.every(connection, ping);
    const over = new AbortController();
    const input = execute.length > 0
      ? ReadableStream.from(execute)
      : messagesIn(this.#context.stdin(), this.#options, over.signal);
    const onSignal = () => {
      over.abort();
      connection.close(1000);
    };
    signal.addEventListener("abort", onSignal);
    const deliver = (data: Message) => this.#deliver(data);
    const result = await new Pipe(connection, deliver, this.#options).run(
      input,
      () => over.abort(),
    );
    signal.removeEventListener("abort", onSignal);
    await pinging;
    await this.#showClosed(connection, result.status);
    return this.#exitCodeOf(result);
  }

  #exitCodeOf({ status, error, left, cutShort }: PipeResult): number {
    if (error !== undefined) {
      tell(this.#io, [firstLine(error)]);
      return 1;
    }
    if (left) return 0;
    if (cutShort) tell(this.#io, ["the connection ended before all input was sent"]);
    return exitCodeOf(status);
  }

  async #talk(
    connection: ClientConnection,
    prompt: ReturnType<NonNullable<CommandIo["openPrompt"]>>,
  ) {
    const { ping, quiet } = this.#options;
    const conversation = new Conversation(connection, prompt, this.#pings);
    try {
      this.#show = (event) => conversation.show(event);
      if (!quiet) {
        this.#show({ type: "open", url: this.#options.url.href, connection });
        prompt.print(["= /help lists the commands, Ctrl-C closes"]);
      }
      if (ping !== undefined) this.#pings.every(connection, ping);
      const code = await conversation.run();
      const status = await connection.closed;
      if (!quiet || !GOOD_CODES.includes(status.code)) await this.#showClosed(connection, status);
      return code ?? exitCodeOf(status);
    } finally {
      prompt.close();
    }
  }

  async #showClosed({ closing }: ClientConnection, status: CloseStatus): Promise<void> {
    const sent = closing?.sent;
    await this.#show({ type: "closed", status, ...sent !== undefined && { sent } });
  }

  /** Hands a message to whoever reads the output. */
  async #deliver(data: Message): Promise<boolean> {
    const { json, binary } = this.#options;
    const atTerminal = this.#io.columns !== undefined;
    const output = json
      ? jsonLine(eventRecord({ type: "message", data }, Date.now()))
      // Bytes of others steer a terminal, and so do letters.
      : atTerminal
      ? `${messageLines(data).join("\n")}\n`
      : binary
      ? data
      : `${plainMessage(data)}\n`;
    return await this.#io.write(output);
  }

  /** Shows what is no message, where there is no prompt. */
  async #note(event: ConnectEvent): Promise<void> {
    if (event.type === "message") return;
    const { json, verbose, quiet } = this.#options;
    if (json) {
      await this.#io.write(jsonLine(eventRecord(event, Date.now())));
      return;
    }
    const wanted = event.type === "open"
      ? verbose
      : event.type === "closed"
      ? verbose || !GOOD_CODES.includes(event.status.code)
      : true;
    if (wanted && !quiet) tell(this.#io, noteLines(event));
  }
}

/** Says it on standard error. */
function tell({ err }: CommandIo, lines: readonly string[]): void {
  for (const line of lines) err(`fourtuple connect: ${line}\n`);
}

function exitCodeOf({ code }: CloseStatus): number {
  if (GOOD_CODES.includes(code)) return 0;
  return code === NO_CLOSE_FRAME ? 4 : 5;
}
