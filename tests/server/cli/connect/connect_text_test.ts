import { assert, assertEquals } from "@std/assert";
import { connect } from "../../../../client/connect.ts";
import { ConnectError } from "../../../../client/connect_error.ts";
import { serve } from "../../../../mod.ts";
import { frameImage } from "../../../../server/apps/talk_messages.ts";
import {
  eventRecord,
  messageLines,
  noteLines,
  plainMessage,
  refusalLines,
} from "../../../../server/cli/connect/connect_text.ts";

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1);

for (
  const [data, lines] of [
    ["", [""]],
    ["one\r\ntwo\tthree", ["one", "two\tthree"]],
    ["\x1b[2J\r\x9b\u202e", ["\\x1b[2J\\x0d\\x9b\\u{202e}"]],
    [new Uint8Array(0), ["binary, 0 bytes"]],
    [Uint8Array.of(1), ["binary, 1 byte: 01"]],
    [
      new Uint8Array(33).fill(0xab),
      [`binary, 33 bytes: ${Array(32).fill("ab").join(" ")} …`],
    ],
    [PNG, ["PNG image, 9 bytes: 89 50 4e 47 0d 0a 1a 0a 01"]],
    [frameImage("A\x1b\u202e", PNG), ['image from "A\\u001b\\u{202e}": PNG, 9 bytes']],
  ] as [string | Uint8Array<ArrayBuffer>, string[]][]
) {
  Deno.test(`messageLines() writes ${Deno.inspect(data).slice(0, 60)} for people`, () => {
    assertEquals(messageLines(data), lines);
  });
}

Deno.test("messageLines() cuts a text that is very long", () => {
  const lines = messageLines("x".repeat(100_000));
  assertEquals(lines[0], "x".repeat(65_536));
  assertEquals(lines.slice(1), ["(cut here: 100,000 characters in all)"]);
});

Deno.test("plainMessage() keeps text as it is, and makes base64 of bytes", () => {
  assertEquals(plainMessage("\x1b\n"), "\x1b\n");
  assertEquals(plainMessage(Uint8Array.of(0, 255)), "base64:AP8=");
});

Deno.test("noteLines() and eventRecord() tell what a connection is", async () => {
  await using server = serve({ port: 0, subprotocols: ["chat"] });
  await using connection = await connect(server.url, { subprotocols: ["chat"] });
  const event = { type: "open", url: "ws://a/", connection } as const;
  assertEquals(noteLines(event), [
    "connected to ws://a/",
    `${connection.key}, subprotocol chat, no extensions`,
  ]);
  assertEquals(eventRecord(event, 7), {
    at: 7,
    event: "open",
    url: "ws://a/",
    key: connection.key,
    subprotocol: "chat",
    extensions: "",
  });
});

Deno.test("noteLines() writes events for people, and eventRecord() for programs", () => {
  const payload = new TextEncoder().encode("hi");
  for (
    const [event, lines, record] of [
      [{ type: "ping", payload }, ['ping "hi"'], { base64: "aGk=" }],
      [{ type: "pong", payload: Uint8Array.of(0, 1) }, ["pong 0001"], { base64: "AAE=" }],
      [{ type: "pong", payload: new Uint8Array(0) }, ["pong"], { base64: "" }],
      [{ type: "round_trip", milliseconds: 1.25 }, ["round trip 1.3 ms"], { milliseconds: 1.25 }],
      [{ type: "round_trip", milliseconds: undefined }, ["no answer to the ping"], {
        milliseconds: null,
      }],
      [
        { type: "head", by: "us", head: "GET / HTTP/1.1\r\nCookie: a=b\r\nX: \x9b\r\n\r\n" },
        ["> GET / HTTP/1.1", "> Cookie: (not shown)", "> X: \\x9b"],
        { by: "us", lines: ["GET / HTTP/1.1", "Cookie: (not shown)", "X: \\x9b"] },
      ],
      [
        { type: "closed", status: { code: 1000, reason: "" }, sent: { code: 1000, reason: "" } },
        ["closed: 1000"],
        { code: 1000, reason: "", sent: { code: 1000, reason: "" } },
      ],
      [
        {
          type: "closed",
          status: { code: 1006, reason: "" },
          sent: { code: 1002, reason: "\x1b" },
        },
        ['closed: 1006; our Close said 1002 "\\u001b"'],
        { code: 1006, reason: "", sent: { code: 1002, reason: "\x1b" } },
      ],
    ] as [Parameters<typeof noteLines>[0], string[], Record<string, unknown>][]
  ) {
    assertEquals(noteLines(event), lines);
    assertEquals(eventRecord(event, 7), { at: 7, event: event.type, ...record });
  }
});

Deno.test("eventRecord() writes messages whole", () => {
  assertEquals(eventRecord({ type: "message", data: "a\nb" }, 7), {
    at: 7,
    event: "message",
    text: "a\nb",
  });
  assertEquals(eventRecord({ type: "message", data: Uint8Array.of(0, 255) }, 7), {
    at: 7,
    event: "message",
    bytes: 2,
    base64: "AP8=",
  });
});

Deno.test("refusalLines() shows the problem, and how the answer begins", () => {
  const headers = new Headers({ "retry-after": "2" });
  const body = `\n\x1b[2J\n${"x".repeat(500)}\n${"line\n".repeat(20)}`;
  const answer = { status: 503, statusText: "Busy\x1b", headers, body };
  const lines = refusalLines(new ConnectError("Refused with status 503", { answer }));
  assertEquals(lines.slice(0, 3), [
    "Refused with status 503: Busy\\x1b",
    "The server asks to wait for 2.0 s",
    "  \\x1b[2J",
  ]);
  assertEquals([lines.length, lines.at(-1)], [13, "  …"]);
  assert(lines.every((line) => line.length <= 202));
  assertEquals(refusalLines(new ConnectError("Server left")), ["Server left"]);
  assertEquals(refusalLines(new TypeError("one\ntwo")), ["one"]);
});
