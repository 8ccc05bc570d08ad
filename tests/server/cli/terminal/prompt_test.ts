import { assert, assertEquals } from "@std/assert";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** A program with a prompt that writes what happens above it. */
function program(size = { columns: 20, rows: 20 }): PseudoTerminal {
  if ("missing" in python) throw new Error(python.missing);
  const module = new URL("../../../../server/cli/terminal/prompt.ts", import.meta.url);
  const code = `
    import { openPrompt } from ${JSON.stringify(module.href)};
    const prompt = openPrompt();
    const leave = (line, code) => { prompt.print([line]); prompt.close(); Deno.exit(code); };
    prompt.listen({
      line: (text) => prompt.print(["line " + JSON.stringify(text)]),
      leave: () => leave("left", 0),
      end: (code) => leave("ended", code),
    });`;
  return new PseudoTerminal(python, [Deno.execPath(), "eval", code], size);
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${reason}`, ignore: reason !== "", fn });
}

test("openPrompt() keeps what is typed below what is printed", async () => {
  await using terminal = program();
  await terminal.shows(">");
  await terminal.type("one\rtwo");
  await terminal.until("is so", ({ rows }) => rows.join() === 'line "one",> two');
  await terminal.type("\x03");
  assertEquals(await terminal.left(), { code: 0, restored: true });
  assertEquals(terminal.screen.rows.slice(0, 2), ['line "one"', "left"]);
  assert(terminal.raw.endsWith("\r\x1b[J\x1b[?2004l"), terminal.raw);
});

test("openPrompt() leaves at Ctrl-D only where nothing is typed", async () => {
  await using terminal = program();
  await terminal.shows(">");
  await terminal.type("ab\x01\x04\r");
  await terminal.shows('line "b"');
  await terminal.type("\x04");
  assertEquals(await terminal.left(), { code: 0, restored: true });
});

test("openPrompt() stays on one row, and puts the cursor where it belongs", async () => {
  await using terminal = program();
  await terminal.shows(">");
  await terminal.type("0123456789".repeat(10));
  // Two cells for the mark, and one for the cursor.
  await terminal.until("is full", ({ rows }) => rows.join() === "> 34567890123456789");
  await terminal.type("\x01\u6f22");
  await terminal.until("is at the start", ({ rows }) => rows.join() === "> \u6f22012345678901234");
  assert(terminal.raw.endsWith("\r\x1b[4C"), JSON.stringify(terminal.raw.slice(-20)));
  await terminal.resize(10, 20);
  await terminal.until("is narrower", ({ rows }) => rows.at(-1) === "> \u6f2201234");
  await terminal.signal("SIGTERM");
  assertEquals(await terminal.left(), { code: 143, restored: true });
});

test("openPrompt() takes a paste as one line, and Ctrl-L cleans the screen", async () => {
  await using terminal = program({ columns: 40, rows: 20 });
  await terminal.shows(">");
  await terminal.type("x\r\x1b[200~one\rtwo\n\x1b[201~");
  await terminal.shows("> one\u21b5two");
  await terminal.type("\f");
  await terminal.until("is clean", ({ rows }) => rows.join() === "> one\u21b5two");
  await terminal.type("\r");
  await terminal.shows('line "one\\ntwo"');
  await terminal.type("\x03");
  assertEquals((await terminal.left()).code, 0);
});
