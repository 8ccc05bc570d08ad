import { assertEquals, assertThrows } from "@std/assert";
import { decodeEnvelope, encodeEnvelope } from "../../../server/cluster/envelope.ts";

Deno.test("encodeEnvelope() puts the channel's length and name and the kind before the message", () => {
  assertEquals(
    encodeEnvelope("ab", Uint8Array.of(9, 8)),
    Uint8Array.of(2, 0x61, 0x62, 0, 9, 8),
  );
  assertEquals(encodeEnvelope("", "é"), Uint8Array.of(0, 1, 0xc3, 0xa9));
});

for (
  const data of ["", "text ä€😀", "\ufeffwith a mark", new Uint8Array(0), Uint8Array.of(0, 255)]
) {
  Deno.test(`decodeEnvelope() gives back what was put in: ${JSON.stringify(data)}`, () => {
    for (const channel of ["", "broadcast", "é".repeat(127)]) {
      assertEquals(decodeEnvelope(encodeEnvelope(channel, data)), { channel, data });
    }
  });
}

Deno.test("encodeEnvelope() throws when the channel's name is longer than 255 bytes", () => {
  assertEquals(encodeEnvelope("a".repeat(255), "").length, 257);
  assertThrows(
    () => encodeEnvelope("é".repeat(128), ""),
    RangeError,
    "Cannot publish message as its channel must be <= 255 bytes: received 256 bytes",
  );
});
