import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { terminalSize } from "../../../../server/cli/terminal/terminal.ts";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** A program that takes the terminal, draws its size and the keys it gets, and then does this. */
function program(then: string, size = { columns: 40, rows: 5 }): PseudoTerminal {
  if ("missing" in python) throw new Error(python.missing);
  const module = new URL("../../../../server/cli/terminal/terminal.ts", import.meta.url);
  const code = `
    import { openScreen } from ${JSON.stringify(module.href)};
    const screen = openScreen();
    const keys = [];
    const draw = () => {
      const { columns, rows } = screen.size();
      const full = { text: "=".repeat(columns), style: "inverse" };
      screen.draw([{ text: columns + "x" + rows, style: "bold" }, full, { text: keys.join(" ") }]);
    };
    screen.listen({
      key(key) { keys.push(key); draw(); },
      resize: draw,
      end(code) { screen.close(); Deno.exit(code); },
    });
    draw();
    ${then}`;
  return new PseudoTerminal(python, [Deno.execPath(), "eval", code], size);
}

async function assertClean(terminal: PseudoTerminal, code: number): Promise<void> {
  assertEquals(await terminal.left(), { code, restored: true });
  assertEquals([terminal.screen.other, terminal.screen.cursor], [false, true]);
}

Deno.test({
  name: `openScreen() draws whole lines, and again when the size changes${reason}`,
  ignore: reason !== "",
  async fn() {
    await using terminal = program("");
    await terminal.shows("40x5");
    assertEquals(terminal.screen.rows[1], "=".repeat(40));
    await terminal.resize(30, 2);
    await terminal.shows("30x2");
    assertEquals(terminal.screen.rows, ["30x2", "=".repeat(30)]);
    await terminal.signal("SIGTERM");
    await assertClean(terminal, 143);
  },
});

Deno.test({
  name:
    `openScreen() reads keys as they are pressed, and takes a foreign size for the usual${reason}`,
  ignore: reason !== "",
  async fn() {
    await using terminal = program("", { columns: 0, rows: 0 });
    await terminal.shows("80x24");
    await terminal.type("a\x1b[A\x03\x1a");
    await terminal.shows("a up ctrl-c");
    await terminal.signal("SIGQUIT");
    await assertClean(terminal, 131);
  },
});

for (
  const [what, then, code, shown] of [
    ["an error that nobody caught", 'setTimeout(() => { throw new Error("a bug"); })', 1, "a bug"],
    ["a rejection", 'Promise.reject(new Error("a bug"))', 1, "a bug"],
    ["Deno.exit()", "setTimeout(() => Deno.exit(9))", 9, ""],
    ["close(), twice", "screen.close(); screen.close(); draw(); Deno.exit(5)", 5, ""],
  ] as const
) {
  Deno.test({
    name: `openScreen() leaves the terminal as it was at ${what}${reason}`,
    ignore: reason !== "",
    async fn() {
      await using terminal = program(then);
      await assertClean(terminal, code);
      assert(terminal.raw.includes("\x1b[?1049h"));
      assertStringIncludes(terminal.screen.text, shown);
    },
  });
}

Deno.test("terminalSize() is never nothing", () => {
  const { columns, rows } = terminalSize();
  assert(columns > 0 && rows > 0);
});
