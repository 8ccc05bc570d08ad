import { assertEquals } from "@std/assert";
import { readKeys } from "../../../server/cli/keys.ts";

Deno.test("readKeys() names the keys that are no characters", () => {
  const sequences = "\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~\r\x7f\x03";
  assertEquals(readKeys(sequences), [
    "up",
    "down",
    "pageup",
    "pagedown",
    "home",
    "end",
    "enter",
    "backspace",
    "ctrl-c",
  ]);
});

Deno.test("readKeys() tells the escape key from a sequence", () => {
  assertEquals(readKeys("\x1b"), ["escape"]);
  assertEquals(readKeys("\x1bq"), ["escape", "q"]);
});

Deno.test("readKeys() leaves out sequences and controls that nobody uses", () => {
  assertEquals(readKeys("\x1b[1;5C\x1b[200~a\x00\x1b[24~\x1bOPbö"), ["a", "b", "ö"]);
});
