import { assertEquals } from "@std/assert";
import { decodeFrames, roleOf } from "../../../../server/cli/decode/decode_frames.ts";
import {
  count,
  describeFrame,
  nameOf,
  recordOf,
} from "../../../../server/cli/decode/decode_text.ts";
import { fromHex } from "../../../helpers/notation.ts";

function describe(hex: string, payloadBytes = 64): string {
  const bytes = fromHex(hex);
  const frames = [...decodeFrames(bytes, roleOf(bytes))];
  return describeFrame(frames.at(-1)!, payloadBytes).join("\n");
}

function record(hex: string, payloadBytes = 64) {
  const bytes = fromHex(hex);
  return recordOf([...decodeFrames(bytes, roleOf(bytes))].at(-1)!, payloadBytes);
}

Deno.test("describeFrame() says what a masked text means", () => {
  assertEquals(
    describe("8185 37fa213d 7f9f4d5158"),
    `\
  opcode   1 text: begins a message; FIN is 1
  length   5 bytes, in 7 bits
  key      37 fa 21 3d
  payload  48 65 6c 6c 6f
  text     "Hello"
  message  1, all of it`,
  );
});

Deno.test("describeFrame() says what the last frame of a message ends", () => {
  assertEquals(
    describe("0103 48656c  8900  8002 6c6f"),
    `\
  opcode   0 continuation: goes on with a message; FIN is 1
  length   2 bytes, in 7 bits
  payload  6c 6f
  text     "lo"
  message  1, frame 2 of it, the last; 5 bytes in all
  in all   "Hello"`,
  );
});

Deno.test("describeFrame() names a close code, and escapes the reason", () => {
  assertEquals(
    describe("0100  8806 03e8 1b 5b 32 4a"),
    `\
  opcode   8 close: a control frame; FIN is 1
  length   6 bytes, in 7 bits
  payload  03 e8 1b 5b 32 4a
  close    1000 normal closure, reason "\\u001b[2J"
  message  none: a control frame, between the frames of message 1`,
  );
});

for (
  const [payload, meaning] of [
    ["8800", "1005 no status received, no reason"],
    ["8802 0bb8", "3000 registered by a library, no reason"],
    ["8802 1387", "4999 private, no reason"],
  ] as const
) {
  Deno.test(`describeFrame() reads ${payload} as ${meaning}`, () => {
    const line = describe(payload).split("\n").find((line) => line.startsWith("  close "));
    assertEquals(line, `  close    ${meaning}`);
  });
}

Deno.test("describeFrame() shows no more of a payload than asked for, and no half character", () => {
  assertEquals(
    describe("8109 61 f09f9880 626364 65", 4),
    `\
  opcode   1 text: begins a message; FIN is 1
  length   9 bytes, in 7 bits
  payload  61 f0 9f 98 … and 5 more bytes
  text     "a" … and 5 more bytes
  message  1, all of it`,
  );
  assertEquals(describe("8202 0102", 0).split("\n")[2], "  payload  … and 2 more bytes");
});

Deno.test("describeFrame() names the rule that is broken, its section and its close code", () => {
  assertEquals(
    describe("c101 00"),
    `\
  opcode   1 text: begins a message; FIN is 1
  length   1 byte, in 7 bits
  payload  00
  text     "\\u0000"
  broken   RESERVED_BIT_SET: Frame has a reserved bit set: no extension uses it (RFC 6455 5.2)
  answer   close code 1002 protocol error
  hint     with permessage-deflate (RFC 7692) RSV1 marks a compressed message: try --deflate`,
  );
});

Deno.test("describeFrame() says what is missing, and what comes too late", () => {
  assertEquals(
    describe("8800  817e 01"),
    `\
  opcode   1 text: begins a message; FIN is 1
  text     ""
  message  1, all of it
  note     comes after a Close frame, where nobody reads it (RFC 6455 5.5.1)
  cut off  at least 1 byte is missing`,
  );
});

Deno.test("recordOf() has all of it as data", () => {
  assertEquals(record("0001 61"), {
    frame: 1,
    offset: 0,
    bytes: 3,
    fin: false,
    rsv1: false,
    rsv2: false,
    rsv3: false,
    opcode: 0,
    name: "continuation",
    masked: false,
    lengthBits: 7,
    length: 1,
    hex: "61",
    broken: {
      code: "CONTINUATION_UNEXPECTED",
      message: "Continuation frame without a message",
      section: "5.4",
      closeCode: 1002,
    },
  });
  assertEquals(record("0100  8900  0082 01020304 60 6e", 1), {
    frame: 3,
    offset: 4,
    bytes: 8,
    fin: false,
    rsv1: false,
    rsv2: false,
    rsv3: false,
    opcode: 0,
    name: "continuation",
    masked: true,
    lengthBits: 7,
    length: 2,
    key: "01020304",
    hex: "61",
    broken: {
      code: "MASK_FORBIDDEN",
      message: "Frame from a server is masked",
      section: "5.1",
      closeCode: 1002,
    },
  });
});

Deno.test("recordOf() has a message, a close code and what is missing", () => {
  const { close, message, fragment } = record("0100  8802 03e9");
  assertEquals([close, message, fragment], [
    { code: 1001, name: "going away", reason: "" },
    1,
    undefined,
  ]);
  const cut = record("8100  8800  827e 0100 61");
  assertEquals([cut.message, cut.fragment, cut.lengthBits, cut.length], [2, 1, 16, 256]);
  assertEquals([cut.afterClose, cut.missing], [true, 255]);
  assertEquals(record("81").masked, undefined);
});

Deno.test("nameOf() names all opcodes", () => {
  assertEquals([0, 1, 2, 3, 7, 8, 9, 10, 11, 15].map(nameOf), [
    "continuation",
    "text",
    "binary",
    "reserved",
    "reserved",
    "close",
    "ping",
    "pong",
    "reserved",
    "reserved",
  ]);
});

Deno.test("count() writes one thing and many", () => {
  assertEquals([count(1, "byte"), count(0, "frame"), count(65_536n, "byte")], [
    "1 byte",
    "0 frames",
    "65,536 bytes",
  ]);
});
