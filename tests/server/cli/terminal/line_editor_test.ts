import { assertEquals } from "@std/assert";
import { readKeys } from "../../../../server/cli/terminal/keys.ts";
import { LineEditor, MAX_TYPED } from "../../../../server/cli/terminal/line_editor.ts";

/** Presses characters and, between angle brackets, named keys; returns the lines. */
function type(editor: LineEditor, keys: string): string[] {
  return (keys.match(/<[a-z-]+>|[^]/gu) ?? []).flatMap((key) =>
    editor.press(/^<.+>$/.test(key) ? key.slice(1, -1) : key) ?? []
  );
}

for (
  const [keys, text] of [
    ["abc", "abc"],
    ["ac<left>b", "abc"],
    ["bc<home>a", "abc"],
    ["bc<ctrl-a>a<ctrl-e>d<home><end>e", "abcde"],
    ["ab<right>c", "abc"],
    ["abx<backspace>c", "abc"],
    ["<backspace><delete>abc", "abc"],
    ["xabc<home><delete>", "abc"],
    ["abcxyz<left><left><left><ctrl-k>", "abc"],
    ["xyzabc<left><left><left><ctrl-u>", "abc"],
    ["abc def ghi<ctrl-w>", "abc def "],
    ["abc def  <ctrl-w>", "abc "],
    ["one two<left><left><ctrl-w>", "one wo"],
    ["漢字<left>x", "漢x字"],
    ["\u{1f600}\u{1f601}<left><backspace>", "\u{1f601}"],
    ["e\u0301<backspace>x", "x"],
    ["abc<escape><pageup><tab><f-nine>", "abc"],
    ["<paste-begin>a<tab>b<enter>c<left><enter><paste-end>d", "a\tb\ncd"],
  ] as const
) {
  Deno.test(`LineEditor makes ${JSON.stringify(text)} of ${JSON.stringify(keys)}`, () => {
    const editor = new LineEditor();
    assertEquals(type(editor, keys), []);
    assertEquals(editor.text, text);
  });
}

Deno.test("LineEditor gives each line at Enter, and begins the next", () => {
  const editor = new LineEditor();
  assertEquals(type(editor, "one<enter>two<left><enter><enter>x"), ["one", "two", ""]);
  assertEquals(editor.text, "x");
});

Deno.test("LineEditor recalls lines, each once, and comes back to what was typed", () => {
  const editor = new LineEditor();
  type(editor, "one<enter>two<enter>two<enter><enter>dra<left>");
  const seen = ["up", "up", "up", "down", "down", "down"].map((key) => {
    editor.press(key);
    return editor.text;
  });
  assertEquals(seen, ["two", "one", "one", "two", "dra", "dra"]);
  type(editor, "<up><up>s<enter><up>");
  assertEquals(editor.text, "ones");
});

Deno.test("LineEditor forgets the oldest lines beyond a thousand", () => {
  const editor = new LineEditor();
  for (let line = 0; line <= 1_000; line++) type(editor, `${line}<enter>`);
  for (let line = 0; line <= 1_000; line++) editor.press("up");
  assertEquals(editor.text, "1");
});

Deno.test("LineEditor leaves out what does not fit any more", () => {
  const editor = new LineEditor();
  for (const key of ["paste-begin", ..."x".repeat(MAX_TYPED), "y", "paste-end", "z"]) {
    editor.press(key);
  }
  assertEquals(editor.text.length, MAX_TYPED);
  assertEquals(editor.text.slice(-1), "x");
});

Deno.test("LineEditor takes every character that readKeys() gives", () => {
  const editor = new LineEditor();
  const text = "aé漢\u{1f469}\u200d\u{1f467}\u{10ffff}";
  for (const key of readKeys(text)) editor.press(key);
  assertEquals(editor.text, text.slice(0, -2));
});

Deno.test("LineEditor.view() shows a line that fits, and where the cursor is", () => {
  const editor = new LineEditor();
  assertEquals(editor.view(10), { text: "", cursor: 0 });
  type(editor, "a漢\u{1f600}<left>");
  assertEquals(editor.view(10), { text: "a漢\u{1f600}", cursor: 3 });
  type(editor, "<paste-begin><enter><tab><paste-end>");
  assertEquals(editor.view(10), { text: "a漢\u21b5\u2192\u{1f600}", cursor: 5 });
});

Deno.test("LineEditor.view() never takes more cells than there are, and shows the cursor", () => {
  const editor = new LineEditor();
  for (const character of "0123456789漢字".repeat(1_000)) editor.press(character);
  assertEquals(editor.view(8), { text: "789漢字", cursor: 7 });
  for (let step = 0; step < 40; step++) {
    const { text, cursor } = editor.view(20);
    const cells = [...text].reduce((sum, it) => sum + (it > "z" ? 2 : 1), 0);
    assertEquals([cells <= 20, cursor < 20], [true, true], `${text} ${cursor}`);
    editor.press("left");
  }
  editor.press("home");
  assertEquals(editor.view(8), { text: "0123456", cursor: 0 });
  assertEquals(editor.view(0), { text: "", cursor: 0 });
});
