import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HandshakeError } from "../../../protocol/mod.ts";
import { plainResponse, refusal, writeResponse } from "../../../server/http/respond.ts";
import { MemoryTransport, settled } from "../../helpers/memory_transport.ts";

/** A response that is not given up. */
const NEVER = new AbortController().signal;

const GET = { method: "GET", minorVersion: 1 };
const HEAD = { method: "HEAD", minorVersion: 1 };

const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";

/** What a response looks like on the wire; the date is that of the test unless it says otherwise. */
async function wireOf(response: Response, request = GET): Promise<string> {
  const transport = new MemoryTransport();
  await writeResponse(transport, response, {
    request,
    progress: () => {},
    waitsFor: () => {},
    signal: NEVER,
  });
  return new TextDecoder().decode(transport.written);
}

function response(body: BodyInit | null, status = 200, headers: HeadersInit = {}): Response {
  return new Response(body, { status, headers: [...new Headers(headers), ["date", DATE]] });
}

function lines(...lines: string[]): string {
  return lines.join("\r\n");
}

Deno.test("writeResponse() writes head and body, and ends with the connection", async () => {
  const wire = await wireOf(response("hello", 200, { "content-length": "5" }));
  assertEquals(
    wire,
    lines(
      "HTTP/1.1 200 OK",
      "connection: close",
      "content-length: 5",
      "content-type: text/plain;charset=UTF-8",
      `date: ${DATE}`,
      "",
      "hello",
    ),
  );
});

Deno.test("writeResponse() dates a response that has no date", async () => {
  const wire = await wireOf(new Response(null));
  const date = wire.split("\r\n").find((line) => line.startsWith("date: "))?.slice(6) ?? "";
  assertEquals(new Date(date).toUTCString(), date);
  assert(Math.abs(Date.now() - Date.parse(date)) < 3_600_000);
});

Deno.test("writeResponse() says that an empty body is empty, where a body may be", async () => {
  assertStringIncludes(await wireOf(response(null, 404)), "\r\ncontent-length: 0\r\n");
  for (const status of [204, 304]) {
    assert(!(await wireOf(response(null, status))).includes("content-length"), String(status));
  }
});

Deno.test("writeResponse() keeps the length and leaves the body out for HEAD", async () => {
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const wire = await wireOf(response(body, 200, { "content-length": "5" }), HEAD);
  assertStringIncludes(wire, "content-length: 5\r\n");
  assert(wire.endsWith("\r\n\r\n"));
  assert(cancelled);
  assert(!(await wireOf(response(null), HEAD)).includes("content-length"));
});

Deno.test("writeResponse() names Upgrade in Connection, and decides about chunks itself", async () => {
  const headers = {
    upgrade: "websocket",
    connection: "keep-alive",
    "transfer-encoding": "chunked",
  };
  const wire = await wireOf(response("x", 426, { ...headers, "content-length": "1" }));
  assertStringIncludes(wire, "connection: close, Upgrade\r\n");
  assert(!wire.includes("transfer-encoding"));
  assert(!wire.includes("keep-alive"));
});

Deno.test("writeResponse() keeps the reason of the response, and every cookie", async () => {
  const wire = await wireOf(
    new Response(null, {
      status: 401,
      statusText: "Who Are You",
      headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    }),
  );
  assert(wire.startsWith("HTTP/1.1 401 Who Are You\r\n"));
  assertStringIncludes(wire, "set-cookie: a=1\r\nset-cookie: b=2\r\n");
});

Deno.test("writeResponse() leaves the response's own headers as they are", async () => {
  const original = response("x");
  await wireOf(original);
  assertEquals([...original.headers.keys()], ["content-type", "date"]);
});

Deno.test("writeResponse() writes each piece of the body as it comes", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const transport = new MemoryTransport();
  const done = writeResponse(transport, response(readable), {
    request: GET,
    progress: () => {},
    waitsFor: () => {},
    signal: NEVER,
  });
  const writer = writable.getWriter();
  for (const text of ["one", "", "two"]) await writer.write(new TextEncoder().encode(text));
  await settled();
  assertEquals(transport.writes.slice(1).map((bytes) => new TextDecoder().decode(bytes)), [
    "3\r\none\r\n",
    "3\r\ntwo\r\n",
  ]);
  await writer.close();
  await done;
  assertEquals(new TextDecoder().decode(transport.writes.at(-1)), "0\r\n\r\n");
});

Deno.test("writeResponse() copies no large piece into its chunk (RFC 9112 7.1)", async () => {
  const transport = new MemoryTransport();
  const large = response("x".repeat(16_385));
  await writeResponse(transport, large, {
    request: GET,
    progress: () => {},
    waitsFor: () => {},
    signal: NEVER,
  });
  const texts = transport.writes.slice(1).map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(texts, ["4001\r\n", "x".repeat(16_385), "\r\n", "0\r\n\r\n"]);
});

Deno.test("writeResponse() sends no chunks to HTTP/1.0 (RFC 9112 6.1)", async () => {
  const wire = await wireOf(response("hello"), { method: "GET", minorVersion: 0 });
  assert(wire.endsWith("\r\n\r\nhello"));
  assert(!wire.includes("transfer-encoding"));
});

