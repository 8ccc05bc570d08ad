/**
 * `server/http/` is for a connection from accept to its 101 or to another answer.
 *
 * @module
 */

import {
  checkMethod,
  checkUpgradeRequest,
  type Extension,
  HandshakeError,
  isUpgradeRequest,
  type RequestHead,
  type UpgradeRequest,
} from "../../protocol/mod.ts";
import type { ConnectionContext } from "../connection/connection_context.ts";
import type { ConnectionDeflate } from "../connection/deflate/connection_deflate.ts";
import { WebSocketConnection } from "../connection/websocket_connection.ts";
import type { LogEntry } from "../log.ts";
import type { HasDeadline } from "../loop/deadline_sweeper.ts";
import { readBeginning } from "../net/read_beginning.ts";
import { PlainHttp } from "../net/tls.ts";
import { closeQuietly, linger, type Transport, writeAll } from "../net/transport.ts";
import type { Registry } from "../registry.ts";
import { type AllowedOrigins, isOriginAllowed, shownOrigin } from "./origin.ts";
import { ClientIdentity } from "./proxy/client_identity.ts";
import type { Proxies } from "./proxy/proxies.ts";
import { ProxyError } from "./proxy/proxy_error.ts";
import { ProxyHeaderParser } from "./proxy/proxy_header.ts";
import { UnannouncedHeadParser } from "./proxy/unannounced_head_parser.ts";
import { type Accepted, askFetch, askUpgrade, type HookContext } from "./request_hooks.ts";
import { RequestBody } from "./request_body.ts";
import { plainResponse, refusal, writeResponse } from "./respond.ts";
import { UpgradeTrace } from "./upgrade_trace.ts";
import { WatchedReader } from "./watched_reader.ts";

/** The part of the server that all its HTTP connections share. */
export interface HttpConnectionContext<Data> extends ConnectionContext<Data>, HookContext<Data> {
  /** Counts refusals and gives ids. */
  readonly registry: Registry<WebSocketConnection<Data>>;
  /** Whether the server takes no more connections. */
  readonly draining: boolean;
  /** Makes the compression of a connection, where its handshake has agreed on that. */
  compressionOf(agreed: readonly Extension[]): ConnectionDeflate | undefined;
  /** Whose pages may connect; those of the host that a request names without. */
  readonly origins: AllowedOrigins | "*" | undefined;
  /** Whose word about a client's address counts; nobody's without. */
  readonly proxies: Proxies | undefined;
  /**
   * Puts TLS over a connection, where the server speaks it; otherwise returns it as it is.
   *
   * @param first Bytes that were read from it already, for TLS.
   */
  secure(conn: Transport, first?: Uint8Array): Transport;
  /** A proxy has told where a connection comes from, or that it tells no more about it. */
  located(connection: HttpConnection<Data>): void;
  /** Counts a trusted proxy's forwarded header that could not be read, and tells the operator. */
  forwardedMalformed(key: string, fault: string): void;
  /** Counts a client's address that a proxy has told, if there is room for one more of it. */
  admits(address: string): boolean;
  /** A handshake succeeded: the connection is the server's from now on. */
  opened(connection: WebSocketConnection<Data>): void;
  /** The HTTP side is over; its descriptor has gone back, or to a connection. */
  ended(connection: HttpConnection<Data>): void;
  /** A descriptor has gone back. */
  descriptorFreed(): void;
}

/** A request's head, and the bytes after it: the first frames. */
interface Received {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * The first request on a connection, up to its answer: an opening handshake, or plain HTTP. It has
 * one deadline, which progress in reading a body or writing a plain response puts off, and the silence of a
 * response whose client is there.
 */
export class HttpConnection<Data> implements HasDeadline {
  due: number;
  readonly #context: HttpConnectionContext<Data>;
  readonly #conn: Transport;
  /** The connection's bytes; where a PROXY header comes first, TLS begins after it. */
  transport: Transport;
  /** The client's address, which limits count; `undefined` until it is known and there is room. */
  remoteAddress: string | undefined;
  readonly #peer: ClientIdentity;
  readonly #began: number;
  /** The handshake's span, where somebody traces. */
  #trace: UpgradeTrace | undefined = undefined;
  /** Why it was refused. */
  #refusal: string | undefined = undefined;
  /** The parts of the request that its answer depends on; these until there is one. */
  #request: Pick<RequestHead, "method" | "minorVersion"> = { method: "GET", minorVersion: 1 };
  /** The body of the request, where it may have one. */
  #body: RequestBody | undefined = undefined;
  /** Reads the connection from the request's body on. */
  #reader: WatchedReader | undefined = undefined;
  /** Tells the hook that the client has left, until it has its answer. */
  #present: AbortController | undefined = undefined;
  /** Gives up the response that is being written. */
  #answering: AbortController | undefined = undefined;
  /** Whether it was refused or answered, so that a later failure is no refusal. */
  #answered = false;
  #over = false;

