import { Endpoint, type Message } from "../../protocol/mod.ts";
import { EventLoopBudget } from "../loop/event_loop_budget.ts";
import { closeQuietly, type Transport, writeAll } from "../net/transport.ts";

/** A process that owes this many answers is stuck: it is asked nothing more until it gives some. */
const MAX_CALLS = 65_536;

/** Both ends are ours, so this only has to be more than anybody sends. */
const MESSAGE_BYTES = 2_147_483_647;

/** There are few links in a process, so each has room for a large read. */
const READ_BYTES = 65_536;

/** The bytes that a link is laid over: a Unix socket between two processes of this host. */
export type LinkTransport = Pick<Transport, "read" | "write" | "close">;

/**
 * The functions that one side offers the other, by name. Parameters and results travel as JSON.
 *
 * A method type, so that an interface of functions with any parameters fits.
 */
export type Calls<Interface> = {
  [Name in keyof Interface]: (...params: never[]) => unknown;
};

type Functions = Readonly<Record<string, (...params: never[]) => unknown>>;

/** The content of a text message. */
type RpcMessage =
  | { readonly call: number; readonly name: string; readonly params: readonly unknown[] }
  | { readonly reply: number; readonly value?: unknown }
  | { readonly reply: number; readonly error: string; readonly kind?: ErrorKind };

/** Errors about the caller's own question keep their class on the way. */
const KINDS = {
  Busy: Deno.errors.Busy,
  RangeError,
  SyntaxError,
  TypeError,
} as const;

type ErrorKind = keyof typeof KINDS;

/** A call has no answer, as the other process has gone, or is stuck. */
export class Unanswered extends Error {
  override readonly name: string = "Unanswered";
}

/**
 * Two processes of one program talking: calls that are answered, as text messages, and bytes. They
 * speak the frames of RFC 6455 without a handshake and without masks. Messages of either kind stay
 * in order; when one process is gone, the other one's link closes.
 *
 * @typeParam Theirs The functions that the other side offers.
 */
export class Link<Theirs extends Calls<Theirs>> {
  readonly transport: LinkTransport;
  /** Resolves when the link is over, whichever side ended it. Never rejects. */
  readonly closed: Promise<void>;

  readonly #ours: Functions;
  readonly #received: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #budget = new EventLoopBudget();
  /** It masks nothing, and takes what is not masked: both ends have the role that does so. */
  readonly #endpoint = new Endpoint({
    role: "client",
    limits: { messageBytes: MESSAGE_BYTES, messageFragments: 1 },
  });
  #isWriting = false;
  /** The bytes that were given to the transport, which has not taken them yet. */
  #writtenBytes = 0;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #lastCall = 0;
  #open = true;

  /**
   * @param transport The socket, owned from now on.
   * @param ours The functions that this side offers.
   * @param received Takes bytes of the other side, which are its to keep.
   */
  constructor(
    transport: LinkTransport,
    ours: object,
    received: (bytes: Uint8Array<ArrayBuffer>) => void = () => {},
  ) {
    this.transport = transport;
    this.#ours = ours as Functions;
    this.#received = received;
    this.closed = this.#run();
  }

  /** Whether it is not over. */
  get open(): boolean {
    return this.#open;
  }

  /** Bytes that the other side has not taken yet. */
  get queuedBytes(): number {
    return this.#writtenBytes + this.#endpoint.pendingBytes;
  }

  /**
   * Calls a function of the other side.
   *
   * @param name Which one.
   * @param params Its parameters; as JSON.
   * @returns Its result.
   * @throws {Error} With the message of its error; a `RangeError`, `SyntaxError`, `TypeError` or
   * `Deno.errors.Busy` when that was one.
   * @throws {Unanswered} When the link closes before it has answered, or when it owes too many
   * answers already.
   */
  call<Name extends keyof Theirs & string>(
    name: Name,
    ...params: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>> {
    const answer = Promise.withResolvers<unknown>();
    if (!this.#open) answer.reject(new Unanswered(GONE));
    else if (this.#pending.size >= MAX_CALLS) answer.reject(new Unanswered(STUCK));
    else {
      const call = ++this.#lastCall;
      this.#pending.set(call, answer);
      this.#say({ call, name, params });
    }
    return answer.promise as Promise<Awaited<ReturnType<Theirs[Name]>>>;
  }

  /**
   * Sends bytes, however many wait: see {@linkcode Link.queuedBytes}.
   *
   * @param bytes Copied.
   * @returns Whether the link is open.
   */
  send(bytes: Uint8Array): boolean {
    if (this.#open) this.#send(bytes);
    return this.#open;
  }

  /** Ends the link; calls without an answer are rejected. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeQuietly(this.transport);
    for (const { reject } of this.#pending.values()) reject(new Unanswered(GONE));
    this.#pending.clear();
  }

  async #run(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (!this.#endpoint.mustClose) {
        const count = await this.transport.read(buffer);
        if (count === null) break;
        let messages = 1;
        this.#endpoint.receive(buffer.subarray(0, count), (message) => {
          messages++;
          this.#take(message);
        });
        await this.#budget.over(messages);
      }
    } catch {
      // The other process has gone, or has sent a message that cannot be read, cut in the middle.
    } finally {
      this.#budget.stop();
      this.close();
    }
  }

  #take(message: Message): void {
    if (typeof message !== "string") return this.#received(message);
    const utterance: RpcMessage = JSON.parse(message);
    if ("call" in utterance) return void this.#answer(utterance);
    const { resolve, reject } = this.#pending.get(utterance.reply)!;
    this.#pending.delete(utterance.reply);
    if ("error" in utterance) reject(errorOf(utterance));
    else resolve(utterance.value);
  }

  async #answer({ call, name, params }: Extract<RpcMessage, { call: number }>): Promise<void> {
    try {
      const value = await this.#ours[name]!(...params as never[]);
      this.#say({ reply: call, value });
    } catch (error) {
      this.#say({ reply: call, ...tellError(error) });
    }
  }

  #say(utterance: RpcMessage): void {
    if (this.#open) this.#send(JSON.stringify(utterance));
  }

  /** Sends a message; those of one turn of the event loop leave together. */
  #send(data: string | Uint8Array): void {
    this.#endpoint.send(data);
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => this.#write());
  }

  async #write(): Promise<void> {
    try {
      for (let bytes = this.#endpoint.take(); bytes.length > 0; bytes = this.#endpoint.take()) {
        const { length } = bytes;
        this.#writtenBytes = length;
        await writeAll(this.transport, bytes, (done) => this.#writtenBytes = length - done);
      }
      this.#isWriting = false;
    } catch {
      this.close();
    }
  }
}

function tellError(error: unknown): { error: string; kind?: ErrorKind } {
  if (!(error instanceof Error)) return { error: String(error) };
  const [kind] = Object.entries(KINDS).find(([, type]) => error instanceof type) ?? [];
  return { error: error.message, ...kind !== undefined && { kind: kind as ErrorKind } };
}

function errorOf({ error, kind }: { error: string; kind?: ErrorKind }): Error {
  return kind === undefined ? new Error(error) : new KINDS[kind](error);
}

/** Why a call was not answered. */
const GONE = "The other process has gone";
const STUCK = "The other process is stuck";
