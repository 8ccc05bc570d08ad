import { assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "../../../../client/connect.ts";
import { serve } from "../../../../mod.ts";
import { frameImage } from "../../../../server/apps/talk_messages.ts";
import { Conversation } from "../../../../server/cli/connect/connect_interactive.ts";
import { Pings } from "../../../../server/cli/connect/connect_pings.ts";
import type { Prompt, PromptEvents } from "../../../../server/cli/terminal/prompt.ts";
import { until } from "../../../helpers/events.ts";
import { FOURTUPLE } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";
import { PseudoTerminal } from "../../../helpers/pseudo_terminal.ts";
import { withFiles } from "../../../helpers/serving.ts";
import { startWs, type WsSocket } from "../../../helpers/ws_server.ts";

const python = Deno.build.os === "windows"
  ? { missing: "needs pseudo-terminals" }
  : await findPython("pty, termios");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

/** No row falls off the screen, so that a test can look for all that was shown. */
const SIZE = { columns: 100, rows: 60 };

/** Talks to a server at a terminal. */
function talk(url: string, ...args: string[]): PseudoTerminal {
  if ("missing" in python) throw new Error(python.missing);
  return new PseudoTerminal(python, [...FOURTUPLE, "connect", ...args, url], SIZE);
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${reason}`, ignore: reason !== "", fn });
}

/** Whether a row of the screen begins so. */
function hasRow(terminal: PseudoTerminal, start: string): Promise<void> {
  return terminal.until(
    `has a row "${start}"`,
    ({ rows }) => rows.some((row) => row.startsWith(start)),
  );
}

/** An echo server of ours. */
function echo() {
  return serve({ port: 0, message: (connection, data) => connection.send(data) });
}

test("connect sends lines and prints what comes above what is being typed", async () => {
  await using server = echo();
  await using terminal = talk(server.url);
  await hasRow(terminal, "= connected to ws://127.0.0.1:");
  await hasRow(terminal, "= 127.0.0.1:");
  await terminal.type("hello\r");
  await hasRow(terminal, "> hello");
  await hasRow(terminal, "< hello");
  await terminal.type("half a li");
  await hasRow(terminal, "> half a li");
  server.broadcast("news\nof two lines");
  await hasRow(terminal, "  of two lines");
  await terminal.until("keeps it", ({ rows }) => rows.at(-1) === "> half a li");
  await terminal.type("ne\r");
  await hasRow(terminal, "< half a line");
  await terminal.type("\x04");
  assertEquals(await terminal.left(), { code: 0, restored: true });
  await hasRow(terminal, "= closed: 1000");
});

test("connect edits lines, with wide characters and emoji of several parts", async () => {
  await using server = echo();
  await using terminal = talk(server.url);
  await hasRow(terminal, "= /help");
  const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}";
  await terminal.type(`ab漢${family}c\x1b[D\x7f\x1b[D\x1b[3~X\x01Y\x05Z\r`);
  await hasRow(terminal, "< YabXcZ");
  await terminal.type("one two\x17three\x0b\r");
  await hasRow(terminal, "< one three");
  await terminal.type("\x1b[A\x1b[A!\r");
  await hasRow(terminal, "< YabXcZ!");
  await terminal.type("\x03");
  assertEquals((await terminal.left()).code, 0);
});

test("connect sends a paste of many lines as one message", async () => {
  const got: unknown[] = [];
  await using server = serve({ port: 0, message: (_, data) => got.push(data) });
  await using terminal = talk(server.url);
  await hasRow(terminal, "= /help");
  const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index} \u{1f600}`).join("\n");
  await terminal.type(`\x1b[200~${lines}\n\x1b[201~`);
  await hasRow(terminal, "> ");
  await terminal.type("\r");
  await until("the message is there", () => got.length > 0);
  assertEquals(got, [lines]);
  await terminal.type("\x03");
  assertEquals((await terminal.left()).code, 0);
});

test("connect does what commands say", async () => {
  await withFiles({ "a file": "content" }, async (path) => {
    await using server = echo();
    await using terminal = talk(server.url);
    await hasRow(terminal, "= /help");
    await terminal.type("/binary 00ff\r");
    await hasRow(terminal, "< binary, 2 bytes: 00 ff");
    await terminal.type("/binary base64!\r");
    await hasRow(terminal, "= expected bytes as hex or base64");
    await terminal.type(`/file ${path("a file")}\r`);
    await hasRow(terminal, "< binary, 7 bytes: 63 6f");
    await terminal.type(`/file ${path("none")}\r`);
    await terminal.shows("there is no such file");
    await terminal.type("//slash\r");
    await hasRow(terminal, "< /slash");
    await terminal.type("/ping\r");
    await hasRow(terminal, "= round trip ");
    await terminal.type("/info\r");
    await hasRow(terminal, "= 4-tuple      127.0.0.1:");
    await hasRow(terminal, "= received     3 messages, 15 B");
    await hasRow(terminal, "= sent         3 messages, 15 B");
    await terminal.type("/help\r");
    await hasRow(terminal, "= /close [CODE] [REASON]");
    await terminal.type("/nope\r");
    await hasRow(terminal, '= no such command: "/nope"');
    await terminal.type("/close 5\r");
    await terminal.shows("Cannot ");
    await terminal.type("/close 4001 enough of it\r");
    assertEquals(await terminal.left(), { code: 5, restored: true });
    await hasRow(terminal, "= closed: 4001");
  });
});

test("connect shows a talk image, and lets nothing steer the terminal", async () => {
  await using server = serve({
    port: 0,
    subprotocols: ["chat"],
    open(connection) {
      const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);
      connection.send(frameImage("Ada\x1b[2J", png));
      connection.send("\x1b]0;title\x07 \u202egnp.exe");
      connection.close(4000, "\x1b[2Jgone");
    },
  });
  await using terminal = talk(server.url, "-s", "chat");
  assertEquals((await terminal.left()).code, 5);
  const { text } = terminal.screen;
  assertStringIncludes(text, "subprotocol chat");
  assertStringIncludes(text, '< image from "Ada\\u001b[2J": PNG, 11 bytes');
  assertStringIncludes(text, "< \\x1b]0;title\\x07 \\u{202e}gnp.exe");
  assertStringIncludes(text, '= closed: 4000 "\\u001b[2Jgone"');
});

test("connect cuts at a second Ctrl-C, where the server does not answer", async () => {
  await using server = await startWs();
  server.onSocket = (socket) => socket._socket.pause(); // it never sees the Close
  await using terminal = talk(server.url);
  await hasRow(terminal, "= /help");
  await terminal.type("\x03");
  await hasRow(terminal, "= closing");
  await terminal.type("\x03");
  assertEquals(await terminal.left(), { code: 130, restored: true });
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  test(`connect says goodbye and leaves the terminal as it was at ${signal}`, async () => {
    const codes: number[] = [];
    await using server = serve({ port: 0, close: (_, code) => codes.push(code) });
    await using terminal = talk(server.url);
    await hasRow(terminal, "= /help");
    await terminal.signal(signal);
    assertEquals(await terminal.left(), { code, restored: true });
    await until("the server saw it", () => codes.length > 0);
    assertEquals(codes, [1001]);
  });
}

test("connect ends when its terminal has gone", async () => {
  await using server = echo();
  await using terminal = talk(server.url);
  await hasRow(terminal, "= /help");
  await terminal.hangUp();
  assertEquals((await terminal.left()).code, 129);
});

test("connect --ping prints round trips, and --quiet leaves out how it begins", async () => {
  await using server = echo();
  await using terminal = talk(server.url, "--ping", "0.05", "--quiet");
  await hasRow(terminal, "= round trip ");
  assertEquals(terminal.screen.text.includes("connected to"), false);
  await terminal.type("/ping are you there\r");
  await terminal.type("\x03");
  assertEquals(await terminal.left(), { code: 0, restored: true });
});

test("connect exits 1 where the handshake is refused, and takes no terminal", async () => {
  await using server = serve({
    port: 0,
    upgrade: () => new Response("no\x1b[2J", { status: 403 }),
  });
  await using terminal = talk(server.url);
  assertEquals(await terminal.left(), { code: 1, restored: true });
  await hasRow(terminal, "fourtuple connect:   no\\x1b[2J");
  assertEquals(terminal.raw.includes("\x1b[?2004h"), false);
});

/** A prompt of a test, which types its lines. */
class FakePrompt implements Prompt {
  readonly lines: string[] = [];
  events: PromptEvents | undefined = undefined;

  print(lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  listen(events: PromptEvents): void {
    this.events = events;
  }

  close(): void {}
}

Deno.test("Conversation says so when a message cannot be sent", async () => {
  await using server = await startWs({ maxPayload: 2 ** 30 });
  const paused = Promise.withResolvers<WsSocket>();
  server.onSocket = (socket) => {
    socket._socket.pause();
    paused.resolve(socket);
  };
  const connection = await connect(server.url, { limits: { whenFull: "drop" } });
  const socket = await paused.promise;
  const prompt = new FakePrompt();
  const conversation = new Conversation(connection, prompt, new Pings(() => {}, false));
  const ended = conversation.run();
  const line = "x".repeat(1_000_000);
  await until("the queue is full", () => {
    prompt.events!.line(line);
    return prompt.lines.some((shown) => shown.startsWith("= not sent: the peer has yet to take "));
  });
  socket._socket.resume();
  prompt.events!.leave();
  prompt.events!.line("too late");
  await until("it is said", () => prompt.lines.includes("= not sent: the connection is closing"));
  assertEquals([await ended, (await connection.closed).code], [undefined, 1000]);
});