  constructor(context: HttpConnectionContext<Data>, conn: Transport) {
    this.#context = context;
    this.#conn = conn;
    this.#peer = new ClientIdentity(conn, context.proxies);
    this.remoteAddress = this.#peer.address;
    this.transport = this.#peer.isToBeAnnounced ? conn : context.secure(conn);
    this.#began = context.sweeper.now;
    this.due = this.#began + context.limits.handshakeTimeout;
  }

  /**
   * The client's address, or that of the last proxy that is known, as long as it may tell another.
   */
  get knownAddress(): string {
    return this.#peer.knownAddress;
  }

  /** Reads the request and answers it. Never rejects. */
  async run(): Promise<void> {
    try {
      const first = this.#peer.isToBeAnnounced ? await this.#receiveAnnouncement() : NOTHING;
      const received = first && await this.#receive(first);
      if (received === undefined || this.#over) return this.#end();
      const { spoofed, fault } = this.#peer.requested(received.head.headers);
      if (spoofed) this.#context.registry.spoofed++;
      if (fault !== undefined) this.#context.forwardedMalformed(this.#peer.info.key, fault);
      this.#admit();
      if (!isUpgradeRequest(received.head)) await this.#answerPlain(received);
      else if (await this.#upgrade(received)) return;
      await this.#linger();
    } catch (error) {
      const isRefusal = error instanceof HandshakeError || error instanceof ProxyError;
      // In the middle of a response, which may be made of the body, it is too late for another.
      if (isRefusal && this.#answering === undefined) await this.#refuse(error);
      else this.#broke(error);
      this.#end();
    }
  }

  // The beginning.

  /** Reads the PROXY header; returns the bytes after it, `undefined` when nothing came at all. */
  async #receiveAnnouncement(): Promise<Uint8Array | undefined> {
    const { pool } = this.#context;
    const received = await readBeginning(this.#conn, pool, new ProxyHeaderParser(), NOTHING);
    if (received === undefined || this.#over) return undefined;
    const { result: { client }, rest } = received;
    this.#peer.announced(client);
    this.#admit();
    this.transport = this.#context.secure(this.#conn, rest);
    return this.transport === this.#conn ? rest : NOTHING;
  }

  /** Reads the first request's head; `undefined` when the peer left without a byte. */
  async #receive(first: Uint8Array): Promise<Received | undefined> {
    const { pool, limits } = this.#context;
    const parser = new UnannouncedHeadParser(limits);
    const received = await readBeginning(this.transport, pool, parser, first);
    if (received === undefined) return undefined;
    const { result: head, rest } = received;
    this.#request = { method: head.method, minorVersion: head.minorVersion };
    return { head, rest };
  }

  /** As soon as a proxy has told the client's address, it counts. */
  #admit(): void {
    this.#context.located(this);
    const { address } = this.#peer;
    if (address === undefined || this.remoteAddress !== undefined) return;
    if (!this.#context.admits(address)) {
      const message = "Too many connections from this address";
      throw new ProxyError("ADDRESS_LIMIT", message, { "retry-after": "5" });
    }
    this.remoteAddress = address;
  }

  // The opening handshake.

  /** Answers an opening handshake; tells whether the transport belongs to a connection now. */
  async #upgrade({ head, rest }: Received): Promise<boolean> {
    const request = checkUpgradeRequest(head);
    this.#trace = UpgradeTrace.begin(head, this.#peer.info.tuple);
    const answer = this.#judge(head) ?? await this.#accept(head, request);
    if (answer instanceof Response) {
      await this.#respond(answer);
      return false;
    }
    if (this.#over) return true; // cut while the hook was deciding
    const { data, subprotocol, extensions, response } = answer;
    await writeAll(this.transport, response);
    if (this.#over) return true;
    this.#trace?.end(101);
    const connection = new WebSocketConnection(this.#context, this.transport, {
      id: this.#context.registry.nextId(),
      key: this.#peer.info.key,
      client: this.#peer.info.client,
      target: head.target,
      subprotocol,
      deflate: this.#context.compressionOf(extensions),
      data,
    });
    this.#context.measurements.handshakes.observe(this.#context.sweeper.now - this.#began);
    // In this order, since a server that is stopping must not look empty in between.
    this.#context.opened(connection);
    this.#leave();
    connection.run(rest);
    return true;
  }

  /** The server's own refusal of a valid handshake, if there is one. */
  #judge(head: RequestHead): Response | undefined {
    if (this.#context.draining) {
      this.#countRefusal("DRAINING", "Server is shutting down");
      return plainResponse(503, "Server is shutting down", { "retry-after": "1" });
    }
    // An empty one counts as none: no browser sends that, and some clients do.
    const origin = head.headers.get("origin") || undefined;
    if (!isOriginAllowed(origin, head.host ?? "", this.#context.origins)) {
      // The operator has to see which one to allow.
      const message = `Pages of this origin may not connect: ${shownOrigin(origin!)}`;
      this.#countRefusal("ORIGIN_REFUSED", message, "info");
      return plainResponse(403, "Pages of this origin may not connect");
    }
  }

  /** The application's decision. */
  async #accept(head: RequestHead, request: UpgradeRequest): Promise<Accepted<Data> | Response> {
    const asked = { head, info: this.#peer.info, trace: this.#trace };
    const answer = await askUpgrade(this.#context, asked, request);
    if (answer instanceof Response) {
      this.#countRefusal("UPGRADE_REFUSED", `Hook "upgrade" answered ${answer.status}`);
    }
    return answer;
  }

  // Plain HTTP.

  async #answerPlain({ head, rest }: Received): Promise<void> {
    checkMethod(head);
    const { pool, limits, registry } = this.#context;
    const { transport } = this;
    const reader = this.#reader = new WatchedReader(transport, pool);
    const { signal } = this.#present = new AbortController();
    const body = this.#body = new RequestBody(head, rest, {
      reader,
      transport,
      pool,
      limits,
      progress: () => this.#postpone(),
      ended: () => this.#watch(reader),
    });
    if (head.path === "*") {
      // RFC 9112 3.2.4: the asterisk form is for OPTIONS, and asks about the server as a whole.
      if (head.method !== "OPTIONS") {
        throw new HandshakeError("MALFORMED_HEAD", "Request target is no path");
      }
      registry.requests++;
      return await this.#respond(new Response(null, { status: 204 }));
    }
    registry.requests++;
    await this.#respond(
      await askFetch(this.#context, { head, info: this.#peer.info, body, signal }),
    );
  }

