import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseInput, readAll } from "../../../../server/cli/decode/decode_input.ts";

const BYTES = Uint8Array.of(0x81, 0x05, 0xfb, 0xff, 0x3e);

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

for (
  const [text, format] of [
    ["8105fbff3e", "hex"],
    ["81 05 FB ff\t3e\r\n", "hex"],
    ["81:05:fb:ff:3e", "hex"],
    ["0x81, 0x05,0xfb,\n0xff, 0X3E", "hex"],
    ["0x8105fbff3e", "hex"],
    ["gQX7/z4=\n", "base64"],
    ["gQX7\n/z4", "base64"],
    ["gQX7_z4", "base64"],
  ] as const
) {
  Deno.test(`parseInput() takes ${JSON.stringify(text)} for ${format}`, () => {
    assertEquals(parseInput(bytesOf(text), "auto"), { bytes: BYTES, format });
    assertEquals(parseInput(bytesOf(text), format), { bytes: BYTES, format });
  });
}

Deno.test("parseInput() takes bytes that are no text for frames", () => {
  assertEquals(parseInput(BYTES, "auto"), { bytes: BYTES, format: "binary" });
  const ping = Uint8Array.of(0x89, 0x00);
  assertEquals(parseInput(ping, "auto").format, "binary");
});

Deno.test("parseInput() reads as it is told to", () => {
  assertEquals(parseInput(bytesOf("8105"), "base64").bytes.length, 3);
  assertEquals(parseInput(bytesOf("8105"), "binary").bytes, bytesOf("8105"));
});

Deno.test("parseInput() has no bytes for an empty input", () => {
  assertEquals(parseInput(new Uint8Array(0), "auto").bytes.length, 0);
});

for (
  const [text, format, part] of [
    ["810", "auto", "not hex"],
    ["hello!", "auto", "neither hex nor base64"],
    ["gQX7_z4+", "auto", "neither hex nor base64"],
    ["8g", "hex", "not hex"],
    ["\x81", "hex", "not hex"],
    ["g", "base64", "not base64"],
    ["\x81", "base64", "not base64"],
  ] as const
) {
  Deno.test(`parseInput() refuses ${JSON.stringify(text)} as ${format}`, () => {
    const input = Uint8Array.from(text, (character) => character.charCodeAt(0));
    assertThrows(() => parseInput(input, format), SyntaxError, part);
  });
}

Deno.test("readAll() joins what comes, up to a bound", async () => {
  const stream = () => ReadableStream.from([BYTES.subarray(0, 2), BYTES.subarray(2)]);
  assertEquals(await readAll(stream(), 5), BYTES);
  await assertRejects(() => readAll(stream(), 4), RangeError, "at most 4 bytes");
});
