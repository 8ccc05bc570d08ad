/**
 * `fourtuple connect` at a terminal: a conversation at a prompt.
 *
 * @module
 */

import type { ClientConnection } from "../../../client/client_connection.ts";
import { CloseCode } from "../../../protocol/mod.ts";
import { escapeControls } from "../../escape.ts";
import { bytes, countOf, milliseconds } from "../terminal/figures.ts";
import { firstLine, quote, readProblem } from "../terminal/problems.ts";
import type { Prompt } from "../terminal/prompt.ts";
import { COMMANDS_HELP, type Order, parseOrder } from "./connect_commands.ts";
import type { ConnectEvent } from "./connect_dial.ts";
import type { Pings } from "./connect_pings.ts";
import { messageLines, noteLines, textLines } from "./connect_text.ts";

/** Messages and their bytes, in one direction. */
interface Traffic {
  messages: number;
  bytes: number;
}

/** One connection and somebody at a prompt. */
export class Conversation {
  readonly #connection: ClientConnection;
  readonly #prompt: Prompt;
  readonly #pings: Pings;
  readonly #in: Traffic = { messages: 0, bytes: 0 };
  readonly #out: Traffic = { messages: 0, bytes: 0 };
  /** Lines are done one after another. */
  #work: Promise<void> = Promise.resolve();
  /** The exit code where it is not for the connection to say. */
  #code: number | undefined = undefined;
  #leaving = false;

  /**
   * @param connection The connection.
   * @param prompt Where somebody sits.
   * @param pings Measures round trips.
   */
  constructor(connection: ClientConnection, prompt: Prompt, pings: Pings) {
    this.#connection = connection;
    this.#prompt = prompt;
    this.#pings = pings;
  }

  /**
   * Runs until the connection is over.
   *
   * @returns The exit code where a signal or a second Ctrl-C ended it; else the connection says how
   * it went.
   */
  async run(): Promise<number | undefined> {
    this.#prompt.listen({
      line: (text) => {
        this.#work = this.#work.then(() => this.#take(text));
      },
      leave: () => this.#leave(),
      end: (code) => this.#end(code),
    });
    for await (const data of this.#connection.messages()) {
      count(this.#in, data);
      this.show({ type: "message", data });
    }
    await this.#connection.closed;
    await this.#work;
    return this.#code;
  }

  /** Shows what happened above the prompt. */
  show(event: ConnectEvent): void {
    this.#prompt.print(
      event.type === "message"
        ? marked("<", messageLines(event.data))
        : event.type === "head"
        ? noteLines(event)
        : noteLines(event).map((line) => `= ${line}`),
    );
  }

  async #take(line: string): Promise<void> {
    try {
      await this.#do(parseOrder(line));
    } catch (error) {
      this.#say(firstLine(error));
    }
  }

  async #do(order: Order): Promise<void> {
    switch (order.kind) {
      case "send":
        return this.#send(order.data);
      case "close":
        this.#leaving = true;
        return this.#connection.close(order.code ?? CloseCode.NormalClosure, order.reason ?? "");
      case "ping":
        if (order.text !== "") return this.#pings.send(this.#connection, order.text);
        // What is typed meanwhile does not wait for the answer.
        this.#pings.measure(this.#connection);
        return;
      case "file":
        return await this.#sendFile(order.path);
      case "info":
        return this.#say(...this.#info());
      case "help":
        return this.#say(...COMMANDS_HELP);
      case "problem":
        return this.#say(order.problem);
      case "nothing":
        return;
    }
  }

  #send(data: string | Uint8Array): void {
    if (this.#connection.send(data) === "dropped") {
      const why = this.#connection.open
        ? `the peer has yet to take ${bytes(this.#connection.bufferedAmount)}`
        : "the connection is closing";
      return this.#say(`not sent: ${why}`);
    }
    count(this.#out, data);
    const lines = typeof data === "string"
      ? textLines(data)
      : [`binary, ${countOf(data.length, "byte")}`];
    this.#prompt.print(marked(">", lines));
  }

  /** Sends a file of any size; lines that are typed meanwhile wait. */
  async #sendFile(path: string): Promise<void> {
    let file: Deno.FsFile;
    let info: Deno.FileInfo;
    try {
      info = await Deno.stat(path);
      if (!info.isFile) return this.#say(`${quote(path)} is no file`);
      file = await Deno.open(path);
    } catch (error) {
      return this.#say(`${quote(path)} cannot be read: ${readProblem(error)}`);
    }
    this.#say(`sending ${quote(path)}: binary, ${countOf(info.size, "byte")}`);
    if (await this.#connection.send(file.readable, { type: "binary" }) === "dropped") {
      return this.#say("not sent: the connection ended before");
    }
    this.#out.messages++;
    this.#out.bytes += info.size;
    this.#say(`sent ${quote(path)}`);
  }

  #info(): string[] {
    const { key, subprotocol, extensions, roundTrip, bufferedAmount } = this.#connection;
    return [
      `4-tuple      ${key}`,
      `subprotocol  ${escapeControls(subprotocol ?? "none")}`,
      `extensions   ${extensions === "" ? "none" : escapeControls(extensions)}`,
      `round trip   ${
        roundTrip === undefined ? "not measured; try /ping" : milliseconds(roundTrip)
      }`,
      `received     ${countOf(this.#in.messages, "message")}, ${bytes(this.#in.bytes)}`,
      `sent         ${countOf(this.#out.messages, "message")}, ${bytes(this.#out.bytes)}`,
      `waiting      ${bytes(bufferedAmount)}`,
    ];
  }

  #say(...lines: string[]): void {
    this.#prompt.print(lines.map((line) => `= ${escapeControls(line)}`));
  }

  /** Closes; the second time it does not wait for the peer. */
  #leave(): void {
    if (this.#leaving) {
      this.#code ??= 130;
      return this.#connection.terminate();
    }
    this.#leaving = true;
    this.#say("closing; Ctrl-C again cuts the connection");
    this.#connection.close(CloseCode.NormalClosure);
  }

  #end(code: number): void {
    if (this.#code !== undefined) return this.#connection.terminate();
    this.#code = code;
    this.#connection.close(CloseCode.GoingAway);
  }
}

/** Marks where a message begins, so that none can look like two. */
function marked(mark: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? mark : " "} ${line}`);
}

function count(traffic: Traffic, data: string | Uint8Array): void {
  traffic.messages++;
  traffic.bytes += typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
}
