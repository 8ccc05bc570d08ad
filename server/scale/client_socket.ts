import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import {
  checkUpgradeResponse,
  computeAccept,
  encodeFrame,
  type Fragment,
  FrameDecoder,
  Opcode,
  type ResponseHead,
  ResponseHeadParser,
  serializeUpgradeRequest,
} from "../../protocol/mod.ts";
import { sha1 } from "../sha1.ts";

/** A server may greet with anything; we only skip it. */
const LIMITS = { messageBytes: 2_147_483_647, messageFragments: 2_147_483_647 } as const;

/** Where a connection goes, and from where. */
export interface Route {
  /** The server's address. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The source address; the kernel's choice where it is absent. */
  readonly localAddress?: string;
  /** The source port, with `localAddress`. */
  readonly localPort?: number;
}

/** The request of connections, and their events. */
export interface ClientSocketEvents {
  /** The `Host` header. */
  readonly authority: string;
  /** Path and query of the request. */
  readonly path: string;
  /** The handshake is done. */
  opened(socket: ClientSocket): void;
  /** A data message came; the bytes are borrowed for the call. Long messages are not handed over. */
  received(payload: Uint8Array): void;
  /**
   * It is over.
   *
   * @param socket The connection.
   * @param fault What went wrong, in a word or two.
   */
  ended(socket: ClientSocket, fault: string): void;
}

/** What a handshake needs until it is done. */
interface Opening {
  readonly since: number;
  readonly accept: string;
  readonly parser: ResponseHeadParser;
}

/**
 * One WebSocket connection that costs as little as it can: it answers pings and otherwise waits. Its
 * listeners are functions of the module, so that a connection has no closures of its own.
 */
export class ClientSocket extends Socket {
  readonly #events: ClientSocketEvents;
  readonly #decoder = new FrameDecoder({ role: "client", limits: LIMITS });
  #opening: Opening | undefined;
  #fault = "closed";

  /**
   * Connects.
   *
   * @param events The request, and the events.
   * @param route Where to.
   * @param now The time, in milliseconds.
   */
  constructor(events: ClientSocketEvents, route: Route, now: number) {
    super();
    this.#events = events;
    const key = randomBytes(16).toString("base64");
    const accept = computeAccept(key, sha1);
    this.#opening = { since: now, accept, parser: new ResponseHeadParser() };
    this.on("data", onData);
    this.on("error", onError);
    this.on("close", onClose);
    this.connect(route);
    // Node sends it as soon as the connection is there.
    this.write(serializeUpgradeRequest({ host: events.authority, path: events.path, key }));
  }

  /** When it began to connect, as long as the handshake is not done. */
  get openingSince(): number | undefined {
    return this.#opening?.since;
  }

  /**
   * Ends it at once.
   *
   * @param fault Why.
   */
  fail(fault: string): void {
    this.#fault = fault;
    this.destroy();
  }

  /**
   * Sends a binary message.
   *
   * @param payload At most 125 bytes, copied.
   */
  send(payload: Uint8Array): void {
    this.#sendFrame(Opcode.Binary, payload);
  }

  /** Takes what the socket has read. */
  receive(bytes: Uint8Array): void {
    try {
      this.#decoder.transform(this.#opening === undefined ? bytes : this.#readHead(bytes), this);
    } catch (error) {
      this.fail(faultOf(error));
    }
  }

  /** Takes a fragment from the decoder. */
  enqueue({ opcode, fin, first, last, payload }: Fragment): void {
    if (opcode === Opcode.Ping) this.#sendFrame(Opcode.Pong, payload);
    else if (opcode === Opcode.Close) this.#answerClose(payload);
    else if (fin && first && last && opcode !== Opcode.Pong) this.#events.received(payload);
  }

  /** Keeps what went wrong for `finish()`, which comes next. */
  noteError(error: unknown): void {
    this.#fault = faultOf(error);
  }

  /** Tells of the end, once. */
  finish(): void {
    this.#events.ended(this, this.#fault);
  }

  /** Returns what follows the head. */
  #readHead(bytes: Uint8Array): Uint8Array {
    const { parser, accept } = this.#opening!;
    const head = parser.push(bytes);
    if (head === undefined) return parser.rest;
    checkStatus(head);
    checkUpgradeResponse(head, { accept });
    this.#opening = undefined;
    this.#events.opened(this);
    return parser.rest;
  }

  /** RFC 6455 5.5.1: the answer repeats the code; then the server closes the connection. */
  #answerClose(payload: Uint8Array): void {
    const code = payload.length < 2 ? "1005" : String(payload[0]! << 8 | payload[1]!);
    this.#fault = `closed with ${code}`;
    this.#sendFrame(Opcode.Close, payload.subarray(0, 2));
    this.end();
  }

  #sendFrame(opcode: Opcode, payload: Uint8Array): void {
    // RFC 6455 5.3 wants keys that nobody can predict; these pass no proxy, and nothing is secret.
    const maskKey = Math.random() * 0x1_0000_0000 >>> 0;
    this.write(encodeFrame(opcode, payload, { maskKey }));
  }
}

function onData(this: ClientSocket, bytes: Uint8Array): void {
  this.receive(bytes);
}

function onError(this: ClientSocket, error: Error): void {
  this.noteError(error);
}

function onClose(this: ClientSocket): void {
  this.finish();
}

/** A refusal is told by its status: the one thing that says whose limit was met. */
function checkStatus({ status }: ResponseHead): void {
  if (status !== 101) throw new RefusedError(`HTTP ${status}`);
}

class RefusedError extends Error {}

/** Names an error in a word: the system's name, a protocol error's code, or the status. */
function faultOf(error: unknown): string {
  if (error instanceof RefusedError) return error.message;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === "string") return code;
  return String(message).includes("Too many open files") ? "EMFILE" : String(message);
}
