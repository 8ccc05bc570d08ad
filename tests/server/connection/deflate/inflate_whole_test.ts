import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../../protocol/mod.ts";
import { deflateAlone } from "../../../../server/connection/deflate/deflate_alone.ts";
import { inflateWhole } from "../../../../server/connection/deflate/inflate_whole.ts";
import { randomMessage } from "../../../helpers/deflate_messages.ts";
import { concat, fromHex, toHex } from "../../../helpers/notation.ts";
import { Random } from "../../../helpers/random.ts";

const SETTINGS = { windowBits: 15, level: 6, memLevel: 8 };

// What it makes of every kind of message is tested with Inflater, which uses it.

Deno.test("inflateWhole() inflates what is small on the wire and in memory, and leaves the rest", () => {
  const small = randomMessage(new Random(1), 3_000);
  const pieces = inflateWhole(deflateAlone(small, SETTINGS), 15, 100_000);
  assertEquals(toHex(concat(pieces!)), toHex(small));
  const zeros = (length: number) => deflateAlone(new Uint8Array(length), SETTINGS);
  assertEquals(concat(inflateWhole(zeros(65_536), 15, 100_000)!).length, 65_536);
  assertStrictEquals(inflateWhole(zeros(65_537), 15, 100_000), undefined);
  assertStrictEquals(inflateWhole(new Random(2).bytes(16_385), 15, 100_000), undefined);
});

Deno.test("inflateWhole() refuses what is beyond a limit that is small itself", () => {
  const payload = deflateAlone(new Uint8Array(1_001), SETTINGS);
  const error = assertThrows(() => inflateWhole(payload, 15, 1_000), ProtocolError);
  assertEquals(error.code, "MESSAGE_TOO_BIG");
  assertThrows(() => inflateWhole(payload, 15, 0), ProtocolError, "more than 0 bytes");
  assertEquals(inflateWhole(fromHex("00"), 15, 0), []);
});

Deno.test("inflateWhole() gives pieces that the next call does not change", () => {
  const payload = fromHex("f2 48 cd c9 c9 07 00");
  const [first] = inflateWhole(payload, 15, 100)!;
  const [second] = inflateWhole(fromHex("4a cc 49 06 00"), 15, 100) ?? [];
  assertEquals(toHex(first!), "48 65 6c 6c 6f");
  assert(second !== undefined && toHex(second) !== toHex(first!));
  assertEquals(toHex(payload), "f2 48 cd c9 c9 07 00");
});
