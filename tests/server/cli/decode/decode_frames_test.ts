import { assert, assertEquals } from "@std/assert";
import { encodeFrame, Opcode, PROTOCOL_ERRORS } from "../../../../protocol/mod.ts";
import {
  type DecodedFrame,
  decodeFrames,
  roleOf,
  RULE_SECTIONS,
} from "../../../../server/cli/decode/decode_frames.ts";
import { concat, fromBits, fromHex } from "../../../helpers/notation.ts";
import { ROOT } from "../../../helpers/process.ts";
import { REFUSED } from "../../../vectors/refused_frames.ts";

/** RFC 6455 5.7: a masked "Hello". */
const HELLO = fromHex("8185 37fa213d 7f9f4d5158");

function decode(bytes: Uint8Array): DecodedFrame[] {
  return [...decodeFrames(bytes, roleOf(bytes))];
}

Deno.test("decodeFrames() reads header, payload and message, and changes no input", () => {
  const before = HELLO.slice();
  const [frame, ...more] = decode(HELLO);
  assertEquals(frame, {
    number: 1,
    offset: 0,
    wire: HELLO,
    header: {
      fin: true,
      reserved: [false, false, false],
      opcode: 1,
      masked: true,
      shortLength: 5,
      extendedLength: new Uint8Array(0),
      length: 5n,
      key: fromHex("37fa213d"),
      size: 6,
    },
    payload: new TextEncoder().encode("Hello"),
    afterClose: false,
    message: { number: 1, fragment: 1, bytes: 5, text: true },
    whole: "Hello",
  });
  assertEquals(more, []);
  assertEquals(HELLO, before);
});

for (
  const [length, shortLength] of [
    [0, 0],
    [125, 125],
    [126, 126],
    [65_535, 126],
    [65_536, 127],
  ] as const
) {
  Deno.test(`decodeFrames() reads a payload of ${length} bytes, and what comes behind it`, () => {
    const binary = encodeFrame(Opcode.Binary, new Uint8Array(length).fill(7));
    const [frame, next] = decode(concat([binary, encodeFrame(Opcode.Ping, "x")]));
    assertEquals(frame?.header.shortLength, shortLength);
    assertEquals(frame?.header.length, BigInt(length));
    assertEquals(frame?.payload, new Uint8Array(length).fill(7));
    assertEquals([next?.offset, next?.number], [binary.length, 2]);
  });
}

Deno.test("decodeFrames() says which message frames belong to", () => {
  const frames = decode(fromHex("0103 48656c  8900  0000  8a00  8002 6c6f  8201 07"));
  assertEquals(
    frames.map(({ message, within, whole }) => [
      message && [message.number, message.fragment, message.bytes, message.text],
      within,
      whole,
    ]),
    [
      [[1, 1, 3, true], undefined, undefined],
      [undefined, 1, undefined],
      [[1, 2, 3, true], undefined, undefined],
      [undefined, 1, undefined],
      [[1, 3, 5, true], undefined, "Hello"],
      [[2, 1, 1, false], undefined, Uint8Array.of(7)],
    ],
  );
});

Deno.test("decodeFrames() reads a close code and a reason, and marks what comes after", () => {
  const [, close, late] = decode(fromHex("8900  8805 03e9 627965  8100"));
  assertEquals(close?.close, { code: 1001, reason: "bye" });
  assertEquals([close?.afterClose, late?.afterClose], [false, true]);
});

// Limits are an endpoint's own: here, the input's end is the only one.
const RULES = REFUSED.filter(({ code }) => code !== "MESSAGE_TOO_BIG");

for (const { name, role: only, headers, code } of RULES) {
  Deno.test(`decodeFrames() names the rule: ${name}`, () => {
    const role = only ?? "server";
    // Empty frames but for the last, which has nothing behind its length.
    const bytes = concat(headers.flatMap(({ bits, length = "" }, index) => [
      fromBits(bits, role),
      fromHex(length),
      new Uint8Array(role === "server" && index < headers.length - 1 ? 4 : 0),
    ]));
    const frames = [...decodeFrames(bytes, role)];
    assertEquals(frames.length, headers.length);
    assertEquals(frames.at(-1)?.broken?.code, code);
  });
}

for (
  const [hex, code] of [
    ["8102 c328", "INVALID_UTF8"],
    ["0101 c3  8001 28", "INVALID_UTF8"],
    ["8801 03", "CLOSE_PAYLOAD_TOO_SHORT"],
    ["8802 03ed", "CLOSE_CODE_INVALID"],
    ["8803 03e8 ff", "CLOSE_REASON_INVALID"],
  ] as const
) {
  Deno.test(`decodeFrames() finds ${code} in ${hex}, and reads nothing behind it`, () => {
    const last = decode(fromHex(`${hex} 8900`)).at(-1);
    assertEquals(last?.broken?.code, code);
    assert(last !== undefined && last.payload.length > 0);
  });
}

Deno.test("decodeFrames() says what is missing, wherever the input is cut", () => {
  const whole = encodeFrame(Opcode.Binary, new Uint8Array(300), {
    maskKey: 0x01020304,
  });
  for (let length = 1; length < whole.length; length++) {
    const frames = [...decodeFrames(whole.subarray(0, length), "server")];
    const least = length === 1 ? 1 : length < 4 ? 8 - length : whole.length - length;
    assertEquals(frames.map(({ missing }) => missing), [
      { bytes: BigInt(least), atLeast: length < 4 },
    ]);
    assertEquals(frames[0]?.payload.length, Math.max(0, length - 8));
  }
  const [huge] = decode(fromHex("827f 7fffffffffffffff 00"));
  assertEquals(huge?.missing, { bytes: 2n ** 63n - 2n, atLeast: false });
});

Deno.test("roleOf() goes by the mask of the first frame", () => {
  assertEquals(roleOf(HELLO), "server");
  assertEquals(roleOf(fromHex("8100")), "client");
  assertEquals(roleOf(fromHex("81")), "client");
});

Deno.test("RULE_SECTIONS agrees with what the errors' documentation says", async () => {
  const source = await Deno.readTextFile(new URL("protocol/errors.ts", ROOT));
  const documented = Object.fromEntries(
    [...source.matchAll(/, ((?:RFC \d+ )?[\d.]+)\. \*\/\n {2}(\w+): CloseCode/g)].map((
      [, section, code],
    ) => [code, section] as const),
  );
  assertEquals(documented, { ...RULE_SECTIONS });
  assertEquals(Object.keys(RULE_SECTIONS), Object.keys(PROTOCOL_ERRORS));
});
