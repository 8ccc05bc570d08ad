import { assert, assertEquals } from "@std/assert";
import { formatSize, safeName } from "../../../../server/apps/talk/file_names.js";

Deno.test("safeName() leaves an ordinary name as it is", () => {
  for (
    const name of ["notes.txt", "Zoë – 2026.pdf", "фото 1.jpg", "写真.tar.gz", "a", "no ending"]
  ) {
    assertEquals(safeName(name), name);
  }
});

Deno.test("safeName() takes out what could deceive or lead elsewhere", () => {
  const names: [given: string, safe: string][] = [
    ["../../etc/passwd", "_.._etc_passwd"],
    ["..\\..\\boot.ini", "_.._boot.ini"],
    ["C:\\a|b?.txt", "C__a_b_.txt"],
    ["invoice\u202Efdp.exe", "invoicefdp.exe"],
    ["a\u0000\u001f\u007f\u0085.txt", "a.txt"],
    ["a\u200b\ufeff\u2066b.txt", "ab.txt"],
    ["a\n\r\tb.txt", "ab.txt"],
    ["\ud800a", "a"],
    [".bashrc", "bashrc"],
    ["a.txt. . .", "a.txt"],
    ["con", "_con"],
    ["LPT1.txt", "_LPT1.txt"],
    ["console.txt", "console.txt"],
    ["", "file"],
    ["\u202e", "file"],
    [" . ", "file"],
  ];
  for (const [given, safe] of names) assertEquals(safeName(given), safe, JSON.stringify(given));
});

Deno.test("safeName() keeps the ending of a name that is too long", () => {
  assertEquals(safeName("a".repeat(500) + ".pdf"), "a".repeat(116) + ".pdf");
  const wide = safeName("写".repeat(500) + ".pdf");
  assert(wide.endsWith("写.pdf") && new TextEncoder().encode(wide).length <= 255);
  const emoji = safeName("😀".repeat(200));
  assert(new TextEncoder().encode(emoji).length <= 255 && emoji.isWellFormed());
});

Deno.test("formatSize() writes a size in the unit that fits", () => {
  const sizes: [bytes: number, text: string][] = [
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [20_971_520, "21 MB"],
    [1_550_000, "1.6 MB"],
    [4_294_967_296, "4.3 GB"],
    [2e16, "20,000 TB"],
  ];
  for (const [bytes, text] of sizes) assertEquals(formatSize(bytes), text);
});
