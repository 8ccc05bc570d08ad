import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serve } from "../../../../mod.ts";
import { connect, runConnect } from "../../../../server/cli/connect/connect.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../../helpers/certificate.ts";
import { until } from "../../../helpers/events.ts";
import { fourtuple } from "../../../helpers/process.ts";
import { findPython } from "../../../helpers/programs.ts";
import { withFiles } from "../../../helpers/serving.ts";
import { written } from "../../../helpers/written.ts";
import { startWs, type WsRequest } from "../../../helpers/ws_server.ts";

/** What a run came to; bytes of standard output too. */
interface Run {
  readonly code: number;
  readonly out: string;
  readonly bytes: Uint8Array;
  readonly err: string;
}

/** Standard input: these pieces, and its end unless it stays open. */
function input(pieces: readonly (string | Uint8Array)[], end = true): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
      }
      if (end) controller.close();
    },
  });
}

/** Runs the command in this process, between pipes. */
async function run(
  args: readonly string[],
  stdin: ReadableStream<Uint8Array> = input([]),
  columns?: number,
): Promise<Run> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const { code, out, err } = await written((io) =>
    runConnect(args, {
      ...io,
      ...columns !== undefined && { columns },
      write(data) {
        parts.push(typeof data === "string" ? new TextEncoder().encode(data) : data.slice());
        return Promise.resolve(true);
      },
    }, { stdin: () => stdin })
  );
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { code, out: out + new TextDecoder().decode(bytes), bytes, err };
}

/** An echo server of ours. */
function echo() {
  return serve({ port: 0, message: (connection, data) => connection.send(data) });
}

/** A server that closes at once. */
function closing(code?: number, reason?: string) {
  return serve({ port: 0, open: (connection) => connection.close(code, reason) });
}

Deno.test("connect sends lines, prints answers, and closes after a silence", async () => {
  await using server = echo();
  const { code, out, err } = await run([server.url], input(["one\ntw", "o\r\n\nthree"]));
  assertEquals([code, out, err], [0, "one\ntwo\n\nthree\n", ""]);
});

Deno.test("connect sends the headers that it is told to", async () => {
  await using server = await startWs();
  const args = ["--exit-on-eof", "-s", "chat, v2", "-o", "https://example.com", "-H", "X-A: b c"];
  const { code, err } = await run([...args, "--auth", "me:secret", server.url]);
  assertEquals([code, err], [0, ""]);
  const [{ headers }] = server.requests as [WsRequest];
  assertEquals(headers["sec-websocket-protocol"], "chat, v2");
  assertEquals([headers["x-a"], headers.origin], ["b c", "https://example.com"]);
  assertEquals(headers.authorization, `Basic ${btoa("me:secret")}`);
});

Deno.test("connect --deflate talks to ws over permessage-deflate", async () => {
  await using server = await startWs({ perMessageDeflate: { threshold: 0 } });
  const text = "again and ".repeat(1_000);
  const lines = input([`${text}\n`.repeat(3)]);
  const { code, out, err } = await run(["--deflate", "--verbose", server.url], lines);
  assertEquals([code, out], [0, `${text}\n`.repeat(3)]);
  assertStringIncludes(err, "extensions permessage-deflate");
});

Deno.test("connect --one-message sends one, prints one and closes", async () => {
  await using server = echo();
  const { code, out } = await run(["-1", server.url], input(["one\ntwo\n"], false));
  assertEquals([code, out], [0, "one\n"]);
});

Deno.test("connect --execute sends what it names, and reads no input", async () => {
  await using server = echo();
  const { code, out } = await run(["-x", "one", "--execute", "two", "-w", "0.2", server.url]);
  assertEquals([code, out], [0, "one\ntwo\n"]);
});

Deno.test("connect --no-close stays until the server closes", async () => {
  await using server = serve({
    port: 0,
    message: (connection) => {
      connection.send("late");
      connection.close(1001, "bye");
    },
  });
  const { code, out, err } = await run(["-n", server.url], input(["one\n"]));
  assertEquals([code, out, err], [0, "late\n", ""]);
});

Deno.test("connect --binary sends bytes as they are, and writes them so", async () => {
  await using server = echo();
  const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index);
  const pieces = [bytes.subarray(0, 300), bytes.subarray(300)];
  assertEquals((await run(["-b", "-w", "0.2", server.url], input(pieces))).bytes, bytes);
  const whole = await run(["--binary", "--whole", "-1", server.url], input(pieces));
  assertEquals(whole.bytes, bytes);
});

Deno.test("connect --whole sends all lines as one message", async () => {
  const got: unknown[] = [];
  await using server = serve({ port: 0, message: (_, data) => got.push(data) });
  assertEquals((await run(["--whole", "-E", server.url], input(["a\n", "b\n"]))).code, 0);
  assertEquals(got, ["a\nb\n"]);
});

