import { assert } from "@std/assert";
import { NaiveDecoder } from "../../../bench/micro/naive_decoder.ts";
import { FrameDecoder, type FrameDecoderOptions, type Role } from "../../../protocol/mod.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { collectFrames, type Decoded } from "../../helpers/collect_frames.ts";
import { concat, toHex } from "../../helpers/notation.ts";
import type { Random } from "../../helpers/random.ts";
import { peerFrame } from "../../helpers/raw_frame.ts";
import { randomWire } from "../../helpers/random_wire.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

/** So small that inputs reach each of them. */
const LIMITS = { messageBytes: 2_000, messageFragments: 6 };

/** Frames, as a reader in this role gets them. */
function framesTarget(role: Role): FuzzTarget {
  return {
    name: `frames-to-${role}`,
    make: (random) => random.oneIn(20) ? withLength16(role, random) : randomWire(role, random),
    check(input, random) {
      const options = { role, limits: LIMITS, deflate: random.oneIn(2) };
      // It lets nothing but ProtocolError through, and checks each fragment.
      const expected = collectFrames(new FrameDecoder(options), [input.slice()]);
      const compressed = compressedOf(options, [input.slice()]);
      forEveryChunking(input, (chunks) => {
        // Copies, as frames are unmasked in place; of very many single bytes that takes long.
        const copies = chunks.length < 500 ? chunks.map((chunk) => chunk.slice()) : undefined;
        const { frames, error } = collectFrames(new FrameDecoder(options), chunks);
        assertSame([error, frames], [expected.error, expected.frames]);
        if (copies !== undefined) assertSame(compressedOf(options, copies), compressed);
      }, [random.below(1_000), random.below(1_000)]);
      checkRules(options, expected, input);
      if (role === "server" && expected.error === undefined) checkTwin(expected, input);
      return expected.error ?? "frames";
    },
  };
}

/** A frame with a length of 16 bits, mostly a small one that must not have so many. */
function withLength16(role: Role, random: Random): Uint8Array<ArrayBuffer> {
  const length = random.pick([0, 1, 125, 126, 127, random.below(2_000)]);
  const frame = peerFrame(role, 0x82, new Uint8Array(length));
  const key = role === "server" ? 4 : 0;
  const header = [0x82, (key === 0 ? 0 : 0x80) | 126, length >> 8, length & 255];
  return concat([Uint8Array.from(header), frame.subarray(frame.length - length - key)]);
}

/** Of each frame, whether its message is compressed. */
function compressedOf(options: FrameDecoderOptions, chunks: readonly Uint8Array[]): boolean[] {
  const seen: boolean[] = [];
  const decoder = new FrameDecoder(options);
  const enqueue = ({ first, compressed }: { first: boolean; compressed: boolean }) => {
    if (first) seen.push(compressed);
    else assertSame(compressed, seen.at(-1));
  };
  try {
    for (const chunk of chunks) decoder.transform(chunk, { enqueue });
  } catch {
    // Which error it is was seen before.
  }
  return seen;
}

/** What came out keeps the rules of RFC 6455 5 and of the limits, read naively, frame by frame. */
function checkRules(
  { role, deflate }: FrameDecoderOptions,
  { frames }: Decoded,
  input: Uint8Array,
): void {
  let at = 0;
  const message = { frames: 0, bytes: 0 };
  for (const frame of frames) {
    const [first = 0, second = 0] = input.subarray(at);
    const length = Number(/of (\d+):/.exec(frame)![1]);
    const [fin, opcode, shown] = [first >= 0x80, first & 15, second & 0x7f];
    assert([0, 1, 2, 8, 9, 10].includes(opcode), frame);
    assert(frame.replace("part ", "").startsWith(`${fin ? "fin " : ""}${opcode} of `), frame);
    assert(second >= 0x80 === (role === "server"), `MASK of ${frame}`);
    assert(shown === (length < 126 ? length : length < 65_536 ? 126 : 127), `Length of ${frame}`);
    const maySetRsv1 = deflate === true && (opcode === 1 || opcode === 2);
    assert((first & 0x70) === 0 || (maySetRsv1 && (first & 0x70) === 0x40), `RSV of ${frame}`);
    if (opcode >= 8) assert(fin && length <= 125, frame);
    else {
      assert((opcode === 0) === message.frames > 0, `Order of ${frame}`);
      message.frames++;
      message.bytes += length;
      assert(message.frames <= LIMITS.messageFragments && message.bytes <= LIMITS.messageBytes);
      if (fin) message.frames = message.bytes = 0;
    }
    at += 2 + (shown < 126 ? 0 : shown === 126 ? 2 : 8) + (role === "server" ? 4 : 0) + length;
  }
}

/** The twin gives whole frames only. */
function checkTwin({ frames }: Decoded, input: Uint8Array): void {
  const whole = frames.filter((frame) => !frame.startsWith("part "));
  const twins = new NaiveDecoder().push(input).map(({ fin, opcode, payload }) =>
    `${fin ? "fin " : ""}${opcode} of ${payload.length}: ${toHex(payload)}`.trimEnd()
  );
  assertSame(twins, whole);
}

/** Masked frames. */
export const framesToServer: FuzzTarget = framesTarget("server");

/** Frames that are not masked. */
export const framesToClient: FuzzTarget = framesTarget("client");
