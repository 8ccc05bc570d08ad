import { assert, assertEquals } from "@std/assert";
import { serve, type ServeOptions, type Server } from "../../mod.ts";
import { Opcode } from "../../protocol/mod.ts";
import { concat, fromHex } from "../helpers/notation.ts";
import { RawClient } from "../helpers/raw_client.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";
import {
  EVERY_WINDOW,
  FAR_REFERENCE,
  FAR_STORED,
  FAR_TEXT,
  inflated,
  RSV1,
  textOf,
  words,
} from "./deflate_texts.ts";
import { readMessages, type WireFrame } from "./read_frames.ts";

// permessage-deflate on the wire (RFC 7692) as a server of ours speaks it. What it compresses is
// inflated by a naive inflater, which sees how far back references go.

/** An echo server that compresses whatever it can. */
function start(deflate: ServeOptions<undefined>["deflate"] = { threshold: 0 }): Server<undefined> {
  return serve<undefined>({
    port: 0,
    deflate,
    message: (connection, data) => void connection.send(data),
  });
}

/** Connects with an offer; tells what the server agreed to. */
async function offer(
  { addr }: Server<undefined>,
  ...offers: string[]
): Promise<{ client: RawClient; conn: Deno.TcpConn; agreed: string }> {
  const conn = await Deno.connect({ hostname: addr.hostname, port: addr.port });
  const client = new RawClient(conn);
  const names = offers.map((parameters) => `permessage-deflate${parameters && "; "}${parameters}`);
  const { headers } = await client.upgrade("/", `Sec-WebSocket-Extensions: ${names.join(", ")}`);
  return { client, conn, agreed: headers.get("sec-websocket-extensions") ?? "" };
}

/** Sends messages that are not compressed, and returns the frames of their echoes. */
async function echoes(
  { client, conn }: { client: RawClient; conn: Deno.TcpConn },
  ...messages: string[]
): Promise<WireFrame[]> {
  for (const message of messages) await client.sendMessage(message);
  const frames = await readMessages(conn, messages.length);
  client.close();
  return frames;
}

Deno.test("a server with deflate names it in its answer, once, and the first offer that it can take (5)", async () => {
  await using server = start();
  for (
    const [offers, expected] of [
      [[""], /^permessage-deflate\b/],
      [["server_max_window_bits=7", "server_max_window_bits=10", ""], /server_max_window_bits=10$/],
      [["nonsense", ""], /^permessage-deflate\b(?!.*nonsense)/],
      [["", "server_max_window_bits=10"], /^permessage-deflate\b(?!.*server_max_window_bits)/],
    ] as const
  ) {
    const { client, agreed } = await offer(server, ...offers);
    assert(expected.test(agreed), agreed);
    assertEquals(agreed.split("permessage-deflate").length, 2);
    client.close();
  }
});

Deno.test("a server with deflate answers what the offer says, and no more than it may (7.1)", async () => {
  await using server = start({ threshold: 0, contextTakeover: true });
  const agreed = async (parameters: string) => {
    const { client, agreed } = await offer(server, parameters);
    client.close();
    return agreed.split(/; */).slice(1);
  };
  assertEquals(await agreed(""), []);
  assert((await agreed("server_no_context_takeover")).includes("server_no_context_takeover"));
  for (const bits of EVERY_WINDOW) {
    assert(
      (await agreed(`server_max_window_bits=${bits}`)).includes(`server_max_window_bits=${bits}`),
    );
    const [client] = await agreed(`client_max_window_bits=${bits}`);
    const value = client === undefined
      ? 15
      : Number(/^client_max_window_bits=(\d+)$/.exec(client)?.[1]);
    assert(value <= bits, client);
  }
  for (const parameters of ["", "server_max_window_bits=9", "client_no_context_takeover"]) {
    const answer = (await agreed(parameters)).join();
    assert(!answer.includes("client_max_window_bits"), answer);
  }
});

Deno.test("a server with deflate answers client_max_window_bits only where it is offered (7.1.2.2)", async () => {
  await using server = start({ threshold: 0, windowBits: 10, contextTakeover: true });
  for (const [parameters, expected] of [["", false], ["client_max_window_bits", true]] as const) {
    const { client, agreed } = await offer(server, parameters);
    assertEquals(agreed.includes("client_max_window_bits=10"), expected);
    client.close();
  }
});

