import { assertEquals, assertThrows } from "@std/assert";
import { Opcode } from "../../protocol/mod.ts";
import { type Connection, serve, type ServeOptions, type Server } from "../../mod.ts";
import { Events, until } from "../helpers/events.ts";
import { LogBook } from "../helpers/log_book.ts";
import { concat, fromHex } from "../helpers/notation.ts";
import { RawClient, UPGRADE_LINES } from "../helpers/raw_client.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";

// What has brought other software down, sent to a server of ours over a raw socket: vulnerabilities.ts
// says what each was. After each the server must still serve.

/** Starts an echo server with a log, and shows at the end that it serves and that nothing failed. */
async function withServer(
  body: (server: Server<undefined>, connections: Events<Connection<undefined>>) => Promise<void>,
  options: Pick<ServeOptions<undefined>, "limits" | "upgrade" | "message" | "fetch"> = {},
): Promise<void> {
  const book = new LogBook();
  const connections = new Events<Connection<undefined>>();
  await using server = serve<undefined>({
    port: 0,
    log: book.log,
    open: connections.push,
    message: (connection, data) => void connection.send(data),
    ...options,
  });
  await body(server, connections);
  using client = await RawClient.open(server.addr);
  await client.sendMessage("still served");
  assertEquals(await client.message(), "still served");
  assertEquals(book.entries("handler_fault"), []);
}

/** A masked frame. */
function frame(first: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  return rawFrame(first, payload, KEY);
}

/** The status that a head gets. */
async function statusOf({ addr }: Server<undefined>, lines: readonly string[]): Promise<number> {
  using client = await RawClient.connect(addr);
  await client.sendHead(lines);
  return (await client.head()).status;
}

/** The header lines of a good handshake, with one of them replaced, or one more. */
function handshakeWith(name: string, value: string): string[] {
  const others = UPGRADE_LINES.filter((line) => !line.startsWith(`${name}:`));
  return ["GET / HTTP/1.1", ...others, `${name}: ${value}`];
}

// Messages.

for (
  const [what, payload] of [["empty", new Uint8Array(0)], ["tiny", fromHex("61")]] as const
) {
  Deno.test(`a server closes with 1008 when ${what} fragments never end`, () =>
    withServer(async (server) => {
      using client = await RawClient.open(server.addr);
      await client.send(frame(0x01, payload));
      const flood = concat(Array.from({ length: 128 }, () => frame(0x00, payload)));
      // 131,072 of them are what the first fix in ws still let through; here 1,024 is the limit.
      const sending = (async () => {
        for (let sent = 0; sent < 131_072; sent += 128) await client.send(flood);
      })().catch(() => {}); // the server hears no more of it
      assertEquals((await client.closeFrame()).code, 1008);
      client.close();
      await sending;
    }));
}

Deno.test("a server closes with 1009 when small fragments sum up to more than the limit", () =>
  withServer(async (server) => {
    using client = await RawClient.open(server.addr);
    const piece = new Uint8Array(100).fill(0x61);
    await client.send(frame(0x01, piece), ...Array.from({ length: 10 }, () => frame(0x00, piece)));
    assertEquals((await client.closeFrame()).code, 1009);
  }, { limits: { messageBytes: 1_000 } }));

for (
  const [length, code] of [
    ["80 00 00 00 00 00 00 00", 1002],
    ["ff ff ff ff ff ff ff ff", 1002],
    ["ff ff ff ff ff ff ff f0", 1002],
    ["7f ff ff ff ff ff ff ff", 1009],
    ["7f ff ff ff ff ff ff f4", 1009],
    ["00 00 00 01 00 00 00 00", 1009],
    ["00 00 00 00 80 00 00 00", 1009],
    ["00 00 00 00 00 10 00 01", 1009],
  ] as const
) {
  Deno.test(`a server closes with ${code} at a frame that announces ${length} bytes`, () =>
    withServer(async (server) => {
      for (const head of ["82 ff", "02 ff"]) {
        using client = await RawClient.open(server.addr);
        await client.send(fromHex(`${head} ${length}`));
        assertEquals((await client.closeFrame()).code, code);
      }
    }));
}

Deno.test("a server adds up no lengths beyond its limit over fragments", () =>
  withServer(async (server) => {
    using client = await RawClient.open(server.addr);
    // A sum of 64-bit numbers would wrap to less than the limit, or become negative.
    await client.send(frame(0x02, fromHex("61")), fromHex("80 ff 7f ff ff ff ff ff ff ff"));
    assertEquals((await client.closeFrame()).code, 1009);
  }));

// permessage-deflate, where it was not agreed on.

Deno.test("a server inflates nothing that was not agreed on", () =>
  withServer(async (server) => {
    // 1 MiB of zeros is about 1 KB of DEFLATE.
    const bomb = new Blob([new Uint8Array(1_048_576)]).stream()
      .pipeThrough(new CompressionStream("deflate-raw"));
    const payload = new Uint8Array(await new Response(bomb).arrayBuffer());
    using client = await RawClient.open(server.addr);
    await client.send(frame(0xc2, payload));
    assertEquals((await client.closeFrame()).code, 1002);
  }));

