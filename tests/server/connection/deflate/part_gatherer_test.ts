import { assert, assertEquals } from "@std/assert";
import { PartGatherer } from "../../../../server/connection/deflate/part_gatherer.ts";
import { sameBytes } from "../../../helpers/deflate_messages.ts";
import { concat, fromHex } from "../../../helpers/notation.ts";
import { Random } from "../../../helpers/random.ts";

const PART = 65_536;

Deno.test("PartGatherer makes parts of 64 KiB and takes the tail off, however the pieces lie", () => {
  const random = new Random(1);
  for (const size of [1, 2, 100, PART - 1, PART, PART + 1, PART + 4, PART + 5, 2 * PART + 9]) {
    for (const longest of [200, PART, 300_000]) {
      const payload = random.bytes(size);
      const message = concat([payload, fromHex("00 00 ff ff")]);
      const gatherer = new PartGatherer();
      const parts: Uint8Array[] = [];
      for (let at = 0; at < message.length;) {
        const length = 1 + random.below(Math.min(longest, message.length - at));
        parts.push(...gatherer.push(message.slice(at, at + length)));
        at += length;
      }
      parts.push(gatherer.rest());
      assert(sameBytes(concat(parts), payload), `${size} in pieces of up to ${longest}`);
      const last = parts.pop()!;
      assert(last.length > 0 && last.length <= PART, `${last.length}`);
      assertEquals(parts.filter(({ length }) => length !== PART), []);
    }
  }
});
