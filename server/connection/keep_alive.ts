import type { Limits } from "../limits.ts";

/** The activity of a connection since it was last looked at. */
export interface Liveness {
  /** When the last bytes came from the peer. */
  readonly lastReceived: number;
  /** Whether we do not read because our own side is busy, so that silence is not the peer's fault. */
  readonly paused: boolean;
  /** Bytes that wait for the peer. */
  readonly queuedBytes: number;
  /** Bytes that the peer has taken in all. */
  readonly bytesOut: number;
}

/** The decision about a connection: ping it, let it be, or give it up. */
export type Verdict = "ping" | "wait" | "lost";

/**
 * Notices a peer that is no longer there: one that answers neither pings nor anything else, or that
 * takes none of the bytes that wait for it. Measures the round trip as it goes.
 */
export class KeepAlive {
  /** The last measured round trip in milliseconds. */
  roundTrip: number | undefined = undefined;
  #lastPing = 0;
  /** Whether the last ping has not been answered. */
  #awaited = false;
  /** When a ping was sent that an operator asked for; 0 once it is answered. */
  #asked = 0;
  /** Pings in a row since anything came from the peer. */
  #unanswered = 0;
  /** Looks in a row at which bytes waited and none had been taken. */
  #stalled = 0;
  #bytesOut = 0;

  /**
   * Decides what to do; to be called once in every ping interval.
   *
   * @param now The time, in milliseconds.
   * @param liveness The activity of the connection since.
   * @param limits How much patience there is.
   * @returns The decision.
   */
  judge(now: number, liveness: Liveness, { missedPings }: Pick<Limits, "missedPings">): Verdict {
    const waiting = liveness.queuedBytes > 0;
    const blocked = waiting && liveness.bytesOut === this.#bytesOut;
    // A peer that takes what waits is alive, and its ping may be at the end of it.
    const alive = liveness.lastReceived >= this.#lastPing || (waiting && !blocked);
    if (alive || liveness.paused) this.#unanswered = 0;
    this.#stalled = blocked ? this.#stalled + 1 : 0;
    this.#bytesOut = liveness.bytesOut;
    if (this.#unanswered >= missedPings || this.#stalled >= missedPings) return "lost";
    if (blocked) return "wait"; // a ping would only wait after the rest
    this.#unanswered++;
    this.#lastPing = now;
    this.#awaited = true;
    return "ping";
  }

  /** The payload of the last ping: when it was sent, so that only its own answer is a round trip. */
  get payload(): Uint8Array {
    return payloadOf(this.#lastPing);
  }

  /**
   * Has a round trip measured now, without a say in whether the peer is there.
   *
   * @param now The time, in milliseconds.
   * @returns The payload of a ping to send.
   */
  ask(now: number): Uint8Array {
    this.#asked = now;
    return payloadOf(now);
  }

  /**
   * A Pong came.
   *
   * @param payload Its payload; only that of the last ping of either kind counts.
   * @param now The time, in milliseconds.
   * @returns The round trip in milliseconds, if that answers a ping for the first time.
   */
  receivedPong(payload: Uint8Array, now: number): number | undefined {
    if (payload.length !== Float64Array.BYTES_PER_ELEMENT) return;
    const sent = new Float64Array(payload.slice().buffer)[0]!;
    if (this.#asked !== 0 && sent === this.#asked) this.#asked = 0;
    else if (this.#awaited && sent === this.#lastPing) this.#awaited = false;
    else return;
    return this.roundTrip = now - sent;
  }
}

function payloadOf(time: number): Uint8Array {
  return new Uint8Array(Float64Array.of(time).buffer);
}
