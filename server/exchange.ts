import {
  checkUpgradeRequest,
  chooseSubprotocol,
  computeAccept,
  type ExtensionNegotiator,
  HandshakeError,
  hasBody,
  isUpgradeRequest,
  negotiateExtensions,
  type RequestHead,
  RequestHeadParser,
  serializeUpgradeResponse,
  type UpgradeRequest,
} from "../protocol/mod.ts";
import { MIN_BUFFER_BYTES } from "./buffer_pool.ts";
import { formatFourTuple, fourTupleOf } from "./four_tuple.ts";
import type { PeerInfo, ServeOptions, Upgrade } from "./options.ts";
import { isOriginAllowed } from "./origin.ts";
import type { Registry } from "./registry.ts";
import { plainResponse, refusal, writeResponse } from "./respond.ts";
import { type ConnectionHost, ServerConnection } from "./server_connection.ts";
import { sha1 } from "./sha1.ts";
import type { Due } from "./sweep.ts";
import { closeQuietly, linger, type Transport, writeAll } from "./transport.ts";

/** What all exchanges of a server share. */
export interface ExchangeHost<Data> extends ConnectionHost<Data> {
  /** The hooks, subprotocols and origins. */
  readonly options: ServeOptions<Data>;
  /** Where refusals are counted and ids come from. */
  readonly registry: Registry<ServerConnection<Data>>;
  /** Whether the server takes no more connections. */
  readonly draining: boolean;
  /** A handshake succeeded: the connection is the host's from now on. */
  opened(connection: ServerConnection<Data>): void;
  /** The exchange is over; its descriptor has gone back, or to a connection. */
  ended(exchange: Exchange<Data>): void;
  /** A descriptor has gone back. */
  descriptorFreed(): void;
}

/** A request's head, and what came behind it: the first frames. */
interface Received {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

/** What the `upgrade` hook and the client's offer come to. */
interface Accepted<Data> {
  readonly data: Data;
  readonly subprotocol: string | undefined;
  /** The head of the 101 response. */
  readonly response: Uint8Array;
}

/** The extensions that the server has: none yet, so all that are offered are ignored (9.1). */
const EXTENSIONS: readonly ExtensionNegotiator[] = [];

/**
 * The first request on a connection, up to its answer: an opening handshake, or plain HTTP. It has
 * one deadline, which only progress in writing a plain response puts off.
 */
export class Exchange<Data> implements Due {
  due: number;
  readonly #host: ExchangeHost<Data>;
  /** The connection's bytes. */
  readonly transport: Transport;
  readonly #info: PeerInfo;
  /** Whether the request is HEAD, so that no answer has a body. */
  #headOnly = false;
  /** Gives up the response that is being written. */
  #answering: AbortController | undefined = undefined;
  /** Whether it was refused or answered, so that what comes afterwards is no refusal. */
  #answered = false;
  #over = false;

  constructor(host: ExchangeHost<Data>, transport: Transport) {
    this.#host = host;
    this.transport = transport;
    const tuple = fourTupleOf(transport);
    this.#info = { key: formatFourTuple(tuple), tuple };
    this.due = host.sweep.now + host.limits.handshakeTimeout;
  }

  /** Reads the request and answers it. Never rejects. */
  async run(): Promise<void> {
    try {
      const received = await this.#receive();
      if (received === undefined) return this.#end();
      if (!isUpgradeRequest(received.head)) await this.#answerPlain(received.head);
      else if (await this.#upgrade(received)) return;
      await this.#linger();
    } catch (error) {
      if (error instanceof HandshakeError) await this.#refuse(error);
      else this.#broke(error);
      this.#end();
    }
  }

  /** Reads the first request's head; `undefined` when the peer left without a byte. */
  async #receive(): Promise<Received | undefined> {
    const { pool, limits } = this.#host;
    const parser = new RequestHeadParser(limits);
    const buffer = pool.acquire(MIN_BUFFER_BYTES);
    try {
      for (let begun = false;; begun = true) {
        const count = await this.transport.read(buffer);
        if (count === null) {
          if (begun) parser.receiveEof(); // throws
          return undefined;
        }
        const head = parser.push(buffer.subarray(0, count));
        if (head === undefined) continue;
        this.#headOnly = head.method === "HEAD";
        return { head, rest: parser.rest.slice() };
      }
    } finally {
      pool.release(buffer);
    }
  }

  // The opening handshake.

  /** Answers an opening handshake; tells whether the transport belongs to a connection now. */
  async #upgrade({ head, rest }: Received): Promise<boolean> {
    const request = checkUpgradeRequest(head);
    const answer = this.#judge(head) ?? await this.#accept(head, request);
    if (answer instanceof Response) {
      await this.#respond(answer);
      return false;
    }
    if (this.#over) return true; // cut while the hook was deciding
    const { data, subprotocol, response } = answer;
    await writeAll(this.transport, response);
    if (this.#over) return true;
    const connection = new ServerConnection(this.#host, this.transport, {
      id: this.#host.registry.nextId(),
      key: this.#info.key,
      target: head.target,
      subprotocol,
      data,
    });
    // In this order, since a server that is stopping must not look empty in between.
    this.#host.opened(connection);
    this.#leave();
    connection.run(rest);
    return true;
  }

  /** What the server itself has against a handshake that is in order. */
  #judge(head: RequestHead): Response | undefined {
    if (this.#host.draining) {
      this.#countRefusal("DRAINING", "Server is shutting down");
      return plainResponse(503, "Server is shutting down", { "retry-after": "1" });
    }
    const { origins } = this.#host.options;
    if (!isOriginAllowed(head.headers.get("origin"), head.host ?? "", origins)) {
      this.#countRefusal("ORIGIN_REFUSED", "Pages of this origin may not connect");
      return plainResponse(403, "Pages of this origin may not connect");
    }
  }

