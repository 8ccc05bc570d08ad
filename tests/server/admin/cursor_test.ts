import { assertEquals, assertMatch } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { decodeCursor, encodeCursor } from "../../../server/admin/cursor.ts";

Deno.test("decodeCursor() reads what encodeCursor() wrote", () => {
  for (const numbers of [[0, 0, 1], [-1.5e300, 16, 2 ** 53 - 1], [Number.MAX_VALUE, -1, 0.1]]) {
    const text = encodeCursor(numbers);
    assertMatch(text, /^[\w-]+$/);
    assertEquals(decodeCursor(text, 3), numbers);
  }
});

Deno.test("decodeCursor() takes nothing else", () => {
  const texts = [
    "",
    "!",
    "AAAA",
    encodeCursor([1, 2]),
    encodeCursor([1, 2, 3, 4]),
    encodeCursor([1, 2, NaN]),
    encodeBase64Url('["1",2,3]'),
    encodeBase64Url("[1,2,1e999]"),
    encodeBase64Url('{"length":3}'),
    encodeBase64Url("[1,2,3"),
    encodeBase64Url(`[1,2,3${" ".repeat(1_000)}]`), // longer than any that was given
  ];
  for (const text of texts) assertEquals(decodeCursor(text, 3), undefined, text.slice(0, 20));
});
