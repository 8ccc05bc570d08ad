// Longer than other files here: in this one all parts of a server meet, and what could stand alone has a
// file of its own.
import type { SecureContext } from "node:tls";
import {
  deflateNegotiator,
  deflateParameters,
  type Extension,
  type ExtensionNegotiator,
  PERMESSAGE_DEFLATE,
} from "../protocol/mod.ts";
import { ConnectionDeflate } from "./connection/deflate/connection_deflate.ts";
import { type ResolvedDeflate, resolveDeflate } from "./connection/deflate/options.ts";
import { sharedDeflate } from "./connection/deflate/shared_deflate.ts";
import { invokeHandler } from "./connection/invoke_handler.ts";
import { type MessageData, plainOf } from "./connection/message_data.ts";
import { byteLengthOf } from "./connection/message_slices.ts";
import { Flusher } from "./connection/send_queue.ts";
import { UnfinishedMessages } from "./connection/unfinished_messages.ts";
import type { WebSocketConnection } from "./connection/websocket_connection.ts";
import { takeBallast } from "./host/gc_ballast.ts";
import {
  type ConnectionCounts,
  type HostDescription,
  type Report,
  Reporter,
} from "./host/report.ts";
import { SocketTable } from "./host/socket_table.ts";
import { Admission, type AdmissionRefusal, type HasAddress } from "./http/admission.ts";
import { HttpConnection, type HttpConnectionContext } from "./http/http_connection.ts";
import { AllowedOrigins } from "./http/origin.ts";
import { Proxies } from "./http/proxy/proxies.ts";
import { changeLimits, type Limits, resolveLimits } from "./limits.ts";
import { type LogEntry, logSafely, logToConsole } from "./log.ts";
import { DeadlineSweeper } from "./loop/deadline_sweeper.ts";
import { EventLoopBudget } from "./loop/event_loop_budget.ts";
import { forEachYielding } from "./loop/for_each_yielding.ts";
import { LongWaitDetector } from "./loop/long_wait_detector.ts";
import { Measurements } from "./metrics/measurements.ts";
import { BufferPool } from "./net/buffer_pool.ts";
import { parseFourTuple } from "./net/four_tuple.ts";
import { Listener } from "./net/listener.ts";
import { SourceGroups } from "./net/source_groups.ts";
import { secureContext, TlsTransport, triedContext } from "./net/tls.ts";
import { closeQuietly, type Transport } from "./net/transport.ts";
import {
  checkDrainOptions,
  Drain,
  type DrainContext,
  type DrainOptions,
  type DrainResult,
} from "./operations/drain.ts";
import type { DrainProgress, Operations, Phase, Reconfiguration } from "./operations/operations.ts";
import { type OperatedServer, ServerOperations } from "./operations/server_operations.ts";
import { type BroadcastOptions, checkOptions, type ServeOptions, type Server } from "./options.ts";
import { Registry } from "./registry.ts";
import { BROADCAST } from "./topics/backplane.ts";
import { BroadcastPace } from "./topics/broadcast_pace.ts";
import { Hub } from "./topics/hub.ts";

/** The queue of connections that wait for accept; the kernel takes no more than `somaxconn`. */
const BACKLOG = 4_096;

/** Forwarded headers that cannot be read are told of once in so many milliseconds; all are counted. */
const MALFORMED_QUIET = 10_000;

/**
 * Starts a server. It listens when the function returns.
 *
 * @typeParam Data What the `upgrade` hook gives each connection.
 * @param options What the server is to be; everything has a safe default.
 * @returns The running server.
 * @throws {RangeError} When a limit cannot be; all that are wrong are named.
 * @throws {TypeError} When an origin, a subprotocol or a trusted proxy is none. When only one of `cert` and `key` is given, or they do not belong together.
 * @throws {Deno.errors.AddrInUse} When the port is taken.
 *
 * @example
 * ```ts
 * import { serve } from "@fourtuple/fourtuple";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({
 *   port: 0,
 *   message: (connection, data) => connection.send(data),
 * });
 * const socket = new WebSocket(server.url);
 * socket.onopen = () => socket.send("hello");
 * const { data } = await new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
 * assertEquals(data, "hello");
 * socket.close();
 * await new Promise((resolve) => socket.onclose = resolve);
 * ```
 */
