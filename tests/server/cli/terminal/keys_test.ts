import { assertEquals } from "@std/assert";
import { KeyReader, readKeys } from "../../../../server/cli/terminal/keys.ts";

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

Deno.test("readKeys() names the keys that edit a line", () => {
  assertEquals(readKeys("\x1b[C\x1bOD\x1b[3~\t\x01\x05\x0b\x15\x17\r\n\n"), [
    "right",
    "left",
    "delete",
    "tab",
    "ctrl-a",
    "ctrl-e",
    "ctrl-k",
    "ctrl-u",
    "ctrl-w",
    "enter",
    "enter",
  ]);
});

Deno.test("readKeys() leaves out sequences and controls that nobody uses", () => {
  assertEquals(readKeys("\x1b[1;5C\x1b[203~a\x00\x1b[24~\x1bOPbö\u202e"), ["a", "b", "ö"]);
});

Deno.test("readKeys() keeps what joins emoji", () => {
  assertEquals(readKeys("\u{1f469}\u200d\u{1f467}").length, 3);
});

Deno.test("KeyReader takes a paste in whatever pieces it is read", () => {
  const bytes = new TextEncoder().encode("\x1b[200~a\u{1f600}\rb\x1b[201~\x1b[D");
  const whole = ["paste-begin", "a", "\u{1f600}", "enter", "b", "paste-end", "left"];
  for (let at = 0; at <= bytes.length; at++) {
    // A piece that ends in ESC is the escape key, which a terminal sends alone.
    if (bytes[at - 1] === 0x1b) continue;
    const reader = new KeyReader();
    const keys = [...reader.read(bytes.subarray(0, at)), ...reader.read(bytes.subarray(at))];
    assertEquals(keys, whole);
  }
});
