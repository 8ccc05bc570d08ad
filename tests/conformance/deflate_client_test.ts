import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, ConnectError } from "../../mod.ts";
import { type ExtensionParameter, Opcode } from "../../protocol/mod.ts";
import { concat, fromHex } from "../helpers/notation.ts";
import { rawFrame } from "../helpers/raw_frame.ts";
import { listen, pair, RawServer, urlOf } from "../helpers/raw_server.ts";
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
import { readFrames, readMessages } from "./read_frames.ts";

// permessage-deflate on the wire (RFC 7692) as our client speaks it.

/** The answer of a server. */
function accepting(...parameters: ExtensionParameter[]) {
  return { name: "permessage-deflate", parameters };
}

Deno.test("a client with deflate offers it by its name (5)", async () => {
  using listener = listen();
  const connecting = connect(urlOf(listener), { deflate: true });
  using server = await RawServer.accept(listener);
  const offered = server.request.headers.get("sec-websocket-extensions");
  assertEquals(/^permessage-deflate\b/.test(offered ?? ""), true);
  await server.answer();
  const client = await connecting;
  assertEquals(client.extensions, "");
  client.send(words(10_000)); // 9.1: what the server has not taken is not used
  const frames = await readMessages(server.conn, 1);
  assertEquals(frames.map(({ reserved }) => reserved), [0]);
  client.terminate();
});

for (
  const [what, ...parameters] of [
    ["a parameter that is not defined", ["window_bits", "10"]],
    ["a window of 7 bits", ["server_max_window_bits", "7"]],
    ["a window of 16 bits", ["client_max_window_bits", "16"]],
    ["a window with a leading zero", ["server_max_window_bits", "010"]],
    ["client_max_window_bits without a value", ["client_max_window_bits", undefined]],
    ["server_max_window_bits without a value", ["server_max_window_bits", undefined]],
    ["a value where none may be", ["server_no_context_takeover", "1"]],
    ["a parameter twice", ["client_max_window_bits", "10"], ["client_max_window_bits", "10"]],
  ] as [string, ...ExtensionParameter[]][]
) {
  Deno.test(`a client with deflate does not connect when the answer has ${what} (7)`, async () => {
    using listener = listen();
    const connecting = connect(urlOf(listener), { deflate: { contextTakeover: true } });
    const failing = assertRejects(() => connecting);
    using server = await RawServer.accept(listener);
    await server.answer(accepting(...parameters));
    assertEquals((await server.read()).length, 0, "It leaves without a word");
    await failing;
  });
}

Deno.test("a client with deflate does not connect when the answer grants more than was offered (7)", async () => {
  for (
    const [bits, ...parameters] of [
      [10, ["server_max_window_bits", "11"]],
      [10, ["server_max_window_bits", "10"], ["client_max_window_bits", "11"]],
      [10],
    ] as [number, ...ExtensionParameter[]][]
  ) {
    using listener = listen();
    const deflate = { windowBits: bits, contextTakeover: true };
    const failing = assertRejects(() => connect(urlOf(listener), { deflate }));
    using server = await RawServer.accept(listener);
    await server.answer(accepting(...parameters));
    assertEquals((await server.read()).length, 0);
    await failing;
  }
});

Deno.test("a client with deflate does not connect when two extensions want RSV1 (5)", async () => {
  using listener = listen();
  const failing = assertRejects(() => connect(urlOf(listener), { deflate: true }), ConnectError);
  using server = await RawServer.accept(listener);
  await server.answer(accepting(), accepting());
  assertEquals((await server.read()).length, 0);
  await failing;
});

for (const bits of EVERY_WINDOW) {
  Deno.test(`a client with deflate goes back no further than client_max_window_bits=${bits} (7.2.1)`, async () => {
    const { client, server } = await pair(
      { message: () => {}, deflate: { threshold: 0, contextTakeover: true } },
      accepting(["client_max_window_bits", String(bits)]),
    );
    using _ = server;
    const texts = [words(60_000), words(3_000, 3), words(40_000)];
    for (const text of texts) client.send(text);
    let history = new Uint8Array(0);
    let furthest = 0;
    for (const [at, frame] of (await readMessages(server.conn, texts.length)).entries()) {
      const { bytes, distance } = inflated([frame], history);
      assertEquals([textOf(bytes), frame.reserved], [texts[at], RSV1]);
      furthest = Math.max(furthest, distance);
      history = concat([history, bytes]).slice(-32_768);
    }
    assert(furthest > 0 && furthest <= 2 ** bits, `${furthest} bytes`);
    client.terminate();
    await client.closed;
  });
}

Deno.test("a client with deflate begins each message anew under client_no_context_takeover (7.2.1)", async () => {
  const { client, server } = await pair(
    { message: () => {}, deflate: { threshold: 0, contextTakeover: true } },
    accepting(["client_no_context_takeover", undefined]),
  );
  using _ = server;
  const text = words(2_000);
  for (let count = 0; count < 3; count++) client.send(text);
  client.ping(fromHex("01"));
  client.close(1000);
  await server.send(rawFrame(0x88, fromHex("03 e8")));
  const frames = readFrames(await server.read());
  assertEquals(frames.map(({ opcode }) => opcode), [1, 1, 1, 9, 8]);
  assertEquals(frames.map(({ reserved }) => reserved), [RSV1, RSV1, RSV1, 0, 0]);
  for (const frame of frames.slice(0, 3)) assertEquals(textOf(inflated([frame]).bytes), text);
  await client.closed;
});

Deno.test("a client with deflate reads what refers to the message before, 32,768 bytes back (7.2.2)", async () => {
  const messages: unknown[] = [];
  const { client, server } = await pair(
    { message: (_, data) => void messages.push(data), deflate: { contextTakeover: true } },
    accepting(),
  );
  using _ = server;
  await server.send(rawFrame(0xc1, FAR_STORED), rawFrame(0xc1, FAR_REFERENCE));
  await server.send(rawFrame(0x81, fromHex("61")));
  await server.send(rawFrame(0x88, fromHex("03 e8")));
  await client.closed;
  assertEquals(messages, [FAR_TEXT, FAR_TEXT.slice(0, 258), "a"]);
});

for (
  const [what, frame] of [
    ["a Ping with RSV1", rawFrame(0xc9, new Uint8Array(0))],
    [
      "a continuation with RSV1",
      concat([rawFrame(0x41, fromHex("00")), rawFrame(0xc0, fromHex("00"))]),
    ],
  ] as const
) {
  Deno.test(`a client with deflate closes with 1002 after ${what} (6.1)`, async () => {
    const { client, server } = await pair(
      { message: () => {}, deflate: true },
      accepting(
        ["server_no_context_takeover", undefined],
        ["client_no_context_takeover", undefined],
      ),
    );
    using _ = server;
    await server.send(frame);
    const last = readFrames(await server.read()).at(-1);
    assertEquals([last?.opcode, last?.payload.slice(0, 2)], [Opcode.Close, fromHex("03 ea")]);
    await client.closed;
  });
}