Deno.test("connect prints binary messages as lines of base64, or described at a terminal", async () => {
  await using server = serve({
    port: 0,
    open(connection) {
      connection.send(Uint8Array.of(0, 255));
      connection.send("\x1b[2J");
      connection.close();
    },
  });
  assertEquals((await run([server.url])).out, "base64:AP8=\n\x1b[2J\n");
  const shown = "binary, 2 bytes: 00 ff\n\\x1b[2J\n";
  assertEquals((await run(["--binary", server.url], input([]), 80)).out, shown);
});

Deno.test("connect --json prints what happens as JSON lines", async () => {
  await using server = await startWs();
  server.onSocket = (socket) => {
    socket.on("message", () => {
      socket.ping("p");
      socket.send("\x9btext");
      socket.send(Uint8Array.of(1, 2));
      socket.close(4001, "enough");
    });
  };
  const { code, out, err } = await run(["--json", "-P", "--verbose", "-x", "go", server.url]);
  assertEquals([code, err], [5, ""]);
  assert(!out.includes("\x9b"));
  const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const line of lines) assertEquals(typeof line.at, "number");
  assertEquals(lines.map(({ event }) => event).toSorted(), [
    "closed",
    "head",
    "head",
    "message",
    "message",
    "open",
    "ping",
  ]);
  const messages = lines.filter(({ event }) => event === "message");
  assertEquals(messages.map(({ text, base64 }) => text ?? base64), ["\x9btext", "AQI="]);
  assertEquals([lines.at(-1).code, lines.at(-1).reason], [4001, "enough"]);
});

Deno.test("connect --show-pings and --ping print Pings, Pongs and round trips", async () => {
  await using server = await startWs();
  server.onSocket = (socket) => {
    socket.on("message", () => {
      socket.ping("are you there");
      socket.send("done");
    });
  };
  await using process = fourtuple(
    ["connect", "-P", "--ping", "0.05", "-n", "-x", "hello", server.url],
  );
  assertStringIncludes(await process.errLine("ping"), 'ping "are you there"');
  await process.errLine("pong ");
  await process.errLine("round trip ");
  process.signal("SIGINT");
  assertEquals((await process.ended()).code, 0);
});

Deno.test("connect --verbose prints the handshake without its secrets", async () => {
  await using server = echo();
  const url = server.url.replace("://", "://me:secret@");
  const { code, err } = await run(["--verbose", "-E", "-H", "Cookie: secret", url]);
  assertEquals(code, 0);
  assertStringIncludes(err, "fourtuple connect: > GET / HTTP/1.1\n");
  assertStringIncludes(err, "fourtuple connect: < HTTP/1.1 101 Switching Protocols\n");
  assertStringIncludes(err, "uthorization: (not shown)\n");
  assertStringIncludes(err, "fourtuple connect: closed: 1000\n");
  assert(!err.includes("secret") && !err.includes(btoa("me:secret")), err);
});

for (const flag of ["-k", "--insecure"]) {
  Deno.test(`connect ${flag} takes any certificate`, async () => {
    await using server = serve({
      port: 0,
      cert: TEST_CERTIFICATE,
      key: TEST_KEY,
      message: (connection, data) => void connection.send(data),
    });
    const { code, out } = await run(["-1", flag, server.url], input(["over TLS"]));
    assertEquals([code, out], [0, "over TLS\n"]);
  });
}

Deno.test("connect --ca trusts a certificate, and nothing else does", async () => {
  await using server = serve({
    port: 0,
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    message: (connection, data) => connection.send(data),
  });
  const url = server.url.replace("127.0.0.1", "localhost");
  await withFiles({ "ca.pem": TEST_CERTIFICATE }, async (path) => {
    const { code, out } = await run(["-1", "--ca", path("ca.pem"), url], input(["over TLS"]));
    assertEquals([code, out], [0, "over TLS\n"]);
    const missing = await run(["--ca", path("none.pem"), url]);
    assertEquals([missing.code, missing.out], [1, ""]);
    assertStringIncludes(missing.err, "cannot be read: there is no such file");
  });
  assertEquals((await run([url])).code, 1);
});

for (
  const [sent, code, shown] of [
    [[], 0, ""],
    [[1000], 0, ""],
    [[1001, "moved"], 0, ""],
    [[1011, "\x1b[2J"], 5, 'closed: 1011 "\\u001b[2J"'],
    [[4999, "gone"], 5, 'closed: 4999 "gone"'],
  ] as [[number?, string?], number, string][]
) {
  Deno.test(`connect exits ${code} where the server closes with ${sent[0] ?? "no code"}`, async () => {
    await using server = closing(...sent);
    const ended = await run([server.url], input([], false));
    assertEquals([ended.code, ended.out], [code, ""]);
    assertEquals(ended.err, shown === "" ? "" : `fourtuple connect: ${shown}\n`);
    assertEquals((await run(["--quiet", server.url])).err, "");
  });
}

Deno.test("connect exits 4 where the server leaves without a Close frame", async () => {
  await using server = serve({ port: 0, open: (connection) => connection.terminate() });
  const { code, err } = await run([server.url], input([], false));
  assertEquals(code, 4);
  assertStringIncludes(err, "fourtuple connect: closed: 1006");
});

