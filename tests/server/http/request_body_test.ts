import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HandshakeError, RequestHeadParser } from "../../../protocol/mod.ts";
import { RequestBody } from "../../../server/http/request_body.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";
import { StrictPool } from "../../helpers/strict_pool.ts";

const UTF8 = new TextEncoder();

function begin(lines: readonly string[], rest: string, transport = new MemoryTransport()) {
  const text = ["POST / HTTP/1.1", "Host: a", ...lines, "", rest].join("\r\n");
  const parser = new RequestHeadParser();
  const head = parser.push(UTF8.encode(text))!;
  const pool = new StrictPool();
  let progress = 0;
  let ended = 0;
  const body = new RequestBody(head, parser.rest, {
    reader: transport,
    transport,
    pool,
    limits: { bodyBytes: 10, headBytes: 10 },
    progress: () => void progress++,
    ended: () => void ended++,
  });
  return { body, transport, pool, progress: () => progress, ended: () => ended };
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("RequestBody reads nothing before its stream is read, and no more than is asked for", async () => {
  const transport = new MemoryTransport(UTF8.encode("cd"), UTF8.encode("ef"));
  const { body, pool, progress, ended } = begin(["Content-Length: 6"], "ab", transport);
  await settled();
  assertEquals(transport.reads, []);
  const reader = body.stream!.getReader();
  assertEquals(textOf((await reader.read()).value), "ab");
  await settled();
  assertEquals(transport.reads, []);
  assertEquals(textOf((await reader.read()).value), "cd");
  await settled();
  assertEquals([transport.reads, progress()], [[16_384], 1]);
  assertEquals(textOf((await reader.read()).value), "ef");
  assertEquals(ended(), 0);
  assertEquals((await reader.read()).done, true);
  assertEquals(ended(), 1);
  assertEquals([transport.reads.length, pool.lent.size], [2, 0]);
});

Deno.test("RequestBody gives bytes that are the reader's own, as it may transfer them", async () => {
  const { body } = begin(["Transfer-Encoding: chunked"], "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  const reader = body.stream!.getReader();
  const { value } = await reader.read();
  structuredClone(value, { transfer: [value!.buffer] });
  assertEquals(textOf((await reader.read()).value), "b");
});

Deno.test("RequestBody has no stream where a request has no body", () => {
  for (const lines of [[], ["Content-Length: 0"]]) {
    const { body, ended } = begin(lines, "GET /");
    assertEquals([body.stream, ended()], [undefined, 1]);
  }
});

Deno.test("RequestBody refuses a length beyond the limit before anything is read", () => {
  const error = assertThrows(() => begin(["Content-Length: 11"], ""), HandshakeError);
  assertEquals(error.code, "BODY_TOO_LARGE");
});

Deno.test("RequestBody takes a transport that breaks for one that has ended, and keeps the fault", async () => {
  for (const end of [null, new Deno.errors.ConnectionReset("Reset")]) {
    const { body, pool } = begin(["Content-Length: 6"], "ab", new MemoryTransport(end));
    const error = await assertRejects(() => new Response(body.stream!).text(), HandshakeError);
    assertEquals([error.code, body.fault === error], ["BODY_INCOMPLETE", true]);
    assertEquals(pool.lent.size, 0);
  }
});

Deno.test("RequestBody asks for the rest with 100 once, and not when the response has begun", async () => {
  const lines = ["Content-Length: 2", "Expect: 100-continue"];
  const asked = begin(lines, "", new MemoryTransport(UTF8.encode("a"), UTF8.encode("b")));
  assertEquals(await new Response(asked.body.stream!).text(), "ab");
  assertEquals(textOf(asked.transport.written), "HTTP/1.1 100 Continue\r\n\r\n");
  const answered = begin(lines, "", new MemoryTransport(UTF8.encode("ab")));
  answered.body.answering();
  assertEquals(await new Response(answered.body.stream!).text(), "ab");
  assertEquals(answered.transport.written.length, 0);
});

Deno.test("RequestBody.end() leaves its readers an error instead of a wait", async () => {
  const { body, transport } = begin(["Content-Length: 6"], "ab");
  const reader = body.stream!.getReader();
  assertEquals(textOf((await reader.read()).value), "ab");
  body.end();
  await assertRejects(() => reader.read(), TypeError, "has been answered");
  assertEquals(transport.reads, []);
});
