import { applyMask } from "../../protocol/mod.ts";
import { compare } from "./compare.ts";
import { MASK_KEY, noise, SIZES } from "./inputs.ts";

/** Where a payload lies in memory: behind a header of 8 bytes a word begins, behind one of 6 not. */
const PLACES = { aligned: 8, unaligned: 6 } as const;

/** RFC 6455 5.3 to the letter; what ws does too where it has no native code. */
function naiveMask(bytes: Uint8Array, key: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= key[i & 3]!;
}

/** Masks in place, so that every second run of the same way gives the bytes back. */
function ways(length: number, lead: number): Record<string, () => Uint8Array> {
  const place = () => new Uint8Array(lead + length).subarray(lead);
  const bytes = place();
  bytes.set(noise(length));
  const copy = place();
  copy.set(bytes);
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, MASK_KEY);
  return {
    "applyMask": () => {
      applyMask(bytes, MASK_KEY);
      return bytes;
    },
    "naive twin": () => {
      naiveMask(copy, key);
      return copy;
    },
  };
}

for (const [size, length] of Object.entries(SIZES)) {
  for (const [place, lead] of Object.entries(PLACES)) {
    compare({ group: `unmask ${size}, ${place}`, input: undefined, ways: ways(length, lead) });
  }
}
