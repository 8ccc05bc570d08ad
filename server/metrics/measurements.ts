/**
 * `server/metrics/` is for the counters for Prometheus. It does not know its callers.
 *
 * Counts what metrics need beyond the registry's totals. Counting must cost next to nothing: it is
 * done for every frame.
 *
 * @module
 */

import { type Fragment, type FrameName, Opcode } from "../../protocol/mod.ts";

/** Frames of one kind in one direction. */
export interface FrameCount {
  /** The number of values. */
  readonly frames: number;
  /** The bytes of their payloads. */
  readonly bytes: number;
}

/** A distribution in buckets, as Prometheus has it. */
export interface Distribution {
  /** The upper bounds of the buckets, in seconds, without the last, which is infinite. */
  readonly bounds: readonly number[];
  /** The number of values in each bucket by itself; one more than bounds. */
  readonly counts: readonly number[];
  /** The sum of all values, in seconds. */
  readonly sum: number;
}

/** The lateness of the event loop at a timer, in seconds. */
export interface LoopDelay {
  /** The mean over the last seconds. */
  readonly mean: number;
  /** The longest in the last seconds. */
  readonly max: number;
}

/** The measurements, as plain data. */
export interface Measured {
  /** Frames from peers by opcode. */
  readonly framesIn: Readonly<Record<FrameName, FrameCount>>;
  /** Frames for peers by opcode, when they were queued. */
  readonly framesOut: Readonly<Record<FrameName, FrameCount>>;
  /** Text messages from peers; the other messages are binary. */
  readonly textIn: number;
  /** Text messages for peers; the other messages are binary. */
  readonly textOut: number;
  /**
   * The ended connections, by the side that ended them and the code, such as `1001`, `4xxx`,
   * `none`.
   */
  readonly closes: Readonly<Record<"us" | "peer", Readonly<Record<string, number>>>>;
  /** The durations of opening handshakes that succeeded, from the accept on. */
  readonly handshakes: Distribution;
  /** Round trips that were measured. */
  readonly roundTrips: Distribution;
  /** Connections that were closed because their send queue was full. */
  readonly slowClosed: number;
  /** Connections that were closed because a message of theirs made no progress. */
  readonly unfinishedLate: number;
  /** Connections that were closed because unfinished messages held too much. */
  readonly unfinishedFull: number;
  /** Peers that answered no pings or took no bytes, and were given up. */
  readonly peersLost: number;
  /** The lateness of the event loop at its timers. */
  readonly loopDelay: LoopDelay;
}

/** From half a millisecond to ten seconds. */
const BOUNDS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** Counts values by buckets. */
export class Histogram {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  /** Counts a value, in milliseconds. */
  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000;
    let at = 0;
    while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++;
    this.#counts[at]!++;
    this.#sum += seconds;
  }

  /** Gives the measurements. */
  read(): Distribution {
    return { bounds: BOUNDS, counts: [...this.#counts], sum: this.#sum };
  }
}

/** By opcode: RFC 6455 5.2 has 16. */
const OPCODES = 16;

/** Frames in one direction. */
class FrameCounter {
  readonly frames: Float64Array = new Float64Array(OPCODES);
  readonly bytes: Float64Array = new Float64Array(OPCODES);

  read(): Record<FrameName, FrameCount> {
    const of = (opcode: Opcode): FrameCount => ({
      frames: this.frames[opcode]!,
      bytes: this.bytes[opcode]!,
    });
    return {
      continuation: of(Opcode.Continuation),
      text: of(Opcode.Text),
      binary: of(Opcode.Binary),
      close: of(Opcode.Close),
      ping: of(Opcode.Ping),
      pong: of(Opcode.Pong),
    };
  }
}

/** The measurements of one server. */
export class Measurements {
  readonly #in = new FrameCounter();
  readonly #out = new FrameCounter();
  readonly #closes = { us: new Map<string, number>(), peer: new Map<string, number>() };
  /** The durations of handshakes. */
  readonly handshakes: Histogram = new Histogram();
  /** Round trips. */
  readonly roundTrips: Histogram = new Histogram();
  /** Text messages from peers. */
  textIn = 0;
  /** Text messages for peers. */
  textOut = 0;
  /** Connections that were closed because their send queue was full. */
  slowClosed = 0;
  /** Connections that were closed because a message of theirs made no progress. */
  unfinishedLate = 0;
  /** Connections that were closed because unfinished messages held too much. */
  unfinishedFull = 0;
  /** Peers that were given up. */
  peersLost = 0;

  /**
   * Counts the frames that one read of a connection has brought: all at once, since this is done
   * for every frame.
   *
   * @param fragments Pieces of frames from a peer.
   */
  received(fragments: readonly Pick<Fragment, "opcode" | "payload" | "last">[]): void {
    const { frames, bytes } = this.#in;
    for (const { opcode, payload, last } of fragments) {
      bytes[opcode]! += payload.length;
      if (last) frames[opcode]!++;
    }
  }

  /**
   * Counts frames for a peer.
   *
   * @param opcode Theirs.
   * @param frames Their number.
   * @param bytes Those of their payloads.
   */
  sent(opcode: Opcode, frames: number, bytes: number): void {
    this.#out.frames[opcode]! += frames;
    this.#out.bytes[opcode]! += bytes;
  }

  /** Counts the end of a connection: the side that ended it, and the first code that was said. */
  closed(by: "us" | "peer", code: number | undefined): void {
    const counts = this.#closes[by];
    const name = closeName(code);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** Gives the measurements. */
  read(loopDelay: LoopDelay): Measured {
    return {
      framesIn: this.#in.read(),
      framesOut: this.#out.read(),
      textIn: this.textIn,
      textOut: this.textOut,
      closes: {
        us: Object.fromEntries(this.#closes.us),
        peer: Object.fromEntries(this.#closes.peer),
      },
      handshakes: this.handshakes.read(),
      roundTrips: this.roundTrips.read(),
      slowClosed: this.slowClosed,
      unfinishedLate: this.unfinishedLate,
      unfinishedFull: this.unfinishedFull,
      peersLost: this.peersLost,
      loopDelay,
    };
  }
}

/** A peer may choose any code of 2,000, and must not choose as many names of counters. */
function closeName(code: number | undefined): string {
  if (code === undefined) return "none";
  if (code < 3000) return String(code);
  return code < 4000 ? "3xxx" : "4xxx";
}
