import type { ClientSocket, ClientSocketEvents, Route } from "../../server/scale/client_socket.ts";
import type { Leaving, SoakCounts } from "./result.ts";
import { SoakSocket } from "./soak_socket.ts";
import { drawMessage, messageOf } from "./traffic.ts";

/** Handshakes under way at once. */
const AT_ONCE = 64;

/** A try that failed is repeated after so many milliseconds. */
const PAUSE = 100;

/** So many tries that fail in a row, and the connections cannot be opened. */
const MAX_FAILURES = 10 * AT_ONCE;

/** So many source ports that are in use in a row, and there is none left. */
const MAX_USED_PORTS = 65_536;

/** A handshake, and the end of a connection, may take so many milliseconds. */
const DEADLINE = 10_000;

/**
 * An echo may take so many milliseconds: a client that reads nothing for a while is part of them.
 */
const ECHO_DEADLINE = 20_000;

/** How often what is due is done, and how often deadlines are looked at, in milliseconds. */
const TICK = 20;
const SWEEP = 250;

/** Who was kept from its work makes up for at most so many seconds of it. */
const MAX_BEHIND = 1;

/**
 * A slow reader asks for so many messages of this size, and reads nothing for so many milliseconds.
 */
const SLOW_SHARE = 1 / 200;
const SLOW_MESSAGES = 4;
const SLOW_BYTES = 192 * 1024;
const SLOW_PAUSE = 3_000;

/**
 * Who leaves by RST waits until so many bytes have come, for so many milliseconds, and does not
 * read them.
 */
const RESET_BYTES = 192 * 1024;
const RESET_PAUSE = 500;

/** How often each way to leave is taken; the rest leaves by FIN. */
const CLOSE_SHARE = 1 / 2;
const RESET_SHARE = 1 / 8;

/** Who leaves by FIN has asked for a message right before, as often as not. */
const ASKING_SHARE = 1 / 2;

/** So many connections are drawn to find one that waits for nothing. */
const DRAWS = 10;

/** What the clients of one process do. */
export interface SoakClientOptions {
  /** The server's address. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The source addresses, in turn; without any the kernel chooses address and port. */
  readonly sources: readonly string[];
  /** The source ports to use, both ends included, with `sources`. */
  readonly ports: { readonly first: number; readonly last: number };
  /** Connections to hold. */
  readonly connections: number;
  /** Connections to close and open again, in a second. */
  readonly churn: number;
  /** Messages to send, in a second. */
  readonly messages: number;
}

/**
 * Holds connections, closes and reopens some, and sends messages over others, as long as its process
 * lives.
 */
export class SoakClients implements ClientSocketEvents {
  readonly authority: string;
  readonly path = "/";
  readonly #options: SoakClientOptions;
  readonly #opening = new Set<ClientSocket>();
  /** Those that can be drawn, in no order. */
  readonly #held: SoakSocket[] = [];
  readonly #leaving = new Set<SoakSocket>();
  readonly #waiting = new Set<SoakSocket>();
  /** Slow readers, with the time at which they read again. */
  readonly #slow = new Map<SoakSocket, number>();
  readonly #left: Record<Leaving, number> = { close: 0, reset: 0, fin: 0 };
  readonly #faults: Record<string, number> = Object.create(null);
  #load: ReturnType<typeof setInterval> | undefined;
  #pauses = 0;
  #tries = 0;
  #failuresInARow = 0;
  /** Source ports in a row that were in use. */
  #usedPorts = 0;
  #opened = 0;
  #sent = 0;
  #echoed = 0;
  #abandoned = 0;
  #bytes = 0;
  #slowTimes = 0;
  #changed: () => void = () => {};

  /** @param options What they do. */
  constructor(options: SoakClientOptions) {
    this.#options = options;
    this.authority = `${options.host}:${options.port}`;
    setInterval(() => this.#sweep(), SWEEP);
  }

  /** What they have done so far. */
  get counts(): SoakCounts {
    return {
      open: this.#held.length,
      opened: this.#opened,
      left: { ...this.#left },
      sent: this.#sent,
      echoed: this.#echoed,
      abandoned: this.#abandoned,
      bytes: this.#bytes,
      slow: this.#slowTimes,
      faults: { ...this.#faults },
    };
  }

  /**
   * Opens the connections.
   *
   * @returns When all are open, or too many tries have failed.
   */
  async open(): Promise<void> {
    this.#fill();
    await this.#until(() => this.#missing === 0 || this.#failuresInARow >= MAX_FAILURES);
  }

  /** Begins to close, reopen and send. */
  start(): void {
    const began = performance.now();
    const { churn, messages } = this.#options;
    const done = { churn: 0, messages: 0 };
    const due = (kind: keyof typeof done, rate: number): number => {
      const all = Math.floor((performance.now() - began) / 1_000 * rate);
      const count = Math.min(all - done[kind], Math.ceil(rate * MAX_BEHIND));
      done[kind] = all;
      return count;
    };
    this.#load = setInterval(() => {
      for (let i = due("churn", churn); i > 0; i--) this.#leaveOne();
      for (let i = due("messages", messages); i > 0; i--) this.#askOne();
    }, TICK);
  }

  /**
   * Ends the load; the connections stay.
   *
   * @returns When every echo has come and every connection that was leaving is gone; each has a
   * deadline.
   */
  async settle(): Promise<void> {
    clearInterval(this.#load);
    await this.#until(() =>
      this.#waiting.size === 0 && this.#leaving.size === 0 &&
      (this.#missing === 0 || this.#failuresInARow >= MAX_FAILURES)
    );
  }

  get #missing(): number {
    return this.#options.connections - this.#held.length;
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise<void>((resolve) => this.#changed = resolve);
  }

  #fill(): void {
    const wanted = Math.min(this.#missing, AT_ONCE) - this.#opening.size - this.#pauses;
    for (let i = 0; i < wanted; i++) {
      this.#opening.add(new SoakSocket(this, this.#nextRoute(), performance.now()));
    }
    this.#changed();
  }

  /** The source ports go round, so that none comes again while the kernel keeps it (TIME_WAIT). */
  #nextRoute(): Route {
    const { host, port, sources, ports } = this.#options;
    if (sources.length === 0) return { host, port };
    const index = this.#tries++;
    const count = ports.last - ports.first + 1;
    const localPort = ports.first + Math.floor(index / sources.length) % count;
    return { host, port, localAddress: sources[index % sources.length]!, localPort };
  }

  #leaveOne(): void {
    const draw = Math.random();
    const how = draw < CLOSE_SHARE ? "close" : draw < CLOSE_SHARE + RESET_SHARE ? "reset" : "fin";
    const socket = how === "reset" ? this.#drawIdle() : this.#draw();
    if (socket === undefined) return;
    const now = performance.now();
    if (how === "reset") this.#ask(socket, RESET_BYTES);
    if (how === "fin" && Math.random() < ASKING_SHARE) this.#ask(socket);
    this.#drop(socket);
    this.#slow.delete(socket);
    this.#leaving.add(socket);
    socket.leave(how, now);
    this.#fill();
  }

