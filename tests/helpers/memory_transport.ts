import type { Transport } from "../../server/net/transport.ts";
import { concat } from "./notation.ts";

/** What a read finds: bytes, the peer's FIN, or a broken connection. */
export type Arrival = Uint8Array | null | Error;

/** A write that has not completed. */
interface PendingWrite {
  readonly bytes: Uint8Array;
  /** What the bytes were when the write began. */
  readonly before: Uint8Array<ArrayBuffer>;
  resolve(count: number): void;
  reject(error: unknown): void;
}

/**
 * A transport without a network. Reads find what was scripted and wait for {@linkcode
 * MemoryTransport.arrive} when there is no more. Writes complete at once unless `blocked` is set,
 * and fail when the bytes of a write in flight were changed, as the kernel would have sent garbage.
 */
export class MemoryTransport implements Transport {
  readonly remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 51324 };
  readonly localAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 8080 };
  /** What was asked for, in order: the length of each buffer to read into. */
  readonly reads: number[] = [];
  /** What each completed write took. */
  readonly writes: Uint8Array<ArrayBuffer>[] = [];
  /** `closeWrite` and `close`, in the order of the calls. */
  readonly ends: ("closeWrite" | "close")[] = [];
  /** Whether writes wait for {@linkcode MemoryTransport.letThrough}. */
  blocked = false;
  /** The most that one write takes. */
  most = Infinity;
  readonly #arrivals: Arrival[];
  #pendingRead: PromiseWithResolvers<void> | undefined = undefined;
  #pendingWrite: PendingWrite | undefined = undefined;
  #failure: Error | undefined = undefined;

  constructor(...arrivals: Arrival[]) {
    this.#arrivals = arrivals;
  }

  /** All that was written. */
  get written(): Uint8Array<ArrayBuffer> {
    return concat(this.writes);
  }

  /** How many bytes the write in flight offers; `undefined` when there is none. */
  get inFlight(): number | undefined {
    return this.#pendingWrite?.bytes.length;
  }

  /** Lets bytes, FIN or an error arrive. */
  arrive(...arrivals: Arrival[]): void {
    this.#arrivals.push(...arrivals);
    this.#pendingRead?.resolve();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.reads.push(buffer.length);
    if (this.#arrivals.length === 0) {
      this.#pendingRead = Promise.withResolvers();
      await this.#pendingRead.promise;
    }
    const arrival = this.#arrivals.shift()!;
    if (arrival === null) return null;
    if (arrival instanceof Error) throw arrival;
    const count = Math.min(arrival.length, buffer.length);
    buffer.set(arrival.subarray(0, count));
    if (count < arrival.length) this.#arrivals.unshift(arrival.subarray(count));
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pendingWrite !== undefined) return Promise.reject(new Error("Two writes at once"));
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { bytes, before: bytes.slice(), resolve, reject };
      if (!this.blocked) queueMicrotask(() => this.letThrough());
    });
  }

  /** Completes the write in flight, or takes only this many bytes of it. */
  letThrough(most = this.most): void {
    const write = this.#pendingWrite;
    this.#pendingWrite = undefined;
    if (write === undefined) return;
    const { bytes, before, resolve, reject } = write;
    for (let at = 0; at < before.length; at++) {
      if (before[at] === bytes[at]) continue;
      return reject(new Error("Bytes of a write in flight were changed"));
    }
    const taken = before.slice(0, most);
    this.writes.push(taken);
    resolve(taken.length);
  }

  /** Fails the write in flight and every later one. */
  fail(error: Error): void {
    this.#failure = error;
    this.#pendingWrite?.reject(error);
    this.#pendingWrite = undefined;
  }

  closeWrite(): Promise<void> {
    this.ends.push("closeWrite");
    return this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure);
  }

  /** As with a `Deno.TcpConn`, what is pending rejects, and closing twice throws. */
  close(): void {
    if (this.ends.includes("close")) throw new Deno.errors.BadResource("Closed already");
    this.ends.push("close");
    const error = new Deno.errors.Interrupted("Closed");
    this.fail(error);
    this.arrive(error);
  }
}

/** Lets everything happen that needs no more than microtasks. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