Deno.test("connect exits 1 and shows how a refusal begins", async () => {
  const body = `${"\x1b[2J<h1>no</h1>\n".repeat(20)}`;
  await using server = serve({
    port: 0,
    upgrade: () => new Response(body, { status: 429, headers: { "Retry-After": "7" } }),
  });
  const { code, out, err } = await run([server.url]);
  assertEquals([code, out], [1, ""]);
  const [first, second, third, ...rest] = err.trimEnd().split("\n");
  assertStringIncludes(first!, "429");
  assertEquals(second, "fourtuple connect: The server asks to wait for 7.0 s");
  assertEquals(third, "fourtuple connect:   \\x1b[2J<h1>no</h1>");
  assertEquals([rest.length, rest.at(-1)], [10, "fourtuple connect:   …"]);
});

Deno.test("connect exits 1 where nobody is, and where the input is no UTF-8", async () => {
  const server = echo();
  const { url } = server;
  const wrong = await run([url], input([Uint8Array.of(0xff, 0x0a)]));
  assertEquals([wrong.code, wrong.out], [1, ""]);
  assertStringIncludes(wrong.err, "Standard input is not UTF-8");
  await server.close();
  const { code, err } = await run([url]);
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot connect to 127.0.0.1:");
});

Deno.test("connect gives a handshake up after its timeout", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const accepted = listener.accept();
  const { code, err } = await run(["--timeout", "50", `127.0.0.1:${listener.addr.port}`]);
  assertEquals(code, 1);
  assertStringIncludes(err, "50 ms");
  (await accepted).close();
});

Deno.test("connect reads no faster than the server takes", async () => {
  await using server = await startWs();
  let socket: { pause(): void; resume(): void } | undefined;
  let got = 0;
  server.onSocket = (client) => {
    socket = client._socket;
    socket.pause();
    client.on("message", (data) => got += data.length);
  };
  let read = 0;
  const total = 400;
  const piece = new Uint8Array(65_536);
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (read === total) controller.close();
      else {
        read++;
        controller.enqueue(piece);
      }
    },
  }, { highWaterMark: 0 });
  const running = run(["-b", "-E", server.url], stdin);
  let before = -1;
  await until("it stops reading", async () => {
    const stopped = read > 0 && read === before;
    before = read;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return stopped;
  });
  assert(read < total, `${read}`);
  socket!.resume();
  assertEquals([(await running).code, got], [0, total * piece.length]);
});

Deno.test("connect closes with 1000 at Ctrl-C, and gives up connecting", async () => {
  const codes: number[] = [];
  await using server = serve({ port: 0, close: (_, code) => codes.push(code) });
  await using process = fourtuple(["connect", "--verbose", "-n", server.url]);
  await process.errLine("connected to");
  process.signal("SIGINT");
  assertEquals((await process.ended()).code, 0);
  await until("the server saw it", () => codes.length > 0);
  assertEquals(codes, [1000]);
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  await using silent = fourtuple(["connect", `127.0.0.1:${listener.addr.port}`]);
  const conn = await listener.accept();
  silent.signal("SIGINT");
  assertEquals(await silent.ended(), { code: 130, out: "", err: "" });
  conn.close();
});

Deno.test("connect ends quietly when nobody reads on", async () => {
  await using server = serve({
    port: 0,
    open(connection) {
      connection.send("first");
    },
    message: (connection) => connection.send("again"),
  });
  await using process = fourtuple(["connect", "--no-close", server.url]);
  await process.outLine("first");
  await process.leaveOut();
  // Until the kernel has told it.
  await until("it has left", () => {
    server.broadcast("more");
    return server.registry.size === 0;
  });
  assertEquals(await process.ended().then(({ code, err }) => [code, err]), [141, ""]);
});

const python = await findPython("websockets");
const reason = "missing" in python ? ` (ignored: ${python.missing})` : "";

Deno.test({
  name: `connect talks to python3-websockets${reason}`,
  ignore: reason !== "",
  fn: talkToPython,
});

async function talkToPython(): Promise<void> {
  if ("missing" in python) return;
  const program = `
import asyncio, websockets
async def echo(socket):
    async for message in socket:
        await socket.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())`;
  const child = new Deno.Command(python.command, {
    args: [...python.args, "-c", program],
    stdout: "piped",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const port = new TextDecoder().decode(value).trim();
    const { code, out } = await run([`127.0.0.1:${port}`], input(["one\n", "zw\u00f6lf\n"]));
    assertEquals([code, out], [0, "one\nzw\u00f6lf\n"]);
    await reader.cancel();
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

for (
  const [args, problem] of [
    [[], "expected a URL"],
    [["ftp://localhost"], "expected a URL with ws:// or wss://"],
    [["localhost", "other"], '"other": unexpected argument'],
  ] as const
) {
  Deno.test(`connect ${args.join(" ")} is wrong usage`, async () => {
    const { code, out, err } = await run(args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, `fourtuple connect: ${problem}`);
  });
}

Deno.test("connect --help prints its help", async () => {
  const { code, out, err } = await run(["--help"]);
  assertEquals([code, out, err], [0, connect.help, ""]);
});
