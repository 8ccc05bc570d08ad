import { assert, assertEquals } from "@std/assert";
import { Utf8Validator } from "../../protocol/utf8.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { Random } from "../helpers/random.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../vectors/utf8.ts";

/** Whether the pieces together are UTF-8. */
function isValid(pieces: Iterable<Uint8Array>): boolean {
  const validator = new Utf8Validator();
  for (const piece of pieces) if (!validator.push(piece)) return false;
  return validator.complete;
}

/** Good text: what lies before it is no longer near the end of its piece. */
const BEHIND = new TextEncoder().encode("text");

/** Which piece does not pass, -1 where all do. */
function failsAt(pieces: readonly Uint8Array[]): number {
  const validator = new Utf8Validator();
  return pieces.findIndex((piece) => !validator.push(piece));
}

/** Which piece holds the byte at this place of the whole, -1 where none does. */
function pieceWith(pieces: readonly Uint8Array[], at: number): number {
  let end = 0;
  return pieces.findIndex((piece) => (end += piece.length) > at);
}

/** How many bytes pass, fed one at a time. */
function passed(bytes: Uint8Array): number {
  const validator = new Utf8Validator();
  const at = bytes.findIndex((byte) => !validator.push(Uint8Array.of(byte)));
  return at === -1 ? bytes.length : at;
}

/** The independent twin. */
function platformSaysValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The same, one byte at a time. */
function platformPassed(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = 0; at < bytes.length; at++) {
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      return at;
    }
  }
  return bytes.length;
}

Deno.test("Utf8Validator takes valid text however it is cut (8.1)", () => {
  for (const { name, hex } of VALID_UTF8) {
    const bytes = fromHex(hex);
    assert(platformSaysValid(bytes), `The vector is wrong: ${name}`);
    forEveryChunking(bytes, (pieces) => assert(isValid(pieces), name));
  }
});

Deno.test("Utf8Validator refuses invalid text however it is cut (8.1)", () => {
  for (const { name, hex } of INVALID_UTF8) {
    const bytes = fromHex(hex);
    assert(!platformSaysValid(bytes), `The vector is wrong: ${name}`);
    forEveryChunking(bytes, (pieces) => assert(!isValid(pieces), name));
  }
});

Deno.test("Utf8Validator fails at the first bad byte and not before (8.1)", () => {
  for (const { name, hex, badAt } of INVALID_UTF8) {
    const bytes = fromHex(hex);
    assertEquals(platformPassed(bytes), badAt, `The vector is wrong: ${name}`);
    assertEquals(passed(bytes), badAt, name);
    // As one piece: all before the bad byte passes, with it nothing does.
    assert(new Utf8Validator().push(bytes.subarray(0, badAt)), name);
    if (badAt < bytes.length) {
      assert(!new Utf8Validator().push(bytes.subarray(0, badAt + 1)), name);
    }
  }
});

Deno.test("Utf8Validator is complete between characters only", () => {
  const validator = new Utf8Validator();
  assert(validator.complete);
  for (const [hex, complete] of [["f0", 0], ["9f", 0], ["98", 0], ["80", 1], ["c3", 0]] as const) {
    assert(validator.push(fromHex(hex)));
    assertEquals(validator.complete, complete === 1, hex);
  }
  assert(validator.push(new Uint8Array(0)));
  assert(!validator.complete);
});

Deno.test("Utf8Validator tells how much of a character has come while it is cut off", () => {
  for (const { hex } of VALID_UTF8) {
    const bytes = concat([fromHex(hex), BEHIND]);
    forEveryChunking(bytes, (pieces) => {
      const validator = new Utf8Validator();
      let end = 0;
      for (const piece of pieces) {
        assert(validator.push(piece));
        end += piece.length;
        let start = end;
        while (start > 0 && !platformSaysValid(bytes.subarray(0, start))) start--;
        assertEquals(validator.begun, end - start, `${hex}, ${end} bytes`);
      }
    });
  }
});

Deno.test("Utf8Validator knows every character of Unicode, and that surrogates are none", () => {
  for (let point = 0; point <= 0x10ffff; point += point < 0x3000 ? 1 : 61) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const bytes = new TextEncoder().encode(String.fromCodePoint(point));
    // Alone it is judged byte by byte, before other text as a whole.
    assert(isValid([bytes]), `U+${point.toString(16)}`);
    assert(isValid([concat([bytes, BEHIND])]), `U+${point.toString(16)}`);
  }
  for (let point = 0xd800; point <= 0xdfff; point++) {
    const bytes = Uint8Array.of(0xed, 0x80 | point >> 6 & 0x3f, 0x80 | point & 0x3f);
    assertEquals(passed(bytes), 1, `U+${point.toString(16)}`);
    assert(!isValid([concat([bytes, BEHIND])]), `U+${point.toString(16)}`);
  }
});

