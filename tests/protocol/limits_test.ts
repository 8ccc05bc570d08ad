import { assertEquals } from "@std/assert";
import { DEFAULT_HEAD_LIMITS, DEFAULT_MESSAGE_LIMITS } from "../../protocol/limits.ts";

Deno.test("DEFAULT_MESSAGE_LIMITS are 1 MiB in 1,024 frames", () => {
  assertEquals(DEFAULT_MESSAGE_LIMITS, { messageBytes: 2 ** 20, messageFragments: 2 ** 10 });
});

Deno.test("DEFAULT_HEAD_LIMITS are 8 KiB a line, 64 headers, 16 KiB in all", () => {
  assertEquals(DEFAULT_HEAD_LIMITS, {
    headLineBytes: 8 * 1024,
    headHeaders: 64,
    headBytes: 16 * 1024,
  });
});
