import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { top } from "../../../../server/cli/ops/top.ts";
import type { TerminalEvents } from "../../../../server/cli/terminal/raw_terminal.ts";
import type { Line, Screen } from "../../../../server/cli/terminal/terminal.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { until } from "../../../helpers/events.ts";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";
import { HeldTimers } from "../../../helpers/manual_timers.ts";
import { FOURTUPLE } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";
import { written } from "../../../helpers/written.ts";

/** A screen of a test, which presses its keys. */
class FakeScreen implements Screen {
  lines: readonly Line[] = [];
  columns = 120;
  rows = 20;
  closed = 0;
  /** Thrown at the next drawing. */
  problem: Error | undefined = undefined;
  #events: TerminalEvents | undefined = undefined;

  size() {
    return { columns: this.columns, rows: this.rows };
  }

  draw(lines: readonly Line[]): void {
    if (this.problem !== undefined) throw this.problem;
    this.lines = lines;
  }

  listen(events: TerminalEvents): void {
    this.#events = events;
  }

  close(): void {
    this.closed++;
  }

  press(...keys: string[]): void {
    for (const key of keys) this.#events!.key(key);
  }

  resize(columns: number, rows: number): void {
    Object.assign(this, { columns, rows });
    this.#events!.resize();
  }

  end(code: number): void {
    this.#events!.end(code);
  }

  /** Waits until it shows a text. */
  shows(part: string): Promise<void> {
    return until(`it shows "${part}"`, () => this.lines.some(({ text }) => text.includes(part)));
  }
}

/** The command at a screen, against a made-up server. */
function start(operations: FakeOperations, place: string, ...args: string[]) {
  const screen = new FakeScreen();
  const ended = written((io) =>
    top.run(["--admin", place, "--interval", "100", ...args], { ...io, openScreen: () => screen })
  );
  return { screen, ended, operations };
}

Deno.test("top prints one plain snapshot where there is no terminal", async () => {
  await using port = startAdminPort(new FakeOperations(fakeConnections(30)));
  const args = ["--admin", port.place];
  const { code, out, err } = await written((io) => top.run(args, io));
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "Connections 30 of 19,936");
  assertStringIncludes(out, "20 of 30 connections   by rate");
  assert(/^[ -~\n]*$/.test(out));
});

Deno.test("top --json prints one snapshot, at a terminal too", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place, "--json");
  const { code, out } = await ended;
  const { snapshot, connections } = JSON.parse(out);
  assertEquals([code, snapshot.phase, connections.length, screen.closed], [0, "serving", 10, 0]);
});

Deno.test("top looks again and again until it is quit, and leaves the screen", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place);
  await screen.shows("Connections 10 of");
  operations.connections.pop();
  await screen.shows("Connections 9 of");
  screen.press("q");
  const { code, out, err } = await ended;
  assertEquals([code, out, err, screen.closed], [0, "", "", 1]);
});

Deno.test("top sorts, filters and asks for as many rows as fit", async () => {
  const operations = new FakeOperations(fakeConnections(600));
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place);
  await screen.shows("10 of 600 connections   by rate, the most first");
  screen.press("b", "v");
  await screen.shows("10 of 600 connections   by bytes, the least first");
  screen.resize(80, 40);
  await screen.shows("30 of 600 connections");
  screen.press("/", ..."127.0.1.0/24", "enter");
  await screen.shows("30 of 250 connections from 127.0.1.0/24");
  screen.press("/", ..."/99", "enter");
  await screen.shows("source");
  await screen.shows("30 of 600 connections   by");
  screen.press("ctrl-c");
  assertEquals((await ended).code, 0);
});

Deno.test("top shows details, and closes the connection after a y", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place);
  await screen.shows("q quit");
  screen.resize(80, 24);
  screen.press("down", "enter");
  await screen.shows("ESTABLISHED");
  screen.press("x", "y");
  await screen.shows("Told 127.0.0.");
  await screen.shows("It is not there any more");
  assertEquals(operations.connections.length, 9);
  screen.press("x", "y");
  await screen.shows("There is no such connection");
  screen.press("q");
  await ended;
});

Deno.test("top asks nothing while it is paused", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  using looks = new HeldTimers(3_600_000);
  const { screen, ended } = start(operations, port.place, "--interval", "3600000");
  await until("it has looked", () => looks.size === 1);
  const before = operations.callsOf("snapshot").length;
  screen.press("p");
  await screen.shows("PAUSED");
  looks.fire();
  screen.resize(60, 10);
  // A look that had begun meanwhile would be followed by one more.
  screen.press("p");
  await until("it has looked", () => looks.size === 1);
  assertEquals(operations.callsOf("snapshot").length - before, 1);
  screen.press("q");
  assertEquals((await ended).code, 0);
});

