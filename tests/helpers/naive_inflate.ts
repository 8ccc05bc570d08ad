/** What an inflater that looks at everything has seen. */
export interface Inflated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The longest distance that a reference goes back; 0 without one. */
  readonly distance: number;
  /** The kinds of the blocks, in order: 0 without compression, 1 with fixed codes, 2 with its own. */
  readonly blocks: readonly number[];
}

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59]
  .concat([67, 83, 99, 115, 131, 163, 195, 227, 258]);
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED_LENGTHS = [[8, 144], [9, 112], [7, 24], [8, 8]]
  .flatMap(([bits = 0, count = 0]) => Array<number>(count).fill(bits));

/**
 * Inflates DEFLATE (RFC 1951) the naive way, bit by bit, so that a test shares no code with zlib and
 * sees how far back references go. A message ends where its bits do.
 *
 * @param deflated The blocks, the four bytes that RFC 7692 takes off put back.
 * @param history What came before, where references may go too.
 */
export function naiveInflate(deflated: Uint8Array, history = new Uint8Array(0)): Inflated {
  const out = [...history];
  const blocks: number[] = [];
  let distance = 0;
  let at = 0;
  const bit = (): number => {
    const byte = deflated[at >> 3];
    if (byte === undefined) throw new Error("DEFLATE breaks off");
    return byte >> (at++ & 7) & 1;
  };
  const bits = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index++) value += bit() << index;
    return value;
  };
  const symbol = (codes: Codes): number => {
    for (let code = 1;;) {
      code = code << 1 | bit();
      const found = codes.get(code);
      if (found !== undefined) return found;
      if (code >= 1 << 16) throw new Error("DEFLATE has no such code");
    }
  };
  const stored = () => {
    at = at + 7 & ~7;
    const length = bits(16);
    if ((bits(16) ^ length) !== 0xffff) throw new Error("DEFLATE has a wrong length");
    for (let left = length; left > 0; left--) out.push(bits(8));
  };
  const ownCodes = (): [Codes, Codes] => {
    const [literals, distances, count] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const codeLengths = Array<number>(19).fill(0);
    for (let index = 0; index < count; index++) codeLengths[CODE_ORDER[index]!] = bits(3);
    const codes = codesOf(codeLengths);
    const lengths: number[] = [];
    while (lengths.length < literals + distances) {
      const found = symbol(codes);
      if (found < 16) lengths.push(found);
      else if (found === 16) lengths.push(...Array<number>(bits(2) + 3).fill(lengths.at(-1)!));
      else lengths.push(...Array<number>(found === 17 ? bits(3) + 3 : bits(7) + 11).fill(0));
    }
    return [codesOf(lengths.slice(0, literals)), codesOf(lengths.slice(literals))];
  };
  const compressed = ([literals, distances]: [Codes, Codes]) => {
    for (let found = symbol(literals); found !== 256; found = symbol(literals)) {
      if (found < 256) {
        out.push(found);
        continue;
      }
      const step = found - 257;
      const further = step < 8 || step === 28 ? 0 : (step >> 2) - 1;
      const length = LENGTH_BASE[step]! + bits(further);
      const far = symbol(distances);
      const extra = far < 4 ? 0 : (far >> 1) - 1;
      const back = (far < 4 ? far : (2 + (far & 1)) << extra) + 1 + bits(extra);
      if (back > out.length) throw new Error("DEFLATE refers to what was not there");
      distance = Math.max(distance, back);
      for (let left = length; left > 0; left--) out.push(out[out.length - back]!);
    }
  };

  while (deflated.length * 8 - at >= 8) {
    const final = bit();
    const kind = bits(2);
    blocks.push(kind);
    if (kind === 0) stored();
    else if (kind === 1) compressed([codesOf(FIXED_LENGTHS), codesOf(Array(30).fill(5))]);
    else if (kind === 2) compressed(ownCodes());
    else throw new Error("DEFLATE has a block of no kind");
    if (final === 1) at = at + 7 & ~7; // RFC 7692 7.2.1: padded, and another may follow
  }
  return { bytes: Uint8Array.from(out.slice(history.length)), distance, blocks };
}

/** Symbols by their codes, with a 1 in front that tells 0 from 00. */
type Codes = ReadonlyMap<number, number>;

/** Gives each symbol its code, from how many bits the codes have (RFC 1951 3.2.2). */
function codesOf(lengths: readonly number[]): Codes {
  const codes = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, bits] of lengths.entries()) {
      if (bits === length) codes.set(1 << length | code++, symbol);
    }
    code <<= 1;
  }
  return codes;
}