Deno.test("writeResponse() leaves a length out with 204, and keeps that of 304 (RFC 9110 8.6)", async () => {
  const headers = { "content-length": "7" };
  assert(!(await wireOf(response(null, 204, headers))).includes("content-length"));
  assertStringIncludes(await wireOf(response(null, 304, headers)), "content-length: 7\r\n");
});

Deno.test("writeResponse() throws when a body is not as long as it says, and writes no byte beyond", async () => {
  for (const [length, fault] of [["4", "longer"], ["6", "shorter"], ["0", "longer"]] as const) {
    const transport = new MemoryTransport();
    const body = response("hello", 200, { "content-length": length });
    const options = { request: GET, progress: () => {}, waitsFor: () => {}, signal: NEVER };
    const done = writeResponse(transport, body, options);
    await assertRejects(() => done, TypeError, `is ${fault} than its Content-Length`);
    const wire = new TextDecoder().decode(transport.written);
    assertEquals(wire.split("\r\n\r\n")[1], fault === "longer" ? "" : "hello");
  }
});

Deno.test("writeResponse() leaves a body that breaks off without its last chunk", async () => {
  const transport = new MemoryTransport();
  const body = new ReadableStream({
    pull(controller) {
      if (transport.writes.length > 1) controller.error(new Error("Broken"));
      else controller.enqueue(Uint8Array.of(0x61));
    },
  }, { highWaterMark: 0 });
  const options = { request: GET, progress: () => {}, waitsFor: () => {}, signal: NEVER };
  const done = writeResponse(transport, response(body), options);
  await assertRejects(() => done, Error, "Broken");
  assert(new TextDecoder().decode(transport.written).endsWith("\r\n\r\n1\r\na\r\n"));
});

Deno.test("writeResponse() throws when a body gives anything but bytes", async () => {
  const body = ReadableStream.from(["text"]) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
  await assertRejects(() => wireOf(response(body)), TypeError, "must consist of Uint8Array");
});

Deno.test("writeResponse() tells of progress after every write, partial ones too", async () => {
  const transport = new MemoryTransport();
  transport.most = 50;
  let progress = 0;
  await writeResponse(transport, response("x".repeat(120)), {
    request: GET,
    progress: () => void progress++,
    waitsFor: () => {},
    signal: NEVER,
  });
  assertEquals(progress, transport.writes.length);
  assert(progress >= 5);
});

Deno.test("writeResponse() says for whom it waits", async () => {
  const waits: string[] = [];
  await writeResponse(new MemoryTransport(), response("x"), {
    request: GET,
    progress: () => waits.push("progress"),
    waitsFor: (who) => waits.push(who),
    signal: NEVER,
  });
  const piece = ["client", "progress", "body"];
  assertEquals(waits, ["progress", "body", ...piece, "client", "progress"]);
});

Deno.test("writeResponse() gives the body up when the transport breaks", async () => {
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(Uint8Array.of(1)),
    cancel: () => void (cancelled = true),
  });
  const transport = new MemoryTransport();
  let count = 0;
  const progress = () => {
    if (++count === 3) transport.fail(new Deno.errors.BrokenPipe("Broken"));
  };
  const done = writeResponse(transport, response(body), {
    request: GET,
    progress,
    waitsFor: () => {},
    signal: NEVER,
  });
  await assertRejects(() => done, Deno.errors.BrokenPipe);
  assert(cancelled);
});

Deno.test("writeResponse() rejects when the body breaks or was used already", async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.error(new Error("Broken")),
  });
  await assertRejects(() => wireOf(response(broken)), Error, "Broken");
  const used = response("x");
  await used.text();
  await assertRejects(() => wireOf(used), TypeError);
});

Deno.test("plainResponse() is one line of text with its length in bytes", async () => {
  const plain = plainResponse(503, "Zu voll für Sie", { "retry-after": "5" });
  assertEquals(plain.status, 503);
  assertEquals([...plain.headers], [
    ["content-length", "17"],
    ["content-type", "text/plain; charset=utf-8"],
    ["retry-after", "5"],
  ]);
  assertEquals(await plain.text(), "Zu voll für Sie\n");
});

Deno.test("refusal() says what was wrong, with the status and headers of the error", async () => {
  const error = new HandshakeError("METHOD_NOT_ALLOWED", "Only GET is served", { Allow: "GET" });
  const response = refusal(error);
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("allow"), "GET");
  assertEquals(await response.text(), "Only GET is served\n");
});

Deno.test("writeResponse() cancels a body whose head could not be written", async () => {
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const transport = new MemoryTransport();
  transport.fail(new Deno.errors.ConnectionReset("Reset"));
  const options = { request: GET, progress: () => {}, waitsFor: () => {}, signal: NEVER };
  const done = writeResponse(transport, response(body), options);
  await assertRejects(() => done, Deno.errors.ConnectionReset);
  assert(cancelled, "It may hold a file");
});