// Heads.

Deno.test("a server refuses more headers than it reads, rather than lose some of them", () =>
  withServer(async (server) => {
    // ws took the headers up to Node's limit, and missed an Upgrade that was behind them.
    const many = Array.from({ length: 2_000 }, (_, at) => `X-${at}: y`);
    const [request, ...lines] = ["GET / HTTP/1.1", ...UPGRADE_LINES];
    assertEquals(await statusOf(server, [request!, ...many.slice(0, 64), ...lines]), 431);
    assertEquals(await statusOf(server, [request!, ...lines, ...many.slice(0, 64)]), 431);
    assertEquals(await statusOf(server, [request!, ...many]), 431);
  }));

Deno.test("a server refuses a huge head that comes byte by byte", () =>
  withServer(async (server) => {
    using client = await RawClient.connect(server.addr);
    await client.send(`GET / HTTP/1.1\r\n${`X: ${"a".repeat(1_000)}\r\n`.repeat(16)}`);
    const answer = client.head();
    const sending = (async () => {
      for (let sent = 0; sent < 2_000; sent++) await client.send("X");
    })().catch(() => {});
    assertEquals((await answer).status, 431);
    await sending;
  }));

const SPACES = " ".repeat(7_000);

for (
  const [what, name, value, status] of [
    ["spaces in Connection", "Connection", `Upgrade${SPACES}x`, 400],
    ["spaces and commas in Connection", "Connection", `${" ,".repeat(3_500)}x`, 400],
    ["spaces in Upgrade", "Upgrade", `websocket${SPACES}x`, 400],
    ["spaces in Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol", `a${SPACES}b`, 400],
    ["spaces in Sec-WebSocket-Extensions", "Sec-WebSocket-Extensions", `a;${SPACES}b c`, 400],
    ["a quote that never ends", "Sec-WebSocket-Extensions", `a; b="${"\\c".repeat(3_500)}`, 400],
    ["a quote that ends in a backslash", "Sec-WebSocket-Extensions", 'a; b="\\', 400],
    ["spaces in the key", "Sec-WebSocket-Key", `dGhlIHNhbXBsZSBub25jZQ==${SPACES}=`, 400],
  ] as const
) {
  Deno.test(`a server refuses ${what} with ${status}, without backtracking`, () =>
    withServer(async (server) => {
      assertEquals(await statusOf(server, handshakeWith(name, value)), status);
    }));
}

for (const name of ["constructor", "__proto__", "hasOwnProperty", "toString", "prototype"]) {
  Deno.test(`a server takes ${name} for a name like any other`, () =>
    withServer(async (server) => {
      using client = await RawClient.connect(server.addr);
      const { headers } = await client.upgrade(
        `/${name}?${name}=${name}`,
        `Sec-WebSocket-Extensions: ${name}; ${name}=${name}, x; ${name}`,
        `Sec-WebSocket-Protocol: ${name}`,
        `${name}: ${name}`,
      );
      assertEquals(headers.get("sec-websocket-extensions"), undefined);
      assertEquals(headers.get("sec-websocket-protocol"), undefined);
      await client.sendMessage(name);
      assertEquals(await client.message(), name);
    }));
}

// What an application hands over.

Deno.test("Connection.close() refuses a reason that is not text, and sends nothing of it", () =>
  withServer(async (server, connections) => {
    using client = await RawClient.open(server.addr);
    const connection = await connections.next();
    for (const reason of [new Float32Array(20), 20, { length: 20 }, null]) {
      // @ts-expect-error -- as a program in JavaScript may do
      assertThrows(() => connection.close(1000, reason), TypeError, "reason");
    }
    await client.sendMessage("open");
    assertEquals(await client.message(), "open");
  }));

Deno.test("Connection.send() refuses what is neither text nor bytes, and sends nothing of it", () =>
  withServer(async (server, connections) => {
    using client = await RawClient.open(server.addr);
    const connection = await connections.next();
    for (const data of [100, { length: 20 }, { byteLength: 20 }, [20], null, new Date(20)]) {
      // @ts-expect-error -- as a program in JavaScript may do
      assertThrows(() => connection.send(data), TypeError);
    }
    await client.sendMessage("open");
    assertEquals(await client.message(), "open");
  }));

Deno.test("Connection.ping() sends no bytes but those that it was given", () =>
  withServer(async (server, connections) => {
    using client = await RawClient.open(server.addr);
    const connection = await connections.next();
    for (const payload of [100, "abcd", new Float32Array(20), null, new ArrayBuffer(20)]) {
      // @ts-expect-error -- as a program in JavaScript may do
      assertThrows(() => connection.ping(payload), TypeError);
    }
    connection.ping(fromHex("01 02"));
    assertEquals((await client.frame())?.payload, fromHex("01 02"));
  }));

