import { assert, assertEquals } from "@std/assert";
import { drawMessage, messageOf } from "../../../bench/soak/traffic.ts";
import { Opcode } from "../../../protocol/mod.ts";
import { Random } from "../../helpers/random.ts";

/** Draws from 0 to 1, the same in every run. */
function draws(): () => number {
  const random = new Random(7);
  return () => random.below(1_000_000) / 1_000_000;
}

Deno.test("drawMessage() draws text and binary, short and long, whole and in frames", () => {
  const random = draws();
  const messages = Array.from({ length: 2_000 }, () => drawMessage(random));
  const lengths = messages.map(({ payload }) => payload.length);
  assert(lengths.every((length) => length >= 1 && length <= 1_048_576));
  assert(lengths.some((length) => length < 4));
  assert(lengths.some((length) => length > 60_000 && length <= 65_536));
  assert(lengths.some((length) => length > 1_048_572));
  assertEquals(new Set(messages.map(({ frames }) => frames)), new Set([1, 3]));
  assertEquals(
    new Set(messages.map(({ opcode }) => opcode)),
    new Set([Opcode.Text, Opcode.Binary]),
  );
});

Deno.test("messageOf() makes texts that are UTF-8 up to their end", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let length = 1; length <= 30; length++) {
    const { opcode, payload } = messageOf(length, () => 0.4);
    assertEquals(opcode, Opcode.Text);
    assert(payload.length <= length && payload.length > length - 4);
    assert(decoder.decode(payload).startsWith("a"));
  }
});

Deno.test("messageOf() makes binary messages that differ", () => {
  const random = draws();
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { opcode, payload } = messageOf(16, random);
    if (opcode === Opcode.Binary) seen.add(payload.join());
  }
  assert(seen.size > 30);
});
