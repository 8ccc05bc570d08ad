import { assertThrows } from "@std/assert";
import { checkTopicName } from "../../../server/topics/topic_name.ts";

Deno.test("checkTopicName() takes 1 to maxBytes bytes of UTF-8", () => {
  for (const name of ["a", "\0", "room:*", "é".repeat(127), "a".repeat(255), "😀"]) {
    checkTopicName(name, 255);
  }
  for (const name of ["", "é".repeat(128), "a".repeat(256)]) {
    assertThrows(() => checkTopicName(name, 255), RangeError, "Topic must have 1 to 255 bytes");
  }
});

Deno.test("checkTopicName() refuses what is not a string, and a lone surrogate", () => {
  assertThrows(() => checkTopicName(1 as unknown as string, 255), TypeError, "must be a string");
  assertThrows(() => checkTopicName("a\ud800", 255), TypeError, "lone surrogate");
});