  /** Notices that the client leaves while nothing is read from it. */
  #watch(reader: WatchedReader): void {
    // A client may send FIN and still wait for its answer, so that is written in any case.
    if (this.#over) return;
    reader.watch(() => {
      if (this.due === Infinity) this.#postpone();
      this.#present?.abort();
    });
  }

  // The answer, and the end.

  async #refuse(error: HandshakeError | ProxyError): Promise<void> {
    this.#countRefusal(error.code, error.message);
    if (error instanceof PlainHttp) this.transport = this.#conn;
    // A client that expects TLS could not read an answer that comes before it.
    else if (this.#context.usesTls && this.transport === this.#conn) return;
    try {
      await this.#respond(refusal(error));
      await this.#linger();
    } catch {
      // The peer has gone without its answer.
    }
  }

  /**
   * The peer is gone, or the application's body failed in the middle: it is too late for an answer.
   */
  #broke(error: unknown): void {
    if (this.#over) return; // it was cut, and that is known
    const { key } = this.#peer.info;
    const message = "HTTP connection broke off";
    this.#context.log({ level: "debug", event: "exchange_broken", message, key, error });
  }

  /** Counts why it failed: its first reason, once. */
  #countRefusal(reason: string, message: string, level: LogEntry["level"] = "debug"): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#refusal = reason;
    this.#context.registry.countRefusal(reason);
    const { key } = this.#peer.info;
    this.#context.log({ level, event: "refused", reason, message, key });
  }

  #respond(response: Response): Promise<void> {
    this.#trace?.end(response.status, this.#refusal);
    this.#answering = new AbortController();
    this.#body?.answering();
    const progress = () => this.#postpone();
    const { signal } = this.#answering;
    const waitsFor = (who: "client" | "body") => {
      this.#postpone();
      // A body may be silent, as that of server-sent events is, as long as its client is there.
      if (who === "body" && this.#reader?.watching) this.due = Infinity;
    };
    const options = { request: this.#request, progress, waitsFor, signal };
    return writeResponse(this.transport, response, options);
  }

  #postpone(): void {
    this.due = this.#context.sweeper.now + this.#context.limits.handshakeTimeout;
  }

  async #linger(): Promise<void> {
    this.#body?.end();
    this.#present = undefined;
    const { pool, limits, sweeper } = this.#context;
    this.#answered = true;
    this.due = sweeper.now + limits.closeTimeout;
    await linger(this.#reader ?? this.transport, pool, { maxBytes: limits.lingerBytes });
    this.#end();
  }

  expire(): void {
    this.cut("HANDSHAKE_TIMEOUT", "Handshake took too long");
  }

  /** Ends the connection at once. */
  cut(reason: string, message: string): void {
    if (this.#over) return;
    this.#countRefusal(reason, message);
    this.#end();
  }

  #end(): void {
    closeQuietly(this.transport);
    this.#leave();
    this.#context.descriptorFreed();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#trace?.end(undefined, this.#refusal);
    this.#answering?.abort();
    this.#present?.abort();
    this.#context.ended(this);
  }
}
