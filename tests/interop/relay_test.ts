import { assert, assertEquals } from "@std/assert";
import WebSocket from "ws";
import { relay } from "../../server/apps/relay.ts";
import { Events, until } from "../helpers/events.ts";

const PIECE = 100_000;
const PIECES = 200;

/** Opens a client of ws, which hands messages over when they are whole. */
async function opened(url: string) {
  const socket = new WebSocket(url.replace("http", "ws"), { maxPayload: 2 ** 30 });
  const messages = new Events<{ data: Uint8Array; isBinary: boolean }>();
  socket.on("message", (data: Uint8Array, isBinary: boolean) => messages.push({ data, isBinary }));
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve) => socket.on("open", resolve));
  return { socket, messages, closed };
}

function pieceOf(index: number): Uint8Array {
  return Uint8Array.from({ length: PIECE }, (_, at) => (index * 31 + at) & 0xff);
}

Deno.test("relay() carries what ws sends in fragments to what ws puts together", async () => {
  await using server = relay({ port: 0 });
  const one = await opened(`${server.url}?name=ann`);
  const others = [await opened(server.url), await opened(server.url)];
  await until("all are there", () => server.registry.list().length === 3);
  const frames = Array.from({ length: PIECES }, (_, index) => pieceOf(index));
  for (const [index, piece] of frames.entries()) {
    one.socket.send(piece, { binary: true, fin: index === PIECES - 1 });
  }
  one.socket.send("done");
  for (const { messages } of others) {
    const { data, isBinary } = await messages.next();
    assertEquals([isBinary, data.length], [true, 4 + PIECES * PIECE]);
    assertEquals(new TextDecoder().decode(data.subarray(0, 4)), "\x03ann");
    const same = (piece: Uint8Array, index: number): boolean =>
      piece.every((byte, at) => byte === data[4 + index * PIECE + at]);
    assert(frames.every(same), "every byte is in its place");
    const { data: text, isBinary: no } = await messages.next();
    assertEquals([no, new TextDecoder().decode(text)], [false, "done"]);
  }
  for (const { socket, closed } of [one, ...others]) {
    socket.close(1000);
    assertEquals(await closed, 1000);
  }
});