  /** What the application says to it. */
  async #accept(head: RequestHead, request: UpgradeRequest): Promise<Accepted<Data> | Response> {
    const { upgrade: hook, subprotocols = [] } = this.#host.options;
    const answer = await this.#ask("upgrade", async () => {
      const decision: Upgrade<Data> | Response = await hook?.(this.#requestOf(head), this.#info) ??
        {};
      if (decision instanceof Response) return sendable(decision);
      const { data, headers } = decision;
      const subprotocol = decision.subprotocol ??
        chooseSubprotocol(request.subprotocols, subprotocols);
      if (subprotocol !== undefined && !request.subprotocols.includes(subprotocol)) {
        throw new TypeError(`Subprotocol was not offered: "${subprotocol}"`);
      }
      const response = serializeUpgradeResponse({
        accept: computeAccept(request.key, sha1),
        subprotocol,
        extensions: negotiateExtensions(request.extensions, EXTENSIONS),
        headers: headers && new Headers(headers),
      });
      return { data: data as Data, subprotocol, response };
    });
    if (answer instanceof Response) {
      this.#countRefusal("UPGRADE_REFUSED", `Hook "upgrade" answered ${answer.status}`);
    }
    return answer;
  }

  // Plain HTTP.

  async #answerPlain(head: RequestHead): Promise<void> {
    const { fetch } = this.#host.options;
    // RFC 9112 3.2.4: the asterisk form is for OPTIONS.
    if (head.path === "*") throw new HandshakeError("MALFORMED_HEAD", "Request target is no path");
    if (head.method !== "GET" && head.method !== "HEAD") {
      throw new HandshakeError("METHOD_NOT_ALLOWED", "Only GET and HEAD are served", {
        Allow: "GET, HEAD",
      });
    }
    if (hasBody(head)) {
      throw new HandshakeError("BODY_NOT_ALLOWED", "Request must not have a body");
    }
    this.#host.registry.requests++;
    const response = fetch === undefined
      ? plainResponse(426, "This is a WebSocket server", { upgrade: "websocket" })
      : await this.#ask("fetch", async () => {
        return sendable(await fetch(this.#requestOf(head), this.#info));
      });
    await this.#respond(response);
  }

  /** Asks the application; a fault of its own becomes 500 and ends nothing else. */
  async #ask<T>(name: string, hook: () => T | Promise<T>): Promise<T | Response> {
    try {
      return await hook();
    } catch (error) {
      if (error instanceof HandshakeError) throw error;
      const { key } = this.#info;
      this.#host.log({
        level: "error",
        event: "handler_fault",
        message: `Hook "${name}" failed`,
        key,
        error,
      });
      return plainResponse(500, "Internal server error");
    }
  }

  #requestOf(head: RequestHead): Request {
    const scheme = this.#host.options.cert === undefined ? "http" : "https";
    // Only HTTP/1.0 may leave the host out (RFC 9112 3.2).
    const host = head.host ?? "localhost";
    const url = URL.parse(`${scheme}://${host}${head.path}`);
    if (url === null) throw new HandshakeError("MALFORMED_HEAD", "Request target is no URL");
    return new Request(url, { method: head.method, headers: [...head.headers] });
  }

  // The answer, and the end.

  async #refuse(error: HandshakeError): Promise<void> {
    this.#countRefusal(error.code, error.message);
    try {
      await this.#respond(refusal(error));
      await this.#linger();
    } catch {
      // The peer has gone without its answer.
    }
  }

  /** The peer is gone, or the application's body failed in the middle: it is too late for an answer. */
  #broke(error: unknown): void {
    if (this.#over) return; // it was cut, and that is known
    const { key } = this.#info;
    const message = "Exchange broke off";
    this.#host.log({ level: "debug", event: "exchange_broken", message, key, error });
  }

  /** Counts why the exchange failed: its first reason, once. */
  #countRefusal(reason: string, message: string): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#host.registry.countRefusal(reason);
    const { key } = this.#info;
    this.#host.log({ level: "debug", event: "refused", reason, message, key });
  }

  #respond(response: Response): Promise<void> {
    this.#answering = new AbortController();
    const progress = () => {
      this.due = this.#host.sweep.now + this.#host.limits.handshakeTimeout;
    };
    const { signal } = this.#answering;
    return writeResponse(this.transport, response, { headOnly: this.#headOnly, progress, signal });
  }

  async #linger(): Promise<void> {
    const { pool, limits, sweep } = this.#host;
    this.#answered = true;
    this.due = sweep.now + limits.closeTimeout;
    await linger(this.transport, pool, limits.lingerBytes);
    this.#end();
  }

  expire(): void {
    this.cut("HANDSHAKE_TIMEOUT", "Handshake took too long");
  }

  /** Ends the exchange at once. */
  cut(reason: string, message: string): void {
    if (this.#over) return;
    this.#countRefusal(reason, message);
    this.#end();
  }

  #end(): void {
    closeQuietly(this.transport);
    this.#leave();
    this.#host.descriptorFreed();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#answering?.abort();
    this.#host.ended(this);
  }
}

/** Checks what a hook returned: a response can be sent only once, and `Response.error()` never. */
function sendable(response: Response): Response {
  if (!(response instanceof Response) || response.type === "error" || response.bodyUsed) {
    throw new TypeError("Hook must return a response that was not used before");
  }
  return response;
}
