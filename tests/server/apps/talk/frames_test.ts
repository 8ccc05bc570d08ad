import { assertEquals, assertThrows } from "@std/assert";
import { decodeImage, encodeImage, sniffImage } from "../../../../server/apps/talk/frames.js";
import { frameImage, parseImage } from "../../../../server/apps/talk_messages.ts";

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];

Deno.test("encodeImage() writes what parseImage() on the server reads", () => {
  const message = encodeImage("Zoë", Uint8Array.of(1, 2, 3));
  assertEquals(parseImage(message, 3), { type: "image", image: Uint8Array.of(1, 2, 3) });
});

Deno.test("decodeImage() reads what frameImage() on the server writes", () => {
  const message = new Uint8Array(frameImage("Zoë", Uint8Array.of(1, 2, 3)));
  assertEquals(decodeImage(message), { name: "Zoë", image: Uint8Array.of(1, 2, 3) });
});

Deno.test("encodeImage() refuses a nickname whose length does not fit one byte", () => {
  assertThrows(
    () => encodeImage("a".repeat(256), Uint8Array.of(1)),
    RangeError,
    "Nickname must be <= 255 bytes in UTF-8: received 256 bytes",
  );
});

Deno.test("decodeImage() gives undefined when the header is longer than the message", () => {
  assertEquals(decodeImage(new Uint8Array(0)), undefined);
  assertEquals(decodeImage(Uint8Array.of(4, ...ascii("ada"))), undefined);
});

Deno.test("sniffImage() knows four types by their first bytes", () => {
  const types: [bytes: number[], type: string | undefined][] = [
    [[0x89, ...ascii("PNG\r\n\x1a\n"), 0], "image/png"],
    [[0xff, 0xd8, 0xff, 0xe0], "image/jpeg"],
    [ascii("GIF87a"), "image/gif"],
    [ascii("GIF89a"), "image/gif"],
    [[...ascii("RIFF"), 1, 2, 3, 4, ...ascii("WEBPVP8 ")], "image/webp"],
    [[], undefined],
    [[0x89, ...ascii("PNG\n\x1a\n")], undefined],
    [ascii("GIF88a"), undefined],
    [[...ascii("RIFF"), 1, 2, 3, 4, ...ascii("WAVE")], undefined],
    [ascii("<svg xmlns='http://www.w3.org/2000/svg'>"), undefined],
    [ascii("<html><script>"), undefined],
  ];
  for (const [bytes, type] of types) assertEquals(sniffImage(Uint8Array.from(bytes)), type);
});