  #askOne(): void {
    const socket = this.#drawIdle();
    if (socket === undefined) return;
    if (Math.random() >= SLOW_SHARE) return this.#ask(socket);
    this.#slowTimes++;
    socket.pause();
    this.#slow.set(socket, performance.now() + SLOW_PAUSE);
    for (let i = 0; i < SLOW_MESSAGES; i++) this.#ask(socket, SLOW_BYTES);
  }

  #ask(socket: SoakSocket, length?: number): void {
    this.#sent++;
    this.#waiting.add(socket);
    socket.ask(length === undefined ? drawMessage() : messageOf(length), performance.now());
  }

  #draw(): SoakSocket | undefined {
    return this.#held[Math.floor(Math.random() * this.#held.length)];
  }

  /**
   * One that waits for no echo: so no queue of the server has ever more to take than it can, and
   * nobody gives it a reason to close a connection.
   */
  #drawIdle(): SoakSocket | undefined {
    for (let i = 0; i < DRAWS; i++) {
      const socket = this.#draw();
      if (socket?.awaited === 0) return socket;
    }
    return undefined;
  }

  /** Takes a connection out of those that can be drawn. */
  #drop(socket: SoakSocket): void {
    const last = this.#held.pop()!;
    if (last !== socket) {
      this.#held[socket.place] = last;
      last.place = socket.place;
    }
    socket.place = -1;
  }

  #sweep(): void {
    const now = performance.now();
    for (const socket of this.#opening) {
      if (now - (socket.openingSince ?? now) > DEADLINE) socket.fail("no answer");
    }
    for (const [socket, until] of this.#slow) {
      if (now < until) continue;
      this.#slow.delete(socket);
      socket.resume();
    }
    for (const socket of this.#leaving) {
      const since = now - socket.leavingSince;
      if (socket.leaving === "reset" ? since >= RESET_PAUSE : since > DEADLINE) {
        if (socket.leaving === "fin") this.#fault("fin: the server did not close");
        socket.fail("not in time");
      }
    }
    for (const socket of this.#waiting) {
      if (socket.leaving !== undefined || now - socket.awaitedSince! <= ECHO_DEADLINE) continue;
      socket.fail(`no echo in ${ECHO_DEADLINE / 1_000} s`);
    }
  }

  #fault(fault: string): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
  }

  // What a connection tells.

  opened(socket: ClientSocket): void {
    this.#opening.delete(socket);
    if (!(socket instanceof SoakSocket)) return;
    this.#opened++;
    this.#failuresInARow = this.#usedPorts = 0;
    socket.place = this.#held.push(socket) - 1;
    socket.onecho = (bytes) => this.#heard(socket, bytes);
    this.#fill();
  }

  /** Messages go to the connection's own check. */
  received(): void {}

  #heard(socket: SoakSocket, bytes: number): void {
    this.#echoed++;
    this.#bytes += bytes;
    if (socket.awaited > 0) return;
    this.#waiting.delete(socket);
    this.#changed();
  }

  ended(socket: ClientSocket, fault: string): void {
    if (this.#opening.delete(socket)) return this.#failed(fault);
    if (!(socket instanceof SoakSocket)) return;
    this.#waiting.delete(socket);
    this.#slow.delete(socket);
    if (this.#leaving.delete(socket)) {
      this.#left[socket.leaving!]++;
      if (socket.leaving !== "close") this.#abandoned += socket.awaited;
      else if (!socket.leftInOrder) {
        const what = socket.awaited > 0 ? "an echo is missing" : "no answer";
        this.#fault(`close: ${what} (${fault})`);
      }
    } else if (socket.place >= 0) {
      this.#drop(socket);
      this.#fault(`connection ended: ${fault}`);
    }
    this.#fill();
  }

  #failed(fault: string): void {
    // A connection that has lived for a whole round has that port: the next one is free, most likely.
    // EINVAL comes for a few in 100,000 ports that were used before; with the next one all is well.
    const portIsUsed = fault === "EADDRINUSE" || fault === "EINVAL";
    if (portIsUsed && ++this.#usedPorts < MAX_USED_PORTS) return this.#fill();
    this.#fault(`not opened: ${fault}`);
    this.#failuresInARow++;
    this.#pauses++;
    setTimeout(() => {
      this.#pauses--;
      this.#fill();
    }, PAUSE);
    this.#changed();
  }
}