Deno.test("Utf8Validator judges every pair of bytes as the platform does", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let first = 0x80; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      // With good continuation bytes after it, a pair that can begin a character is valid.
      const bytes = Uint8Array.of(first, second, 0x80, 0x80);
      const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      let valid = true;
      try {
        decoder.decode(bytes.subarray(0, length));
      } catch {
        valid = false;
      }
      const character = bytes.subarray(0, length);
      assertEquals(isValid([character]), valid, toHex(character));
      assertEquals(isValid([concat([character, BEHIND])]), valid, `${toHex(character)} and text`);
    }
  }
});

Deno.test("Utf8Validator judges every third and fourth byte as the platform does", () => {
  for (const [hex, behind] of [["e282", ""], ["f09f", "80"], ["f09f98", ""]] as const) {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = concat([fromHex(hex), Uint8Array.of(byte), fromHex(behind)]);
      const expected = platformSaysValid(bytes);
      assertEquals(isValid([bytes]), expected, toHex(bytes));
      assertEquals(isValid([concat([bytes, BEHIND])]), expected, `${toHex(bytes)} and text`);
    }
  }
});

Deno.test("Utf8Validator finds a bad byte at every place among ASCII, at every alignment", () => {
  // Long runs of ASCII are skipped by eight words: the borders are where a slip would show.
  for (const length of [1, 3, 4, 63, 64, 65, 70, 96, 131, 200]) {
    for (let byteOffset = 0; byteOffset < 4; byteOffset++) {
      const buffer = new Uint8Array(byteOffset + length + 8);
      // The neighbours are bad, so that looking beyond the view fails too.
      buffer.fill(0xff);
      const text = buffer.subarray(byteOffset, byteOffset + length).fill(0x61);
      assert(isValid([text]), `length ${length}, byteOffset ${byteOffset}`);
      for (let at = 0; at < length; at++) {
        for (const bad of [0x80, 0xff]) {
          text[at] = bad;
          assert(!new Utf8Validator().push(text), `${bad} at ${at} of ${length}, ${byteOffset}`);
          text[at] = 0x61;
        }
      }
    }
  }
});

Deno.test("Utf8Validator agrees with TextDecoder on random and mutated text at random cuts", () => {
  const random = new Random(81);
  let invalid = 0;
  for (let round = 0; round < 600; round++) {
    const bytes = random.oneIn(8) ? random.bytes(random.below(12)) : mutatedText(random);
    const expected = platformSaysValid(bytes);
    if (!expected) invalid++;
    const name = `round ${round} of seed ${random.seed}: ${toHex(bytes)}`;
    forEveryChunking(
      bytes,
      (pieces) => assertEquals(isValid(pieces), expected, name),
      [round, round + 1_000_000],
    );
    if (round % 4 === 0) assertEquals(passed(bytes), platformPassed(bytes), name);
  }
  assert(invalid > 100 && invalid < 500, `The input is one-sided: ${invalid} of 600 are invalid`);
});

Deno.test("Utf8Validator fails in the piece with the first bad byte, whatever follows (8.1)", () => {
  const random = new Random(82);
  let failed = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = concat([mutatedText(random), mutatedText(random)]);
    const badAt = platformPassed(bytes);
    const name = `round ${round} of seed ${random.seed}: ${toHex(bytes)}`;
    if (badAt < bytes.length) failed++;
    forEveryChunking(
      bytes,
      (pieces) => assertEquals(failsAt(pieces), pieceWith(pieces, badAt), name),
      [round, round + 1_000_000],
    );
  }
  assert(failed > 100 && failed < 300, `The input is one-sided: ${failed} of 400 have a bad byte`);
});

/** Characters of all lengths and runs of ASCII, half of the time with a byte changed, lost or added. */
function mutatedText(random: Random): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let count = random.below(8); count >= 0; count--) {
    parts.push(
      random.oneIn(3)
        ? new Uint8Array(random.below(150)).fill(0x20 + random.below(0x5f))
        : fromHex(random.pick(VALID_UTF8).hex),
    );
  }
  const bytes = concat(parts);
  if (bytes.length === 0 || random.oneIn(2)) return bytes;
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      return bytes.slice(0, at);
    case 2:
      return concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    default:
      return concat([bytes.subarray(0, at), random.bytes(1), bytes.subarray(at)]);
  }
}
