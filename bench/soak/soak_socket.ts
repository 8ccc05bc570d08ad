import {
  CloseCode,
  encodeFrame,
  type Fragment,
  isControl,
  Opcode,
  serializeClosePayload,
} from "../../protocol/mod.ts";
import { ClientSocket } from "../../server/scale/client_socket.ts";
import type { Leaving } from "./result.ts";
import type { EchoMessage } from "./traffic.ts";

/** A message whose echo is awaited. */
interface Awaited {
  readonly message: EchoMessage;
  /** When it was sent, in milliseconds. */
  readonly since: number;
}

const GOODBYE = serializeClosePayload(CloseCode.NormalClosure);

/**
 * One connection of a soak: sends messages, checks their echoes, and leaves in one of three ways.
 */
export class SoakSocket extends ClientSocket {
  /** Its place among the connections that can be drawn; its owner's to keep. */
  place = -1;
  /** Called with the bytes of each echo that came, whole and right. */
  onecho: ((bytes: number) => void) | undefined = undefined;
  #awaited: Awaited[] = [];
  #matched = 0;
  #leaving: Leaving | undefined;
  #leavingSince = 0;
  #answered = false;

  /** Messages whose echo has not come yet. */
  get awaited(): number {
    return this.#awaited.length;
  }

  /** When the oldest message that waits for its echo was sent; `undefined` where none does. */
  get awaitedSince(): number | undefined {
    return this.#awaited[0]?.since;
  }

  /** How it is leaving; `undefined` as long as it is not. */
  get leaving(): Leaving | undefined {
    return this.#leaving;
  }

  /** When it began to leave, in milliseconds. */
  get leavingSince(): number {
    return this.#leavingSince;
  }

  /** Whether the server has answered our Close frame after all echoes that it owed. */
  get leftInOrder(): boolean {
    return this.#answered && this.#awaited.length === 0;
  }

  /**
   * Sends a message; its echo is awaited.
   *
   * @param message The message.
   * @param now The time, in milliseconds.
   */
  ask(message: EchoMessage, now: number): void {
    const { opcode, payload, frames } = message;
    this.#awaited.push({ message, since: now });
    const end = (frame: number): number => Math.floor(payload.length * frame / frames);
    for (let frame = 0; frame < frames; frame++) {
      const part = payload.subarray(end(frame), end(frame + 1));
      this.#write(frame === 0 ? opcode : Opcode.Continuation, part, frame === frames - 1);
    }
  }

  /**
   * Begins to leave. By `reset` it stops reading: the RST comes when it is destroyed with bytes that
   * it has not read.
   *
   * @param how In which way.
   * @param now The time, in milliseconds.
   */
  leave(how: Leaving, now: number): void {
    this.#leaving = how;
    this.#leavingSince = now;
    if (how === "reset") return void this.pause();
    this.resume();
    if (how === "close") this.#write(Opcode.Close, GOODBYE, true);
    else this.end();
  }

  /** Takes a fragment from the decoder. */
  override enqueue(fragment: Fragment): void {
    // Who left without a word hears nothing more, and who said Close only the rest.
    if (this.#leaving === "fin" || this.#leaving === "reset") return;
    if (!isControl(fragment.opcode)) return this.#check(fragment);
    if (this.#leaving === undefined) return super.enqueue(fragment);
    if (fragment.opcode === Opcode.Close) this.#answered = true;
  }

  #check({ opcode, fin, first, last, payload }: Fragment): void {
    const expected = this.#awaited[0]?.message;
    if (expected === undefined) return this.fail("a message that nobody asked for");
    const place = this.#matched;
    const whole = expected.payload;
    const begins = place === 0 && first;
    const right = (begins ? opcode === expected.opcode : !first) &&
      place + payload.length <= whole.length && isSame(payload, whole, place);
    if (!right) return this.fail("a wrong echo");
    this.#matched += payload.length;
    if (!fin || !last) return;
    if (this.#matched < whole.length) return this.fail("an echo cut short");
    this.#matched = 0;
    this.#awaited.shift();
    this.onecho?.(whole.length);
  }

  #write(opcode: Opcode, payload: Uint8Array, fin: boolean): void {
    // As in ClientSocket: nothing here is secret, and there is no proxy.
    const maskKey = Math.random() * 0x1_0000_0000 >>> 0;
    this.write(encodeFrame(opcode, payload, { fin, maskKey }));
  }
}

/** Whether bytes are those of another array from a place on. */
function isSame(bytes: Uint8Array, whole: Uint8Array, place: number): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== whole[place + i]) return false;
  }
  return true;
}
