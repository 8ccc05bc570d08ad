import { assertEquals } from "@std/assert";
import { frameImage } from "../../../../server/apps/talk_messages.ts";
import { imageKind, talkImage } from "../../../../server/cli/connect/image_kind.ts";

/** Bytes, written as Latin-1. */
function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const BEGINNINGS = [
  ["PNG", "\x89PNG\r\n\x1a\n...."],
  ["JPEG", "\xff\xd8\xff\xe0"],
  ["GIF", "GIF89a\x01"],
  ["WebP", "RIFF\x01\x02\x03\x04WEBPVP8 "],
  ["AVIF", "\0\0\0\x1cftypavif\0"],
  ["BMP", "BM\x46\0\0\0\0\0\0\0\x36"],
  ["TIFF", "II*\0\x08"],
] as const;

for (const [kind, beginning] of BEGINNINGS) {
  Deno.test(`imageKind() knows ${kind}, and not half of its beginning`, () => {
    assertEquals(imageKind(bytes(beginning)), kind);
    assertEquals(imageKind(bytes(beginning.slice(0, 2))), undefined);
    assertEquals(imageKind(bytes(`x${beginning}`)), undefined);
  });
}

Deno.test("imageKind() knows no text, and no empty file", () => {
  assertEquals(imageKind(bytes("RIFF....WAVEfmt ")), undefined);
  assertEquals(imageKind(bytes("<svg>")), undefined);
  assertEquals(imageKind(bytes("")), undefined);
});

Deno.test("talkImage() reads what the talk app frames", () => {
  for (const [kind, beginning] of BEGINNINGS) {
    const message = frameImage("Zo\u00eb", bytes(beginning));
    assertEquals(talkImage(message), { name: "Zo\u00eb", kind, length: beginning.length });
  }
});

Deno.test("talkImage() takes nothing else for one", () => {
  const png = bytes("\x89PNG\r\n\x1a\n....");
  for (
    const message of [
      new Uint8Array(0),
      Uint8Array.of(200, 1),
      png,
      Uint8Array.of(0, ...png),
      Uint8Array.of(1, 0xff, ...png), // no UTF-8
      frameImage("Ada", bytes("no image")),
    ]
  ) {
    assertEquals(talkImage(message), undefined);
  }
});