Deno.test("a server with deflate sets RSV1 on the first frame of a compressed message alone (6.1)", async () => {
  const parts = Array.from({ length: 5 }, (_, at) => words(3_000, at + 1));
  await using server = serve<undefined>({
    port: 0,
    deflate: { threshold: 100 },
    async message(connection, data) {
      connection.ping(fromHex("01"));
      if (data === "stream") {
        const encode = (part: string) => new TextEncoder().encode(part);
        await connection.send(ReadableStream.from(parts.map(encode)), { type: "text" });
      } else void connection.send(data);
    },
  });
  const ends = await offer(server, "");
  await ends.client.send(rawFrame(0x89, fromHex("61"), KEY));
  const frames = await echoes(ends, "small", words(5_000), words(400_000), "stream");
  const control = frames.filter(({ opcode }) => opcode >= 8);
  assert(control.length >= 3 && control.every(({ reserved }) => reserved === 0));
  const data = frames.filter(({ opcode }) => opcode < 8);
  const texts = ["small", words(5_000), words(400_000), parts.join("")];
  const compressed = texts.map((text) => {
    const message = data.splice(0, data.findIndex(({ fin }) => fin) + 1);
    const [first, ...others] = message;
    assertEquals([first?.opcode, (first?.reserved ?? 0) & 3], [Opcode.Text, 0]);
    assert(others.every(({ opcode, reserved }) => opcode === 0 && reserved === 0));
    // Fragments but the last have kept their four bytes: joined they inflate.
    const bytes = first?.reserved === RSV1
      ? inflated(message).bytes
      : concat(message.map(({ payload }) => payload));
    assertEquals(textOf(bytes), text);
    return first?.reserved === RSV1;
  });
  assertEquals(compressed.slice(0, 3), [false, true, true]);
});

for (const bits of EVERY_WINDOW) {
  Deno.test(`a server with deflate goes back no further than server_max_window_bits=${bits} (7.2.1)`, async () => {
    await using server = start({ threshold: 0, contextTakeover: true });
    const { agreed, ...ends } = await offer(server, `server_max_window_bits=${bits}`);
    assert(agreed.includes(`server_max_window_bits=${bits}`));
    let history = new Uint8Array(0);
    const texts = [words(100_000), words(300, 2), words(3_000, 3), "", words(40_000)];
    const frames = await echoes(ends, ...texts);
    const takesOver = !agreed.includes("server_no_context_takeover");
    let furthest = 0;
    for (const [at, frame] of frames.entries()) {
      const { bytes, distance } = inflated([frame], history);
      assertEquals(textOf(bytes), texts[at]);
      furthest = Math.max(furthest, distance);
      if (takesOver) history = concat([history, bytes]).slice(-32_768);
    }
    assert(furthest > 0 && furthest <= 2 ** bits, `${furthest} bytes`);
  });
}

Deno.test("a server with deflate begins each message anew under server_no_context_takeover (7.2.1)", async () => {
  for (
    const [contextTakeover, parameters] of [[true, "server_no_context_takeover"], [
      false,
      "",
    ]] as const
  ) {
    await using server = start({ threshold: 0, contextTakeover });
    const { agreed, ...ends } = await offer(server, parameters);
    assert(agreed.includes("server_no_context_takeover"));
    const text = words(2_000);
    const frames = await echoes(ends, text, text, text);
    // A reference to the message before would refer to what is not there.
    assertEquals(frames.map((frame) => textOf(inflated([frame]).bytes)), [text, text, text]);
  }
});

Deno.test("a server with deflate keeps its window where it may (7.2.1)", async () => {
  await using server = start({ threshold: 0, contextTakeover: true });
  const text = words(2_000);
  const [first, second] = await echoes(await offer(server, ""), text, text);
  assert(second!.payload.length * 4 < first!.payload.length);
  assertEquals(textOf(inflated([second!], inflated([first!]).bytes).bytes), text);
});

Deno.test("a server with deflate sends an empty message so that it inflates to nothing (7.2.3.6)", async () => {
  await using server = start();
  const [frame] = await echoes(await offer(server, ""), "");
  if (frame!.reserved === RSV1) assertEquals(inflated([frame!]).bytes.length, 0);
  else assertEquals(frame!.payload.length, 0);
});

