import type { Role } from "../../protocol/mod.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../vectors/utf8.ts";
import { concat, fromHex } from "./notation.ts";
import type { Random } from "./random.ts";
import { rawFrame } from "./raw_frame.ts";

/**
 * What a peer might send to a reader in this role: frames in a good order, most of them good, and
 * then, half of the time, the bytes themselves changed, lost or added.
 */
export function randomWire(role: Role, random: Random): Uint8Array<ArrayBuffer> {
  if (random.oneIn(20)) return random.bytes(random.below(60));
  const frames: Uint8Array[] = [];
  let inMessage = false;
  for (let count = random.below(14); count >= 0; count--) {
    const control = random.oneIn(4);
    const fin = control || random.oneIn(2);
    const opcode = control ? random.pick([8, 9, 9, 10, 10]) : inMessage ? 0 : random.pick([1, 2]);
    if (!control) inMessage = !fin;
    const first = random.oneIn(60) ? random.below(256) : (fin ? 0x80 : 0) | opcode;
    const masked = (role === "server") !== random.oneIn(80);
    const frame = rawFrame(
      first,
      payload(opcode, random),
      masked ? random.below(2 ** 32) : undefined,
    );
    frames.push(random.oneIn(40) ? withLength64(frame, random) : frame);
  }
  const wire = concat(frames);
  return random.oneIn(2) ? wire : mutate(wire, random);
}

function payload(opcode: number, random: Random): Uint8Array<ArrayBuffer> {
  if (opcode === 8) return fromHex(random.pick(["", "03e8", "03e96279", "0fa0", "03ed", "03"]));
  if (opcode > 8) return random.bytes(random.pick([0, 1, 125, random.below(140)]));
  const length = random.pick([0, 1, 3, 130, 1_990, random.below(300)]);
  if (random.oneIn(4)) return new Uint8Array(length).fill(0x61);
  if (random.oneIn(30)) return fromHex(random.pick(INVALID_UTF8).hex);
  const texts = Array.from({ length: random.below(5) }, () => random.pick(VALID_UTF8).hex);
  return fromHex(texts.join(""));
}

/** The frame's header with a 64-bit length instead of its own: not minimal, huge, or negative. */
function withLength64(frame: Uint8Array, random: Random): Uint8Array {
  const header = concat([frame.subarray(0, 2), new Uint8Array(8)]);
  header[1] = header[1]! | 127;
  header[random.pick([2, 3, 5, 9])] = random.below(256);
  return concat([header, frame.subarray(2)]);
}

function mutate(wire: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(wire.length);
  switch (random.below(4)) {
    case 0:
      wire[at] = wire[at]! ^ 1 << random.below(8);
      return wire;
    case 1:
      return wire.slice(0, at);
    case 2:
      return concat([wire.subarray(0, at), wire.subarray(at + 1)]);
    default:
      return concat([wire.subarray(0, at), random.bytes(1), wire.subarray(at)]);
  }
}