export function serve<Data = undefined>(options: ServeOptions<Data>): Server<Data> {
  return new RunningServer(options).server;
}

/** The server as its users see it: JavaScript cannot reach the calls between its parts either. */
function facadeOf<Data>(server: RunningServer<Data>): Server<Data> {
  return Object.freeze<Server<Data>>({
    addr: server.addr,
    url: server.url,
    registry: expose(server.registry, ["size", "get", "describe", "list", "totals"]),
    get connections() {
      return server.registry.connections;
    },
    worker: server.options.worker,
    operations: expose(server.operations, OPERATIONS),
    finished: server.finished,
    report: () => server.report(),
    broadcast: (data, options) => server.broadcast(data, options),
    broadcastInTurn: (data) => server.broadcastInTurn(data),
    publish: (topic, data) => server.hub.publish(topic, plainOf(data)),
    subscriberCount: (topic) => server.hub.subscriberCount(topic),
    get: (key) => server.registry.find(key),
    stopListening: () => server.stopListening(),
    drain: (options) => server.drain(options),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  });
}

/** The members of {@linkcode Operations}. */
const OPERATIONS = [
  "snapshot",
  "host",
  "query",
  "describe",
  "close",
  "ping",
  "tap",
  "descriptors",
  "limits",
  "reconfigure",
  "drain",
  "drainProgress",
] as const satisfies readonly (keyof Operations)[];

/** Makes an object that has some members of another one, and no way to the others. */
function expose<Target extends object, Name extends keyof Target>(
  target: Target,
  names: readonly Name[],
): Pick<Target, Name> {
  const exposed = {} as Pick<Target, Name>;
  for (const name of names) {
    const value = target[name];
    Object.defineProperty(
      exposed,
      name,
      typeof value === "function"
        ? { value: value.bind(target), enumerable: true, writable: true }
        : { get: () => target[name], enumerable: true },
    );
  }
  return exposed;
}

class RunningServer<Data> implements HttpConnectionContext<Data>, OperatedServer, DrainContext {
  readonly role = "server";
  readonly maskKey = undefined;
  readonly options: ServeOptions<Data>;
  readonly handlers: ServeOptions<Data>;
  readonly limits: Limits;
  readonly measurements = new Measurements();
  readonly operations: ServerOperations;
  readonly pool = new BufferPool();
  readonly flusher = new Flusher();
  readonly budget = new EventLoopBudget();
  readonly longWaits = new LongWaitDetector();
  readonly sweeper: DeadlineSweeper;
  readonly unfinished: UnfinishedMessages = new UnfinishedMessages(this);
  readonly registry: Registry<WebSocketConnection<Data>>;
  readonly hub: Hub;
  readonly #pace: BroadcastPace;
  readonly extensions: readonly ExtensionNegotiator[];
  readonly proxies: Proxies | undefined;
  readonly usesTls: boolean;
  readonly origins: AllowedOrigins | "*" | undefined;
  /** The handshakes and plain requests that are under way. */
  readonly httpConnections = new SourceGroups<HttpConnection<Data>>();
  readonly finished: Promise<void>;
  /** The server as its users see it. */
  readonly server: Server<Data>;

  /** The limits that held at the start, or that settings gave which were read again. */
  #initialLimits: Limits;
  readonly #listener: Listener;
  readonly #deflate: ResolvedDeflate | undefined;
  #tls: SecureContext | undefined;
  readonly #admission: Admission;
  readonly #drain = new Drain(this);
  readonly #sockets = new SocketTable();
  readonly #reporter: Promise<Reporter>;
  readonly #unsubscribe: (() => void) | undefined;
  /** When the operator was last told of a forwarded header that could not be read. */
  #lastMalformed = -Infinity;
  #prepared = false;
  #stopped = false;
  /** Told when everybody has gone. */
  #empty: (() => void) | undefined = undefined;

