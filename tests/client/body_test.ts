import { assertEquals } from "@std/assert";
import { readBody } from "../../client/body.ts";
import { chunkings } from "../helpers/chunks.ts";
import { type Arrival, MemoryTransport } from "../helpers/memory_transport.ts";

const NOTHING = new Uint8Array(0);
const bytes = (text: string) => new TextEncoder().encode(text);

/** Reads a body from a connection that stays open; tells too whether that was cut. */
async function read(headers: HeadersInit, ...arrivals: Arrival[]): Promise<[string, string[]]> {
  const conn = new MemoryTransport(...arrivals);
  const source = { conn, rest: NOTHING, timeout: 20 };
  return [await readBody(403, new Headers(headers), source), conn.ends];
}

Deno.test("readBody() reads as many bytes as Content-Length says, however they come", async () => {
  for (const { name, chunks } of chunkings(bytes("Grüße, and what is behind them"))) {
    assertEquals(await read({ "Content-Length": "7" }, ...chunks), ["Grüße", []], name);
  }
  assertEquals(await read({ "Content-Length": "0" }, bytes("behind")), ["", []]);
});

Deno.test("readBody() reads chunks up to the last one, however they come (RFC 9112 7.1)", async () => {
  const text = "3\r\nGr\xc3\r\nB; x=1\r\n\xbc\xc3\x9fe, you!\r\r\n0\r\nTrailer: 1\r\n\r\n";
  const wire = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (const { name, chunks } of chunkings(wire)) {
    const headers = { "Transfer-Encoding": "gzip, Chunked", "Content-Length": "1" };
    assertEquals(await read(headers, ...chunks), ["Grüße, you!\r", []], name);
  }
});

for (
  const [what, wire, text] of [
    ["no number", "hello\r\nagain\r\n", ""],
    ["a negative length", "2\r\nhi\r\n-5\r\nhello\r\n", "hi"],
    ["a length beyond all", `2\r\nhi\r\n${"f".repeat(300)}\r\nhello`, "hihello"],
  ] as const
) {
  Deno.test(`readBody() takes what it can of chunks with ${what}`, async () => {
    const [body] = await read({ "Transfer-Encoding": "chunked" }, bytes(wire), null);
    assertEquals(body, text);
  });
}

Deno.test("readBody() reads until the end of the connection without a length, or with a wrong one", async () => {
  assertEquals(await read({}, bytes("why"), null), ["why", []]);
  assertEquals(await read({ "Content-Length": "-1" }, bytes("why"), null), ["why", []]);
  assertEquals(await read({ "Content-Length": "9" }, bytes("why"), null), ["why", []]);
  assertEquals(await read({}, bytes("why"), new Error("reset")), ["why", []]);
});

Deno.test("readBody() reads 4 KiB at most", async () => {
  const piece = bytes("x".repeat(3_000));
  const expected = "x".repeat(4_096);
  for (const headers of [{}, { "Content-Length": "99999999" }]) {
    assertEquals(await read(headers, piece, piece, piece), [expected, []]);
  }
  const source = { conn: new MemoryTransport(), rest: bytes("x".repeat(9_000)) };
  assertEquals(await readBody(403, new Headers(), source), expected);
});

Deno.test("readBody() cuts a connection on which nothing comes any more", async () => {
  assertEquals(await read({ "Content-Length": "9" }, bytes("why")), ["why", ["close"]]);
  assertEquals(await read({}), ["", ["close"]]);
});

Deno.test("readBody() expects none where there is none (RFC 9112 6.3)", async () => {
  const conn = new MemoryTransport();
  for (const status of [204, 304]) {
    const headers = new Headers({ "Content-Length": "9" });
    assertEquals(await readBody(status, headers, { conn, rest: NOTHING }), "");
  }
  assertEquals(conn.reads, []);
});
