import { assertEquals } from "@std/assert";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** A program that takes the terminal, and writes what happens. */
function program(then: string): PseudoTerminal {
  if ("missing" in python) throw new Error(python.missing);
  const module = new URL("../../../../server/cli/terminal/raw_terminal.ts", import.meta.url);
  const code = `
    import { RawTerminal } from ${JSON.stringify(module.href)};
    const terminal = new RawTerminal("entered\\r\\n", "left\\r\\n");
    const say = (text) => terminal.write(text + "\\r\\n");
    terminal.listen({
      key: (key) => key === "q" ? terminal.close() : say("key " + key),
      resize: () => say("resized"),
      end(code) { say("end " + code); terminal.close(); Deno.exit(code); },
    });
    ${then}`;
  return new PseudoTerminal(python, [Deno.execPath(), "eval", code], { columns: 40, rows: 20 });
}

Deno.test({
  name: `RawTerminal tells of keys, sizes and signals, and leaves as it came${reason}`,
  ignore: reason !== "",
  async fn() {
    await using terminal = program("");
    await terminal.shows("entered");
    await terminal.type("a\x1b[A\x03");
    await terminal.shows("key a\nkey up\nkey ctrl-c");
    await terminal.resize(50, 20);
    await terminal.shows("resized");
    await terminal.signal("SIGTERM");
    assertEquals(await terminal.left(), { code: 143, restored: true });
    assertEquals(terminal.screen.rows.slice(-2), ["end 143", "left"]);
  },
});

Deno.test({
  name: `RawTerminal lets the process go on after close(), and writes no more${reason}`,
  ignore: reason !== "",
  async fn() {
    await using terminal = program(
      'terminal.close(); say("unseen"); console.log("went on"); setInterval(() => {}, 1e6);',
    );
    await terminal.shows("went on");
    await terminal.signal("SIGTERM");
    assertEquals((await terminal.left()).restored, true);
    assertEquals(terminal.screen.rows, ["entered", "left", "went on"]);
  },
});

Deno.test({
  name: `RawTerminal is left when something is thrown${reason}`,
  ignore: reason !== "",
  async fn() {
    await using terminal = program('setTimeout(() => { throw new Error("a bug"); });');
    assertEquals(await terminal.left(), { code: 1, restored: true });
    assertEquals(terminal.screen.rows.slice(0, 2), ["entered", "left"]);
  },
});