Deno.test("top goes on when the server could not answer once", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place);
  await screen.shows("q quit");
  operations.fault = new Error("secret");
  await until("the problem is shown", () => !screen.lines.at(-1)!.text.includes("q quit"));
  operations.fault = undefined;
  operations.connections.pop();
  await screen.shows("Connections 9 of");
  await screen.shows("q quit");
  screen.press("q");
  assertEquals((await ended).code, 0);
});

Deno.test("top leaves the screen and exits 3 when the server has gone", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const { screen, ended } = start(operations, port.place);
  await screen.shows("q quit");
  await port.close();
  const { code, err } = await ended;
  assertEquals([code, screen.closed], [3, 1]);
  assertStringIncludes(err, "fourtuple top: Cannot reach the ops port");
});

Deno.test("top leaves the screen when drawing fails, and when a signal ends it", async () => {
  const operations = new FakeOperations();
  await using port = startAdminPort(operations);
  const broken = start(operations, port.place);
  await broken.screen.shows("q quit");
  broken.screen.problem = new RangeError("a bug");
  assertEquals(await broken.ended.catch(({ message }) => message), "a bug");
  assertEquals(broken.screen.closed, 1);
  const ended = start(operations, port.place);
  await ended.screen.shows("q quit");
  ended.screen.end(143);
  assertEquals([(await ended.ended).code, ended.screen.closed], [143, 1]);
});

Deno.test("top does not take the screen where the server is not there", async () => {
  const operations = new FakeOperations();
  const port = startAdminPort(operations);
  await port.close();
  const { screen, ended } = start(operations, port.place);
  assertEquals([(await ended).code, screen.closed], [3, 0]);
});

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** The command at a real terminal. */
function atTerminal(place: string, size = { columns: 120, rows: 20 }): PseudoTerminal {
  if ("missing" in python) throw new Error(python.missing);
  const command = [...FOURTUPLE, "top", "--admin", place, "--interval", "100"];
  return new PseudoTerminal(python, command, size);
}

async function assertClean(terminal: PseudoTerminal, code: number): Promise<void> {
  assertEquals(await terminal.left(), { code, restored: true });
  assertEquals([terminal.screen.other, terminal.screen.cursor], [false, true]);
}

for (
  const [what, code, leave] of [
    ["q", 0, (terminal) => terminal.type("q")],
    ["Ctrl-C", 0, (terminal) => terminal.type("\x03")],
    ["SIGINT", 130, (terminal) => terminal.signal("SIGINT")],
    ["SIGTERM", 143, (terminal) => terminal.signal("SIGTERM")],
    ["SIGHUP", 129, (terminal) => terminal.signal("SIGHUP")],
  ] as [string, number, (terminal: PseudoTerminal) => Promise<void>][]
) {
  Deno.test({
    name: `top leaves a terminal as it was at ${what}${reason}`,
    ignore: reason !== "",
    async fn() {
      await using port = startAdminPort(new FakeOperations());
      await using terminal = atTerminal(port.place);
      await terminal.shows("q quit");
      assertEquals([terminal.screen.other, terminal.screen.cursor], [true, false]);
      await leave(terminal);
      await assertClean(terminal, code);
    },
  });
}

Deno.test({
  name: `top leaves a terminal as it was when the server dies, and says so there${reason}`,
  ignore: reason !== "",
  async fn() {
    await using port = startAdminPort(new FakeOperations());
    await using terminal = atTerminal(port.place);
    await terminal.shows("q quit");
    await port.close();
    await assertClean(terminal, 3);
    assertStringIncludes(terminal.screen.text, "fourtuple top: Cannot reach the ops port");
  },
});

Deno.test({
  name: `top ends when its terminal has gone${reason}`,
  ignore: reason !== "",
  async fn() {
    await using port = startAdminPort(new FakeOperations());
    await using terminal = atTerminal(port.place);
    await terminal.shows("q quit");
    await terminal.hangUp();
    assertEquals((await terminal.left()).code, 129);
  },
});

Deno.test({
  name: `top follows the size of a terminal, and its keys${reason}`,
  ignore: reason !== "",
  async fn() {
    await using port = startAdminPort(new FakeOperations(fakeConnections(100)));
    await using terminal = atTerminal(port.place);
    await terminal.shows("10 of 100 connections");
    for (const [columns, rows] of [[60, 12], [200, 50], [20, 5]] as const) {
      await terminal.resize(columns, rows);
      await terminal.until(
        `has ${rows} rows`,
        ({ rows: lines }) =>
          lines.length === rows && lines.at(-1)!.startsWith("q quit") &&
          lines.every((line) => line.length <= columns),
      );
    }
    await terminal.resize(120, 40);
    await terminal.shows("30 of 100 connections");
    await terminal.type("\x1b[B\x1b[B\r");
    await terminal.shows("ESTABLISHED");
    await terminal.type("q");
    await assertClean(terminal, 0);
  },
});