/** What the RFC shows: bytes of one message, and what the message is. */
const EXAMPLES = [
  ["one block with fixed codes (7.2.3.1)", "f2 48 cd c9 c9 07 00", "Hello"],
  ["a block without compression (7.2.3.3)", "00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"],
  ["a block with BFINAL (7.2.3.4)", "f3 48 cd c9 c9 07 00 00", "Hello"],
  ["two blocks (7.2.3.5)", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"],
  ["an empty message (7.2.3.6)", "00", ""],
] as const;

for (const contextTakeover of [false, true]) {
  for (const [what, hex, text] of EXAMPLES) {
    Deno.test(`a server with deflate${contextTakeover ? " and takeover" : ""} reads ${what}, whole and in fragments`, async () => {
      await using server = start({ threshold: 1_000_000, contextTakeover });
      const { client } = await offer(server, "");
      const payload = fromHex(hex);
      await client.send(rawFrame(0xc1, payload, KEY));
      assertEquals(await client.message(), text);
      for (let cut = 0; cut <= payload.length; cut++) {
        await client.send(rawFrame(0x41, payload.subarray(0, cut), KEY));
        await client.send(rawFrame(0x80, payload.subarray(cut), KEY));
        assertEquals(await client.message(), text, `cut at ${cut}`);
      }
      await client.sendMessage("not compressed"); // 6.2
      assertEquals(await client.message(), "not compressed");
      client.close();
    });
  }
}

Deno.test("a server with deflate reads what refers to the message before, whatever the offer said (7.2.2)", async () => {
  await using server = start({ threshold: 1_000_000, contextTakeover: true });
  for (const parameters of ["", "client_max_window_bits"]) {
    const { client, agreed } = await offer(server, parameters);
    assert(!agreed.includes("client_no_context_takeover"));
    await client.send(rawFrame(0xc1, fromHex("f2 48 cd c9 c9 07 00"), KEY));
    await client.send(rawFrame(0xc1, fromHex("f2 00 11 00 00"), KEY)); // 7.2.3.2
    assertEquals([await client.message(), await client.message()], ["Hello", "Hello"]);
    client.close();
  }
});

Deno.test("a server with deflate reads references 32,768 bytes back (7.2.2)", async () => {
  await using server = start({ threshold: 1_000_000, contextTakeover: true });
  const { client } = await offer(server, "");
  assertEquals(
    inflated([{ payload: FAR_REFERENCE }], new TextEncoder().encode(FAR_TEXT)).distance,
    32_768,
  );
  await client.send(rawFrame(0xc1, FAR_STORED, KEY), rawFrame(0xc1, FAR_REFERENCE, KEY));
  assertEquals(await client.message(), FAR_TEXT);
  assertEquals(await client.message(), FAR_TEXT.slice(0, 258));
  client.close();
});

for (
  const [what, ...frames] of [
    ["a Ping with RSV1", "c9 80 00 00 00 00"],
    ["a Pong with RSV1", "ca 80 00 00 00 00"],
    ["a Close with RSV1", "c8 80 00 00 00 00"],
    ["a continuation with RSV1", "41 80 00 00 00 00", "c0 80 00 00 00 00"],
    ["a continuation with RSV1 in a message without", "01 80 00 00 00 00", "40 80 00 00 00 00"],
    ["RSV2", "a1 80 00 00 00 00"],
    ["RSV1 and RSV3", "d1 80 00 00 00 00"],
  ] as const
) {
  Deno.test(`a server with deflate closes with 1002 after ${what} (6.1)`, async () => {
    await using server = start();
    const { client } = await offer(server, "");
    await client.send(...frames.map(fromHex));
    assertEquals((await client.closeFrame()).code, 1002);
    client.close();
  });
}

Deno.test("a server with deflate closes with 1009 when a small frame inflates to more than its limit", async () => {
  const seen: unknown[] = [];
  await using server = serve<undefined>({
    port: 0,
    deflate: true,
    limits: { messageBytes: 100_000 },
    message: (_, data) => void seen.push(data),
  });
  const zeros = new Blob([new Uint8Array(64 * 1_048_576)]).stream();
  const bomb = await new Response(zeros.pipeThrough(new CompressionStream("deflate-raw"))).bytes();
  assert(bomb.length < 100_000, "As it is, it would be within the limit");
  const half = bomb.length >> 1;
  for (
    const frames of [
      [rawFrame(0xc2, bomb, KEY)],
      [rawFrame(0x42, bomb.subarray(0, half), KEY), rawFrame(0x80, bomb.subarray(half), KEY)],
    ]
  ) {
    const { client } = await offer(server, "");
    await client.send(...frames);
    assertEquals((await client.closeFrame()).code, 1009);
    client.close();
  }
  assertEquals(seen, []);
});

for (
  const parameters of [
    ...["server_max_window_bits", "client_max_window_bits"].flatMap((name) =>
      ["7", "16", "0", "-1", "08", "1e1", "15.0", "99999999999999999999", "NaN"].map((value) =>
        `${name}=${value}`
      )
    ),
    "server_max_window_bits",
    "server_no_context_takeover=1",
    "client_no_context_takeover=true",
    "server_no_context_takeover; server_no_context_takeover",
    "client_max_window_bits; client_max_window_bits=10",
    "server_max_window_bits=10; server_max_window_bits=10",
    "window_bits=10",
    "constructor",
    "__proto__=1",
  ]
) {
  Deno.test(`a server with deflate declines an offer with ${parameters}, and serves on (7)`, async () => {
    await using server = start();
    const { client, agreed } = await offer(server, parameters);
    assertEquals(agreed, "");
    await client.sendMessage("plain");
    assertEquals(await client.message(), "plain");
    client.close();
  });
}