// Peers that leave.

Deno.test("a server outlives resets at every moment of the handshake", () =>
  withServer(async (server) => {
    const head = `GET / HTTP/1.1\r\n${UPGRADE_LINES.join("\r\n")}\r\n\r\n`;
    for (let sent = 0; sent <= head.length; sent += 7) {
      using client = await RawClient.connect(server.addr);
      await client.send(head.slice(0, sent));
    }
    for (let sent = 0; sent < 20; sent++) {
      using client = await RawClient.connect(server.addr);
      // What is unread when it leaves, the answer, makes the kernel send a reset.
      await client.send(head, frame(0x81, fromHex("61")));
    }
    await until("all of them are gone", async () => {
      const { connections, exchanges } = await server.report();
      return connections + exchanges === 0;
    });
  }));

// Smuggling.

for (
  const [what, lines] of [
    ["without Upgrade and Connection", UPGRADE_LINES.filter((line) => !/^(Upg|Conn)/.test(line))],
    ["of version 8", handshakeWith("Sec-WebSocket-Version", "8").slice(1)],
    ["of version 7", handshakeWith("Sec-WebSocket-Version", "7").slice(1)],
    ["with a body", [...UPGRADE_LINES, "Content-Length: 38"]],
    ["with a chunked body", [...UPGRADE_LINES, "Transfer-Encoding: chunked"]],
    ["with two lengths", [...UPGRADE_LINES, "Content-Length: 0", "Content-Length: 38"]],
  ] as const
) {
  Deno.test(`a server answers a handshake ${what} once, and no request behind it`, async () => {
    const asked: string[] = [];
    await withServer(async (server) => {
      using client = await RawClient.connect(server.addr);
      await client.send(
        `GET /first HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`,
        "GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      );
      const response = await client.response();
      assertEquals(response.status >= 400, true);
      assertEquals(response.headers.get("connection")?.includes("close"), true);
      assertEquals(response.body.includes("HTTP/1.1"), false);
      assertEquals(asked.filter((path) => path !== "/first"), []);
    }, {
      fetch(request) {
        asked.push(new URL(request.url).pathname);
        return new Response("no", { status: 404 });
      },
    });
  });
}

Deno.test("a server takes what comes before its 101 for frames, and never for a request", () =>
  withServer(async (server) => {
    using client = await RawClient.connect(server.addr);
    await client.send(
      `GET / HTTP/1.1\r\n${UPGRADE_LINES.join("\r\n")}\r\n\r\n`,
      "GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    );
    assertEquals((await client.head()).status, 101);
    assertEquals((await client.closeFrame()).code, 1002);
  }));

// Origins.

for (
  const origin of [
    "https://evil.example",
    "http://127.0.0.1.evil.example",
    "http://evil.example#127.0.0.1",
    "http://127.0.0.1@evil.example",
    "http://127.0.0.10",
    "http://localhost.evil.example",
    "file://",
    "null",
  ]
) {
  Deno.test(`a server refuses the page of the origin "${origin}" with 403`, () =>
    withServer(async (server) => {
      assertEquals(await statusOf(server, handshakeWith("Origin", origin)), 403);
    }));
}

Deno.test("a server takes an empty Origin, which no page has, for none", () =>
  withServer(async (server) => {
    assertEquals(await statusOf(server, handshakeWith("Origin", "")), 101);
  }));

Deno.test("a server with listed origins refuses a page whose name was bound to its address", async () => {
  await using server = serve({ port: 0, origins: ["https://app.example"] });
  const rebound = ["Host: evil.example", ...UPGRADE_LINES.slice(1), "Origin: http://evil.example"];
  using client = await RawClient.connect(server.addr);
  await client.sendHead(["GET / HTTP/1.1", ...rebound]);
  assertEquals((await client.response()).status, 403);
});

// What Deno's own server lets through.

for (
  const [what, lines] of [
    ["without a version", UPGRADE_LINES.filter((line) => !line.includes("Version"))],
    ["with a short key", handshakeWith("Sec-WebSocket-Key", "c2hvcnQ=").slice(1)],
    ["with two keys", [...UPGRADE_LINES, UPGRADE_LINES[3]!]],
    ["without a Host", UPGRADE_LINES.slice(1)],
  ] as const
) {
  Deno.test(`a server refuses a handshake ${what} that Deno's own takes`, () =>
    withServer(async (server) => {
      const status = await statusOf(server, ["GET / HTTP/1.1", ...lines]);
      assertEquals(status, what === "without a version" ? 426 : 400);
    }));
}

for (const [what, opcode] of [["Pong", Opcode.Pong], ["Close", Opcode.Close]] as const) {
  Deno.test(`a server refuses a ${what} of 126 bytes that Deno's own takes`, () =>
    withServer(async (server) => {
      using client = await RawClient.open(server.addr);
      await client.send(frame(0x80 | opcode, new Uint8Array(126).fill(0x03)));
      assertEquals((await client.closeFrame()).code, 1002);
    }));
}
