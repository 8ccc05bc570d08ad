import type { Clock, Data, SocketLike } from "../../client/reconnecting_mod.ts";

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 0;
  #last = 0;
  readonly #timers = new Map<unknown, { at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, ms: number): unknown {
    this.#timers.set(++this.#last, { at: this.#now + ms, run });
    return this.#last;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer);
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and runs what is due on the way, in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined || next[1].at > end) break;
      this.#timers.delete(next[0]);
      this.#now = next[1].at;
      next[1].run();
    }
    this.#now = end;
  }
}

/** A connection of which the test is the other side. */
export class FakeSocket extends EventTarget implements SocketLike {
  readyState = 0;
  binaryType = "blob";
  bufferedAmount = 0;
  protocol = "";
  /** What was sent, in order. */
  readonly sent: Data[] = [];
  /** What `close()` was told, each time. */
  readonly closes: [code?: number, reason?: string][] = [];

  send(data: Data): void {
    if (this.readyState !== 1) throw new Error("Sent on a connection that is not open");
    this.sent.push(data);
  }

  close(...args: [code?: number, reason?: string]): void {
    this.closes.push(args);
    if (this.readyState < 2) this.readyState = 2;
  }

  /** The other side accepts. */
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** The other side says something. */
  say(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** It is over. */
  end(code = 1006, reason = "", retryAfter?: number): void {
    this.readyState = 3;
    const event = new CloseEvent("close", { code, reason });
    this.dispatchEvent(Object.assign(event, { retryAfter }));
  }
}
