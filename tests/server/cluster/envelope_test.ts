import { assertEquals, assertThrows } from "@std/assert";
import { decodeEnvelope, encodeEnvelope } from "../../../server/cluster/envelope.ts";

Deno.test("encodeEnvelope() puts the channel's length and name and the kind before the message", () => {
  assertEquals(
    encodeEnvelope("ab", Uint8Array.of(9, 8)),
    Uint8Array.of(0, 2, 0x61, 0x62, 0, 9, 8),
  );
  assertEquals(encodeEnvelope("", "é"), Uint8Array.of(0, 0, 1, 0xc3, 0xa9));
});

for (
  const data of ["", "text ä€😀", "\ufeffwith a mark", new Uint8Array(0), Uint8Array.of(0, 255)]
) {
  Deno.test(`decodeEnvelope() gives back what was put in: ${JSON.stringify(data)}`, () => {
    for (const channel of ["", "broadcast", "é".repeat(127), "é".repeat(256)]) {
      assertEquals(decodeEnvelope(encodeEnvelope(channel, data)), { channel, data });
    }
  });
}

Deno.test("encodeEnvelope() throws when the channel's name is longer than 512 bytes", () => {
  assertEquals(encodeEnvelope("a".repeat(512), "").length, 515);
  assertThrows(
    () => encodeEnvelope("é".repeat(257), ""),
    RangeError,
    "Cannot publish message as its channel must be <= 512 bytes: received 514 bytes",
  );
});
