import { escapeJson } from "../escape.ts";
import type { TapEvent } from "../operations/operations.ts";
import { Problem } from "./problem.ts";

/** The most taps that are read at once, over all workers; one more gets 429. */
const MAX_TAPS = 16;

/** How often a stream of events says that it is there, in milliseconds: proxies cut what is silent. */
const HEARTBEAT = 15_000;

/** How a tap is written: JSON lines, or server-sent events. */
export type TapFormat = "application/jsonl" | "text/event-stream";

/** The taps that are read through the ops port. */
export class TapStreams {
  readonly #open = new Set<TapStream>();
  readonly #heartbeat: number;

  /** @param heartbeat How often a stream of events says that it is there, in milliseconds. */
  constructor(heartbeat = HEARTBEAT) {
    this.#heartbeat = heartbeat;
  }

  /**
   * Answers with a tap, as fast as the client reads it. When the client goes, the tap is cancelled.
   *
   * @param events The tap.
   * @param format How it is written.
   * @throws {Problem} 429 when there are too many; the tap is left to the caller.
   */
  response(events: ReadableStream<TapEvent>, format: TapFormat): Response {
    if (this.#open.size >= MAX_TAPS) throw new Problem(429, "Too many taps are open");
    const source = new TapStream(events, format, this.#heartbeat, () => this.#open.delete(source));
    this.#open.add(source);
    // Nothing is read ahead, so that the tap sees how slow the client is.
    return new Response(new ReadableStream(source, { highWaterMark: 0 }), {
      // Packed, the events would wait for each other.
      headers: { "content-type": format, "cache-control": "no-store, no-transform" },
    });
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((stream) => stream.end()));
  }
}

const ENCODER = new TextEncoder();

/** One tap as bytes. */
class TapStream implements UnderlyingDefaultSource<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<TapEvent>;
  readonly #format: TapFormat;
  readonly #heartbeat: number;
  readonly #over: () => void;
  #timer: ReturnType<typeof setInterval> | undefined = undefined;
  #isAwaited = false;

  constructor(
    events: ReadableStream<TapEvent>,
    format: TapFormat,
    heartbeat: number,
    over: () => void,
  ) {
    this.#reader = events.getReader();
    this.#format = format;
    this.#heartbeat = heartbeat;
    this.#over = over;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#format !== "text/event-stream") return;
    this.#timer = setInterval(() => {
      // Who does not read has enough to read.
      if (this.#isAwaited) controller.enqueue(ENCODER.encode(":\n\n"));
    }, this.#heartbeat);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#isAwaited = true;
    try {
      const { done, value } = await this.#reader.read();
      if (!done) return controller.enqueue(ENCODER.encode(this.#write(value)));
      this.#leave();
      controller.close();
    } catch (error) {
      this.#leave();
      throw error;
    } finally {
      this.#isAwaited = false;
    }
  }

  /** The client has gone. */
  async cancel(): Promise<void> {
    this.#leave();
    await this.#reader.cancel();
  }

  /** The ops port closes: what reads gets an end. */
  async end(): Promise<void> {
    await this.#reader.cancel();
  }

  #leave(): void {
    clearInterval(this.#timer);
    this.#over();
  }

  #write(event: TapEvent): string {
    const json = escapeJson(JSON.stringify(event));
    // JSON has no line feed outside of strings, and in strings it is an escape.
    return this.#format === "text/event-stream"
      ? `event: ${event.type}\ndata: ${json}\n\n`
      : `${json}\n`;
  }
}
