import { assert, assertEquals } from "@std/assert";
import {
  encodeFrame,
  type FrameOptions,
  headerLength,
  maxTextFrameLength,
  writeFrame,
  writeHeader,
  writeTextFrame,
} from "../../protocol/frame_encoder.ts";
import { FrameDecoder } from "../../protocol/frame_decoder.ts";
import { Opcode } from "../../protocol/opcode.ts";
import { collectFrames } from "../helpers/collect_frames.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { Random } from "../helpers/random.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";
import { type ExpectedFrame, FRAMES } from "../vectors/frames.ts";
import { VALID_UTF8 } from "../vectors/utf8.ts";

const LENGTHS = [0, 1, 124, 125, 126, 127, 255, 256, 65_534, 65_535, 65_536, 65_537, 200_000];
const GUARD = 0xa5;

function payloadOf({ payload, zeros = 0 }: ExpectedFrame): Uint8Array<ArrayBuffer> {
  return concat([fromHex(payload), new Uint8Array(zeros)]);
}

function optionsOf({ fin, maskKey }: ExpectedFrame): FrameOptions {
  return maskKey === undefined ? { fin } : { fin, maskKey };
}

/** assertEquals() is slow on long arrays, and its report of no use there. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array, message: string): void {
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  assertEquals([actual.length, at], [expected.length, -1], `${message}: index ${at} differs`);
}

for (const vector of FRAMES) {
  Deno.test(`encodeFrame() writes ${vector.name}`, () => {
    const wire = concat([fromHex(vector.wire.join("")), new Uint8Array(vector.zeros ?? 0)]);
    const frames = vector.frames.map((frame) =>
      encodeFrame(frame.opcode, payloadOf(frame), optionsOf(frame))
    );
    assertSameBytes(concat(frames), wire, vector.name);
  });
}

Deno.test("encodeFrame() agrees with its naive twin at all three forms of length (5.2, 5.3)", () => {
  const random = new Random(52);
  for (const length of LENGTHS) {
    const payload = random.bytes(length);
    const name = `length ${length}`;
    assertSameBytes(encodeFrame(Opcode.Binary, payload), rawFrame(0x82, payload), name);
    assertSameBytes(
      encodeFrame(Opcode.Continuation, payload, { fin: false, maskKey: KEY }),
      rawFrame(0x00, payload, KEY),
      name,
    );
  }
});

Deno.test("encodeFrame() writes what FrameDecoder reads, in both roles", () => {
  const random = new Random(53);
  for (const role of ["server", "client"] as const) {
    for (const length of LENGTHS.slice(0, -1)) {
      const payload = random.bytes(length);
      const options = role === "server" ? { maskKey: random.below(2 ** 32) } : {};
      const { frames, error } = collectFrames(new FrameDecoder({ role }), [
        encodeFrame(Opcode.Binary, payload, options),
      ]);
      assertEquals(error, undefined);
      assert(frames.join() === `fin 2 of ${length}: ${toHex(payload)}`.trimEnd(), `${length}`);
    }
  }
});

Deno.test("encodeFrame() does not touch the caller's bytes, masked or not", () => {
  for (const length of [5, 125, 126, 1_000]) {
    const payload = new Random(length).bytes(length);
    const copy = payload.slice();
    const plain = encodeFrame(Opcode.Binary, payload);
    const masked = encodeFrame(Opcode.Binary, payload, { maskKey: KEY });
    assertEquals(payload, copy);
    // Nor is it the caller's buffer that comes out.
    plain.fill(0);
    masked.fill(0);
    assertEquals(payload, copy);
  }
});

Deno.test("encodeFrame() masks with a key of 0 as with any other, and with a signed one (5.3)", () => {
  assertEquals(
    toHex(encodeFrame(Opcode.Pong, fromHex("61"), { maskKey: 0 })),
    "8a 81 00 00 00 00 61",
  );
  assertEquals(
    encodeFrame(Opcode.Text, "Hello", { maskKey: 0x89abcdef }),
    encodeFrame(Opcode.Text, "Hello", { maskKey: 0x89abcdef | 0 }),
  );
});

Deno.test("encodeFrame() sets FIN unless told otherwise, and no reserved bit (5.2)", () => {
  for (const opcode of Object.values(Opcode)) {
    assertEquals(encodeFrame(opcode, "")[0], 0x80 + opcode);
    assertEquals(encodeFrame(opcode, "", {})[0], 0x80 + opcode);
    assertEquals(encodeFrame(opcode, "", { fin: true })[0], 0x80 + opcode);
    assertEquals(encodeFrame(opcode, "", { fin: false })[0], opcode);
  }
});

Deno.test("encodeFrame() sets RSV1 for the first frame of a compressed message (RFC 7692 7.2.3.1)", () => {
  const payload = fromHex("f2 48 cd c9 c9 07 00");
  const whole = encodeFrame(Opcode.Text, payload, { compressed: true });
  assertEquals(toHex(whole), "c1 07 f2 48 cd c9 c9 07 00");
  const options = { compressed: true, fin: false };
  const first = encodeFrame(Opcode.Text, payload.subarray(0, 3), options);
  assertEquals(toHex(first), "41 03 f2 48 cd");
  const rest = encodeFrame(Opcode.Continuation, payload.subarray(3));
  assertEquals(toHex(rest), "80 04 c9 c9 07 00");
});

Deno.test("encodeFrame() writes strings as UTF-8 (5.6)", () => {
  for (const { name, hex, text } of VALID_UTF8) {
    assertEquals(encodeFrame(Opcode.Text, text), rawFrame(0x81, fromHex(hex)), name);
    const masked = encodeFrame(Opcode.Text, text, { maskKey: KEY });
    assertEquals(masked, rawFrame(0x81, fromHex(hex), KEY), name);
  }
});

Deno.test("encodeFrame() takes a view on a larger buffer", () => {
  const buffer = fromHex("ff 61 62 ff");
  assertEquals(toHex(encodeFrame(Opcode.Text, buffer.subarray(1, 3))), "81 02 61 62");
});

Deno.test("headerLength() changes at 126 and 65,536 (5.2)", () => {
  const cases: [number, number][] = [
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
    [2 ** 32, 10],
    [Number.MAX_SAFE_INTEGER, 10],
  ];
  for (const [length, expected] of cases) {
    assertEquals(headerLength(length), expected, `${length}`);
    assertEquals(headerLength(length, false), expected, `${length}`);
    assertEquals(headerLength(length, true), expected + 4, `${length}, masked`);
  }
});

Deno.test("writeHeader() writes 64-bit lengths to 2^53 - 1, at a position, and nothing else (5.2)", () => {
  const cases: [number, string][] = [
    [0, "82 00"],
    [125, "82 7d"],
    [126, "82 7e 00 7e"],
    [65_535, "82 7e ff ff"],
    [65_536, "82 7f 00 00 00 00 00 01 00 00"],
    [2 ** 31, "82 7f 00 00 00 00 80 00 00 00"],
    [2 ** 32 - 1, "82 7f 00 00 00 00 ff ff ff ff"],
    [2 ** 32, "82 7f 00 00 00 01 00 00 00 00"],
    [2 ** 40 + 0x01020304, "82 7f 00 00 01 00 01 02 03 04"],
    [Number.MAX_SAFE_INTEGER, "82 7f 00 1f ff ff ff ff ff ff"],
  ];
  for (const [length, hex] of cases) {
    const header = fromHex(hex);
    const target = new Uint8Array(20).fill(GUARD);
    assertEquals(writeHeader(target, 3, Opcode.Binary, length), 3 + header.length);
    const expected = new Uint8Array(20).fill(GUARD);
    expected.set(header, 3);
    assertEquals(target, expected, `length ${length}`);

    const maskKey = 0x37fa213d;
    assertEquals(writeHeader(target, 3, Opcode.Binary, length, { maskKey }), 7 + header.length);
    expected.set(header, 3);
    expected[4]! += 0x80;
    expected.set(fromHex("37 fa 21 3d"), 3 + header.length);
    assertEquals(target, expected, `length ${length}, masked`);
  }
});

Deno.test("writeFrame() writes frames side by side, and nothing else", () => {
  const payload = new Random(4).bytes(130);
  const copy = payload.slice();
  const target = new Uint8Array(300).fill(GUARD);
  let at = writeFrame(target, 5, Opcode.Binary, payload);
  at = writeFrame(target, at, Opcode.Text, payload.subarray(0, 3), { maskKey: KEY, fin: false });
  const written = concat([rawFrame(0x82, payload), rawFrame(0x01, payload.subarray(0, 3), KEY)]);
  assertEquals(at, 5 + written.length);
  assertEquals(target.subarray(5, at), written);
  assert([...target.subarray(0, 5), ...target.subarray(at)].every((byte) => byte === GUARD));
  assertEquals(payload, copy);
});

Deno.test("writeTextFrame() writes what encodeFrame() writes, in the room of maxTextFrameLength()", () => {
  const units = ["a", "é", "€", "\u{1f600}", "\ud800", "a€"];
  const counts = [0, 1, 41, 42, 43, 62, 63, 64, 124, 125, 126, 127, 21_845, 21_846, 32_767, 32_768];
  for (const unit of units) {
    for (const count of [...counts, 65_535, 65_536]) {
      const text = unit.repeat(count);
      const name = `${count} of ${JSON.stringify(unit)}`;
      const expected = encodeFrame(Opcode.Text, text);
      const room = maxTextFrameLength(text);
      assert(room >= expected.length, name);
      const target = new Uint8Array(3 + room).fill(GUARD);
      const end = writeTextFrame(target, 3, text);
      assertSameBytes(target.subarray(3, end), expected, name);
      assert(target.subarray(0, 3).every((byte) => byte === GUARD), name);
    }
  }
});

Deno.test("writeTextFrame() moves the text when its header turns out longer", () => {
  const target = new Uint8Array(maxTextFrameLength("é".repeat(63)));
  const end = writeTextFrame(target, 0, "é".repeat(63)); // 63 units, 126 bytes
  assertEquals(end, 130);
  assertEquals(toHex(target.subarray(0, 6)), "81 7e 00 7e c3 a9");
  assertEquals(toHex(target.subarray(128, 130)), "c3 a9");
});

Deno.test("writeTextFrame() keeps a byte order mark and replaces lone surrogates (5.6)", () => {
  const cases: [string, string][] = [["\ufeffa", "81 04 ef bb bf 61"], [
    "\udc00",
    "81 03 ef bf bd",
  ]];
  for (const [text, hex] of cases) {
    const target = new Uint8Array(maxTextFrameLength(text));
    assertEquals(toHex(target.subarray(0, writeTextFrame(target, 0, text))), hex);
  }
});
