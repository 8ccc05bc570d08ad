import { assert } from "@std/assert";
import { type Fragment, type FrameDecoder, ProtocolError } from "../../protocol/mod.ts";
import { toHex } from "./notation.ts";

/** What a decoder made of some bytes, the same for every way of cutting them. */
export interface Decoded {
  /** One line per frame, `part` where only a part of it came: "fin 1 of 5: 48 65 6c 6c 6f". */
  readonly frames: string[];
  /** The code of the error that ended it. */
  readonly error: string | undefined;
  /** How many bytes had been fed when the error came; all of them without one. */
  readonly fed: number;
}

/**
 * Runs a decoder to the end of the chunks or its first error, and checks on the way what holds for
 * every fragment: the pieces of a frame come in order and without gaps, control frames come whole,
 * and no more bytes come out than went in.
 */
export function collectFrames(decoder: FrameDecoder, chunks: Iterable<Uint8Array>): Decoded {
  const frames: { fragment: Fragment; bytes: number[] }[] = [];
  let open = false;
  let fed = 0;
  let handedOut = 0;
  const sink = {
    enqueue(fragment: Fragment): void {
      const { payload, frameLength, opcode } = fragment;
      assert(fragment.first === !open, "A frame begins where the last one has ended");
      if (fragment.first) frames.push({ fragment, bytes: [] });
      const frame = frames.at(-1)!;
      for (const byte of payload) frame.bytes.push(byte); // a copy: the payload may be borrowed
      open = !fragment.last;
      handedOut += payload.length;
      assert(fragment.last === (frame.bytes.length === frameLength), "The last piece ends a frame");
      const same = opcode === frame.fragment.opcode && fragment.fin === frame.fragment.fin &&
        frameLength === frame.fragment.frameLength;
      assert(same, "The pieces of a frame agree");
      if (opcode >= 8) assert(fragment.first && fragment.last, "Control frames come whole");
      else assert(payload.length > 0 || frameLength === 0, "No piece is empty");
    },
  };
  let error: string | undefined;
  for (const chunk of chunks) {
    fed += chunk.length;
    try {
      decoder.transform(chunk, sink);
    } catch (thrown) {
      if (!(thrown instanceof ProtocolError)) throw thrown;
      error = thrown.code;
      break;
    }
    assert(handedOut <= fed, `${handedOut} bytes came out of ${fed}`);
  }
  return {
    frames: frames.map(({ fragment, bytes }) => {
      const { fin, opcode, frameLength } = fragment;
      const part = bytes.length < frameLength ? "part " : "";
      const hex = toHex(Uint8Array.from(bytes));
      return `${part}${fin ? "fin " : ""}${opcode} of ${frameLength}: ${hex}`.trimEnd();
    }),
    error,
    fed,
  };
}
