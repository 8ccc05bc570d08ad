import { ClientSocket, type ClientSocketEvents, type Route } from "./client_socket.ts";

/** Handshakes under way at once: a few processes of clients stay below what one server permits. */
const AT_ONCE = 64;

/** After a failure the next try waits this many milliseconds: what is full may have room then. */
const PAUSE = 100;

/** When as many tries as there are at once have failed so often with no progress, they are given up. */
const ROUNDS = 10;

/** A handshake may take this many milliseconds. */
const DEADLINE = 10_000;

/** Whose connections, where to and how. */
export interface OpenerOptions {
  /** The server's addresses, in turn: more than one where the destination varies. */
  readonly hosts: readonly string[];
  /** The server's port. */
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** The source addresses, in turn; without any the kernel chooses address and port. */
  readonly sources: readonly string[];
  /** The source ports to use, both ends included. */
  readonly ports: { readonly first: number; readonly last: number };
  /**
   * The source port to begin with. Processes that begin with the same one use the same source
   * ports from different addresses.
   */
  readonly firstPort: number;
}

/** How far an opener is. */
export interface OpenerCount {
  /** Connections that are open. */
  readonly open: number;
  /** Tries that failed, by what went wrong. */
  readonly failures: Readonly<Record<string, number>>;
  /** Connections that were open and ended, by what went wrong. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Opens many WebSocket connections, some at a time, and keeps them open. */
export class Opener implements ClientSocketEvents {
  readonly authority: string;
  readonly path: string;
  readonly #options: OpenerOptions;
  readonly #opening = new Set<ClientSocket>();
  readonly #open = new Set<ClientSocket>();
  readonly #failures: Record<string, number> = Object.create(null);
  readonly #lost: Record<string, number> = Object.create(null);
  /** Tries that wait. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  readonly #sweep: ReturnType<typeof setInterval>;
  #tries = 0;
  #wanted = 0;
  /** The most that were open since `open()` began: what is closed at once and comes again is no progress. */
  #most = 0;
  #failuresInARow = 0;
  /** Source ports in a row that were in use. */
  #usedPorts = 0;
  #done: (() => void) | undefined;

  /** Gets each message as long as it is set; the bytes are borrowed for the call. */
  onmessage: ((payload: Uint8Array) => void) | undefined = undefined;

  /** @param options Where to and how. */
  constructor(options: OpenerOptions) {
    this.#options = options;
    const [host = ""] = options.hosts;
    this.authority = `${host.includes(":") ? `[${host}]` : host}:${options.port}`;
    this.path = options.path;
    this.#sweep = setInterval(() => this.#cutLate(), 1_000);
  }

  /** How far it is. */
  get count(): OpenerCount {
    return { open: this.#open.size, failures: { ...this.#failures }, lost: { ...this.#lost } };
  }

  /** Connections that are open, the oldest first. */
  get sockets(): Iterable<ClientSocket> {
    return this.#open;
  }

  /**
   * Opens connections until so many are open. What fails is tried again from another source port,
   * until nothing succeeds any more.
   *
   * @param connections How many are to be open.
   * @returns How far it came.
   */
  async open(connections: number): Promise<OpenerCount> {
    this.#wanted = connections;
    this.#most = this.#open.size;
    this.#failuresInARow = this.#usedPorts = 0;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#next();
    });
    return this.count;
  }

  /** Begins no further connection and gives up those that are not open yet: `open()` returns. */
  stop(): void {
    this.#wanted = 0;
    const unfinished = [...this.#opening];
    this.#opening.clear();
    for (const socket of unfinished) socket.destroy();
    this.#next();
  }

  /** Cuts all connections. */
  close(): void {
    this.stop();
    clearInterval(this.#sweep);
    for (const timer of this.#pauses) clearTimeout(timer);
    for (const socket of this.#open) socket.destroy();
  }

  #next(): void {
    const { size } = this.#opening;
    const missing = Math.min(this.#wanted - this.#open.size, AT_ONCE) - size - this.#pauses.size;
    for (let i = 0; i < missing; i++) {
      this.#opening.add(new ClientSocket(this, this.#nextRoute(), performance.now()));
    }
    if (this.#opening.size > 0 || this.#open.size < this.#wanted) return;
    this.#done?.();
    this.#done = undefined;
  }

  /** Every source port is used from each of the addresses before the next one is. */
  #nextRoute(): Route {
    const { hosts, port, sources, ports, firstPort } = this.#options;
    const count = ports.last - ports.first + 1;
    for (;;) {
      const index = this.#tries++;
      const host = hosts[index % hosts.length]!;
      if (sources.length === 0) return { host, port };
      const step = Math.floor(index / sources.length);
      const localPort = ports.first + (firstPort - ports.first + step) % count;
      // With the same port at both ends nobody could tell from the kernel's table which is which.
      if (localPort === port) continue;
      return { host, port, localAddress: sources[index % sources.length]!, localPort };
    }
  }

  #cutLate(): void {
    const now = performance.now();
    for (const socket of this.#opening) {
      if (now - (socket.openingSince ?? now) > DEADLINE) socket.fail("no answer");
    }
  }

  // What a connection tells.

  opened(socket: ClientSocket): void {
    this.#opening.delete(socket);
    this.#open.add(socket);
    if (this.#open.size > this.#most) {
      this.#most = this.#open.size;
      this.#failuresInARow = this.#usedPorts = 0;
    }
    this.#next();
  }

  received(payload: Uint8Array): void {
    this.onmessage?.(payload);
  }

  ended(socket: ClientSocket, fault: string): void {
    const wasOpen = this.#open.delete(socket);
    if (!wasOpen && !this.#opening.delete(socket)) return;
    const faults = wasOpen ? this.#lost : this.#failures;
    faults[fault] = (faults[fault] ?? 0) + 1;
    if (this.#isHopeless(fault)) this.#wanted = 0;
    // Once `open()` has returned, what is lost stays lost.
    if (this.#done === undefined) return;
    // Another socket has that port: the next one is free, most likely.
    if (wasOpen || fault === "EADDRINUSE") return this.#next();
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      this.#next();
    }, PAUSE);
    this.#pauses.add(timer);
  }

  /** Counts a failure. Source ports are given up when each has been tried. */
  #isHopeless(fault: string): boolean {
    const { ports, sources } = this.#options;
    if (fault === "EADDRINUSE") {
      return ++this.#usedPorts >= Math.max(1, sources.length) * (ports.last - ports.first + 1);
    }
    const atOnce = Math.min(AT_ONCE, this.#wanted - this.#open.size);
    return ++this.#failuresInARow >= ROUNDS * atOnce;
  }
}
