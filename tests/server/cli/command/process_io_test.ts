import { assertEquals } from "@std/assert";
import { readLine } from "../../../../server/cli/command/process_io.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { fakeConnection, FakeOperations } from "../../../helpers/fake_operations.ts";
import { FOURTUPLE } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";

/** An input that gives these pieces, and ends. */
function input(...pieces: string[]) {
  return {
    read(buffer: Uint8Array): Promise<number | null> {
      const next = pieces.shift();
      if (next === undefined) return Promise.resolve(null);
      const bytes = new TextEncoder().encode(next);
      buffer.set(bytes);
      return Promise.resolve(bytes.length);
    },
  };
}

Deno.test("readLine() reads one line, in however many pieces", async () => {
  assertEquals(await readLine(input("ye", "s\r\nno\n")), "yes");
  assertEquals(await readLine(input("yes")), "yes");
  assertEquals(await readLine(input()), "");
});

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

Deno.test({
  name: `processIo() fits lines into a terminal, and asks who sits there${reason}`,
  ignore: reason !== "",
  async fn() {
    if ("missing" in python) return;
    const operations = new FakeOperations(
      [1, 2].map((id) => fakeConnection(id, { target: "/".repeat(300) })),
    );
    await using port = startAdminPort(operations);
    const size = { columns: 70, rows: 24 };
    const list = [...FOURTUPLE, "connections", "--admin", port.place];
    await using table = new PseudoTerminal(python, list, size);
    assertEquals((await table.left()).code, 0);
    const lines = table.screen.rows;
    assertEquals([lines.length, lines.filter(({ length }) => length > 70)], [5, []]);
    const all = [...FOURTUPLE, "kick", "--all", "--admin", port.place];
    await using kick = new PseudoTerminal(python, all, size);
    await kick.shows("Close 2 connections? [y/N]");
    await kick.type("y\n");
    assertEquals([(await kick.left()).code, operations.connections.length], [0, 0]);
  },
});