  constructor(options: ServeOptions<Data>) {
    const { hostname = "127.0.0.1", port = 8080, reusePort = false, cert, key } = options;
    checkOptions(options);
    this.proxies = options.proxies && new Proxies(options.proxies);
    const { origins } = options;
    this.origins = origins === undefined || origins === "*" ? origins : new AllowedOrigins(origins);
    takeBallast();
    this.options = this.handlers = options;
    this.limits = resolveLimits(options.limits);
    this.#initialLimits = { ...this.limits };
    this.usesTls = cert !== undefined;
    this.#tls = cert === undefined ? undefined : secureContext(cert, key!);
    this.sweeper = new DeadlineSweeper(timeoutsOf(this.limits));
    this.#admission = new Admission({
      limits: this.limits,
      proxies: this.proxies,
      clock: () => this.sweeper.now,
      log: (entry) => this.log(entry),
    });
    this.registry = new Registry((key) => this.#sockets.describe(parseFourTuple(key)));
    this.#deflate = resolveDeflate(options.deflate);
    this.extensions = this.#deflate === undefined ? [] : [deflateNegotiator(this.#deflate)];
    this.hub = new Hub({
      subscribers: () => this.registry.connections,
      limits: this.limits,
      backplane: options.backplane,
      compress: this.#deflate && sharedDeflate(this.#deflate, this.budget),
    });
    this.operations = new ServerOperations(this);
    // `tcpBacklog` is newer than Deno 2.4.2, which ignores it.
    const listening = { hostname, port, reusePort, tcpBacklog: BACKLOG } as Deno.TcpListenOptions;
    this.#listener = new Listener(Deno.listen(listening), {
      accepted: (conn) => this.#accepted(conn),
      crowded: () => this.httpConnections.size > this.limits.handshakes / 2,
      log: (entry) => this.log(entry),
    });
    this.#reporter = this.#prepare();
    this.#pace = new BroadcastPace({
      receivers: () => this.registry.connections,
      hub: this.hub,
      publish: (data) => this.hub.broadcastHere(data),
      backplane: options.backplane,
      log: (entry) => this.log(entry),
    });
    this.#unsubscribe = options.backplane?.subscribe(
      BROADCAST,
      (data) => this.#pace.receive(plainOf(data)),
    );
    this.finished = this.#run();
    this.server = facadeOf(this);
    this.#tellListening(options);
  }

  #tellListening({ onListen, signal }: ServeOptions<Data>): void {
    // Later, so that it can use the server that `serve()` returns.
    if (onListen !== undefined) {
      queueMicrotask(() =>
        invokeHandler(() => onListen(this.addr, this.server), (error) => this.#failed(error))
      );
    }
    if (signal === undefined) return;
    const drain = () => void this.drain();
    if (signal.aborted) queueMicrotask(drain);
    else signal.addEventListener("abort", drain);
    this.finished.then(() => signal.removeEventListener("abort", drain));
  }

  #failed(error: unknown): void {
    const message = 'Handler "onListen" failed';
    this.log({ level: "error", event: "handler_fault", message, error });
  }

  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  get url(): string {
    const { hostname, port } = this.addr;
    // The addresses that stand for all of this host's are none that a browser can go to.
    const address = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
    const host = address.includes(":") ? `[${address}]` : address;
    return `${this.#tls === undefined ? "http" : "https"}://${host}:${port}/`;
  }

  get draining(): boolean {
    return this.#drain.parting;
  }

  /** Opens what a report needs before the first accept: later there may be no descriptor left. */
  async #prepare(): Promise<Reporter> {
    const reporter = await Reporter.open();
    await this.#admission.prepare();
    this.#prepared = true;
    return reporter;
  }

  async #run(): Promise<void> {
    const reporter = await this.#reporter;
    await this.#listener.run();
    await this.#whenEmpty();
    this.#unsubscribe?.();
    this.#pace.stop();
    this.budget.stop();
    this.longWaits.stop();
    this.operations.stop();
    reporter.close();
    this.#stopped = true;
  }

  log(entry: LogEntry): void {
    logSafely(this.options.log ?? logToConsole, entry);
  }

  // Connections come and go.

  #accepted(conn: Deno.TcpConn): void {
    this.registry.accepted++;
    const refused = this.#admission.refusalOf(conn, this.httpConnections.size + this.registry.size);
    if (refused !== undefined) return this.#refuse(conn, refused);
    try {
      conn.setNoDelay(true);
    } catch {
      return conn.close(); // the peer has gone already
    }
    const connection = new HttpConnection(this, conn);
    this.#admission.add(connection);
    this.httpConnections.add(connection, connection.knownAddress);
    this.sweeper.add(connection);
    while (this.httpConnections.size > this.limits.handshakes) {
      // Whoever opens the most pays for it, so that nobody keeps those out who need some time.
      const message = "Handshake was the oldest of the address that has the most";
      this.httpConnections.oldestOfLargest!.cut("HANDSHAKES_LIMIT", message);
    }
    connection.run().catch((error) => {
      // Nothing comes here that is known of; if something does, it costs this connection alone.
      this.log({ level: "error", event: "fault", message: "HTTP connection failed", error });
      connection.cut("FAULT", "HTTP connection failed");
    });
  }

  secure(conn: Transport, first?: Uint8Array): Transport {
    return this.#tls === undefined ? conn : new TlsTransport(conn, this.#tls, first);
  }

  compressionOf(agreed: readonly Extension[]): ConnectionDeflate | undefined {
    const extension = agreed.find(({ name }) => name === PERMESSAGE_DEFLATE);
    if (extension === undefined || this.#deflate === undefined) return undefined;
    return new ConnectionDeflate({
      role: "server",
      parameters: deflateParameters(extension.parameters),
      settings: this.#deflate,
      limit: () => this.limits.messageBytes,
    });
  }

  located(connection: HttpConnection<Data>): void {
    this.httpConnections.add(connection, connection.knownAddress);
  }

  forwardedMalformed(key: string, fault: string): void {
    this.registry.forwardedMalformed++;
    const { now } = this.sweeper;
    // A client may have written it, all day.
    if (now - this.#lastMalformed < MALFORMED_QUIET) return;
    this.#lastMalformed = now;
    const message = `Forwarded header of a trusted proxy tells no client: ${fault}`;
    this.log({ level: "warning", event: "forwarded_malformed", message, key });
  }

  admits(address: string): boolean {
    const hasRoom = this.#admission.hasRoomFor(address);
    if (hasRoom) this.#admission.add({ remoteAddress: address });
    return hasRoom;
  }

  /** Refuses without reading the request, and without lingering: there is no room to be polite. */
  #refuse(conn: Deno.TcpConn, refusal: AdmissionRefusal): void {
    this.registry.countRefusal(refusal.reason);
    // A client that expects TLS could not read the answer.
    const written = this.#tls === undefined ? conn.write(refusal.response) : Promise.resolve(0);
    written.catch(() => {}).finally(() => closeQuietly(conn));
  }

  opened(connection: WebSocketConnection<Data>): void {
    this.#admission.add(connection);
    this.registry.add(connection)?.terminate();
    this.sweeper.add(connection);
    this.#drain.opened(connection);
  }

  released(connection: WebSocketConnection<Data>): void {
    this.registry.delete(connection);
    this.sweeper.delete(connection);
    this.operations.released(connection);
    this.#drain.released(connection);
    this.#gone(connection);
    this.descriptorFreed();
  }

  ended(connection: HttpConnection<Data>): void {
    this.httpConnections.delete(connection);
    this.sweeper.delete(connection);
    if (this.httpConnections.size === 0) this.#drain.settled();
    this.#gone(connection);
  }

  #gone(who: HasAddress): void {
    this.#admission.delete(who);
    if (this.#isEmpty()) this.#empty?.();
  }

  roundTripMeasured(connection: WebSocketConnection<Data>, milliseconds: number): void {
    this.measurements.roundTrips.observe(milliseconds);
    this.operations.roundTripMeasured(connection, milliseconds);
  }

  descriptorFreed(): void {
    this.#listener.descriptorFreed();
  }

  #isEmpty(): boolean {
    return this.registry.size === 0 && this.httpConnections.size === 0;
  }

  #whenEmpty(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => this.#empty = resolve);
  }

  // What users ask for.

  broadcast(data: MessageData, { except }: BroadcastOptions = {}): void {
    const connection = except && this.registry.at(except.key);
    this.hub.broadcast(plainOf(data), connection === except ? connection : undefined);
  }

  broadcastInTurn(data: MessageData): Promise<void> | undefined {
    const message = plainOf(data);
    return this.#pace.inTurn(byteLengthOf(message), () => this.hub.broadcast(message));
  }

  async report(): Promise<Report> {
    return (await this.describeHost()).report;
  }

  async describeHost(): Promise<HostDescription & { readonly report: Report }> {
    const reporter = await this.#reporter;
    return await reporter.describeHost(await this.#counts(), this.registry.peak);
  }

  async #counts(): Promise<ConnectionCounts> {
    const addresses = new Set<string>();
    const ports = new Set<number>();
    const { maxConnections } = this.#admission;
    let queuedBytes = 0;
    await forEachYielding(this.registry.connections, ({ transport, bufferedAmount }) => {
      addresses.add(transport.remoteAddr.hostname);
      ports.add(transport.localAddr.port);
      queuedBytes += bufferedAmount;
    });
    return {
      connections: this.registry.size,
      exchanges: this.httpConnections.size,
      ...Number.isFinite(maxConnections) && { maxConnections },
      sourceAddresses: addresses.size,
      serverPorts: ports.size,
      fourTuples: this.registry.size,
      queuedBytes,
    };
  }

  get phase(): Phase {
    if (this.#stopped) return "stopped";
    if (this.draining || this.#drain.span.began !== undefined) return "draining";
    return this.#prepared ? "serving" : "starting";
  }

  get drainProgress(): DrainProgress {
    const { phase, registry: { size: left } } = this;
    const { span, result } = this.#drain;
    return { phase, ...span, left, ...phase === "stopped" && { result } };
  }

  async reconfigure(
    { limits = {}, initial = this.#initialLimits, certificate }: Reconfiguration,
  ): Promise<Limits> {
    changeLimits(this.limits, limits, initial); // what is wrong with them is said first
    if (certificate !== undefined && this.#tls === undefined) {
      throw new TypeError("Cannot change certificate: the server does not serve TLS");
    }
    const tls = certificate && await triedContext(certificate.cert, certificate.key);
    // Once more, as others may have changed them meanwhile.
    const changed = changeLimits(this.limits, limits, initial);
    if (tls !== undefined) this.#tls = tls;
    this.#initialLimits = initial;
    // In place, as decoders of open connections hold on to it.
    const held: Partial<Limits> = this.limits;
    const counted = this.limits.connectionsPerAddress !== undefined;
    for (const name of Object.keys(held) as (keyof Limits)[]) {
      if (!(name in changed)) delete held[name];
    }
    Object.assign(held, changed);
    if (!counted && changed.connectionsPerAddress !== undefined) {
      this.#admission.recount([...this.httpConnections, ...this.registry.connections]);
    }
    this.sweeper.watch(timeoutsOf(changed));
    return { ...changed };
  }

  stopListening(): Promise<void> {
    return this.#listener.finish();
  }

  async drain(options: DrainOptions = {}): Promise<DrainResult> {
    checkDrainOptions(options);
    this.#listener.close();
    return await this.#drain.run(options);
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.#drain.cut();
    await this.finished;
  }
}

/** The timeouts that the sweeper has to keep. */
function timeoutsOf(limits: Limits): number[] {
  const { handshakeTimeout, pingInterval, closeTimeout, streamTimeout, messageTimeout } = limits;
  return [handshakeTimeout, pingInterval, closeTimeout, streamTimeout, messageTimeout];
}
