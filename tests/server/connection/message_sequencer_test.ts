import { assert, assertEquals } from "@std/assert";
import { type Connection, serve, type ServeOptions } from "../../../mod.ts";
import { CloseCode, Opcode } from "../../../protocol/mod.ts";
import { IncomingStreams } from "../../../server/connection/incoming_streams.ts";
import { Events, until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { LoneConnection } from "../../helpers/lone_connection.ts";
import { settled } from "../../helpers/memory_transport.ts";
import { type Frame, RawClient } from "../../helpers/raw_client.ts";
import { KEY, rawFrame } from "../../helpers/raw_frame.ts";

/** A stream whose pieces the test hands in. */
class Source {
  controller!: ReadableStreamDefaultController<string | Uint8Array>;
  cancelled = false;
  readonly stream = new ReadableStream<string | Uint8Array>({
    start: (controller) => void (this.controller = controller),
    cancel: () => void (this.cancelled = true),
  });
}

/** A server and one connection to it, from both ends. */
async function connected(options: ServeOptions = {}) {
  const opened = new Events<Connection>();
  const server = serve({ port: 0, ...options, open: opened.push });
  const client = await RawClient.open(server.addr);
  const connection = await opened.next();
  return {
    server,
    client,
    connection,
    async [Symbol.asyncDispose]() {
      client.close();
      await server.close();
    },
  };
}

function textOf(frame: Frame | undefined): string {
  return new TextDecoder().decode(frame?.payload);
}

Deno.test("Connection.send() sends a stream as the frames of one message", async () => {
  await using pair = await connected();
  const source = new Source();
  const sent = pair.connection.send(source.stream);
  source.controller.enqueue("hé");
  const first = await pair.client.frame();
  assertEquals([first?.opcode, first?.fin, textOf(first)], [Opcode.Text, false, "hé"]);
  source.controller.enqueue("llo");
  source.controller.close();
  const rest = [await pair.client.frame(), await pair.client.frame()];
  assertEquals(rest.map((it) => [it?.opcode, it?.fin, textOf(it)]), [
    [Opcode.Continuation, false, "llo"],
    [Opcode.Continuation, true, ""],
  ]);
  assertEquals(await sent, "sent");
  const [record] = pair.server.registry.list();
  assertEquals(record?.messagesOut, 1);
});

Deno.test("Connection.send() makes a binary message of bytes, and of nothing, unless told otherwise", async () => {
  await using pair = await connected();
  const bytes = Uint8Array.of(0x68, 0x69);
  assertEquals(await pair.connection.send(ReadableStream.from([bytes])), "sent");
  assertEquals(await pair.connection.send(ReadableStream.from([bytes]), { type: "text" }), "sent");
  assertEquals(await pair.connection.send(ReadableStream.from([] as string[])), "sent");
  const frames: Frame[] = [];
  while (frames.length < 5) frames.push((await pair.client.frame())!);
  assertEquals(frames.map(({ opcode, fin, payload }) => [opcode, fin, payload.length]), [
    [Opcode.Binary, false, 2],
    [Opcode.Continuation, true, 0],
    [Opcode.Text, false, 2],
    [Opcode.Continuation, true, 0],
    [Opcode.Binary, true, 0],
  ]);
});

Deno.test("Connection.send() lets all other messages wait until a stream is whole, in order", async () => {
  await using pair = await connected();
  const { connection, client, server } = pair;
  const source = new Source();
  connection.send(source.stream);
  source.controller.enqueue("a");
  assertEquals(textOf(await client.frame()), "a");
  const second = new Source();
  assertEquals(connection.send("b"), "queued");
  server.broadcast("c");
  await until("it was broadcast", () => Promise.resolve(connection.bufferedAmount > 100));
  connection.send(second.stream);
  assertEquals(connection.send(Uint8Array.of(0x65)), "queued");
  await client.sendFrame(Opcode.Ping);
  assertEquals((await client.frame())?.opcode, Opcode.Pong, "Control frames do not wait");
  source.controller.close();
  second.controller.enqueue("d");
  second.controller.close();
  const seen: [Opcode, string][] = [];
  while (seen.at(-1)?.[1] !== "e") {
    const frame = (await client.frame())!;
    seen.push([frame.opcode, textOf(frame)]);
  }
  assertEquals(seen, [
    [Opcode.Continuation, ""],
    [Opcode.Text, "b"],
    [Opcode.Text, "c"],
    [Opcode.Text, "d"],
    [Opcode.Continuation, ""],
    [Opcode.Binary, "e"],
  ]);
  assertEquals(connection.send("f"), "sent");
  assertEquals(await client.message(), "f");
});

Deno.test("Connection.send() asks a stream for no more than the peer takes", async () => {
  await using pair = await connected({ limits: { sendQueueBytes: 200_000 } });
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(65_536));
      if (++pulled === 1_000) controller.close();
    },
  }, { highWaterMark: 0 });
  const sent = pair.connection.send(stream);
  let before = -1;
  await until("the peer is behind", () => {
    const isBehind = before === pulled && pair.connection.bufferedAmount > 0;
    before = pulled;
    return Promise.resolve(isBehind);
  });
  assert(before < 900, `${before} pieces`);
  let bytes = 0;
  for (let fin = false; !fin;) {
    const frame = (await pair.client.frame())!;
    bytes += frame.payload.length;
    fin = frame.fin;
  }
  assertEquals([bytes, await sent], [65_536 * 1_000, "sent"]);
});

Deno.test("Connection.send() asks for the next piece when a long one has left, and a short one is copied", async () => {
  const lone = new LoneConnection();
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array([100, 200, 40_000, 40_000][pulled++]!));
    },
  }, { highWaterMark: 0 });
  lone.transport.blocked = true;
  const sent = lone.connection.send(stream);
  await settled();
  assertEquals(pulled, 3, "those that are copied need not have left");
  while (lone.transport.inFlight !== 40_000) {
    lone.transport.letThrough();
    await settled();
  }
  lone.transport.letThrough(39_999);
  await settled();
  assertEquals(pulled, 3);
  lone.transport.letThrough();
  await settled();
  assertEquals(pulled, 4);
  lone.connection.terminate();
  await lone.over;
  assertEquals(await sent, "dropped");
});

Deno.test("Connection.send() frees the pieces of a message that is passed on, once they have left", async () => {
  const lone = new LoneConnection();
  const written: Uint8Array[] = [];
  const { transport } = lone;
  const write = transport.write.bind(transport);
  transport.write = (bytes) => {
    written.push(bytes);
    return write(bytes);
  };
  const incoming = new IncomingStreams(() => {});
  const messages = incoming.readable.getReader();
  const piece = {
    opcode: Opcode.Binary,
    fin: false,
    first: true,
    last: true,
    frameLength: 40_000,
    compressed: false,
    payload: new Uint8Array(40_000).fill(7),
  };
  incoming.push(piece);
  const { value: message } = await messages.read();
  const passedOn = lone.connection.send(message!.readable);
  await settled();
  assertEquals(transport.writes.at(-1), piece.payload);
  assertEquals(written.at(-1)?.byteLength, 0);
  const kept = new Uint8Array(40_000);
  incoming.push({ ...piece, fin: true, opcode: Opcode.Continuation, payload: new Uint8Array(0) });
  assertEquals(await passedOn, "sent");
  const own = lone.connection.send(ReadableStream.from([kept]));
  assertEquals([await own, kept.length], ["sent", 40_000], "what is the sender's stays");
  incoming.close();
  await lone.end();
});

Deno.test("Connection.send() applies the policy to what waits behind a stream", async () => {
  await using pair = await connected({ limits: { sendQueueBytes: 1_000, whenFull: "drop" } });
  const source = new Source();
  pair.connection.send(source.stream);
  const results = Array.from({ length: 4 }, () => pair.connection.send(new Uint8Array(6_400)));
  assertEquals(results, ["queued", "queued", "dropped", "dropped"]);
  assertEquals(pair.server.registry.list()[0]?.messagesDropped, 2);
  for (let count = 0; count < 100; count++) pair.connection.send("");
  assert(
    (pair.server.registry.list()[0]?.messagesDropped ?? 0) > 50,
    "Empty messages have a bound",
  );
  source.controller.close();
});

Deno.test("Connection.send() closes with 1011 when the source of a stream fails", async () => {
  const log = new LogBook();
  await using pair = await connected({ log: log.log });
  const source = new Source();
  const sent = pair.connection.send(source.stream);
  source.controller.enqueue("half");
  assertEquals(textOf(await pair.client.frame()), "half");
  source.controller.error(new Error("disk is gone"));
  const status = { code: CloseCode.InternalError, reason: "Message broke off" };
  assertEquals(await pair.client.closeFrame(), status);
  assertEquals(await sent, "dropped");
  assertEquals(log.entries("stream_broke_off")[0]?.reason, "source_failed");
});

Deno.test("Connection.send() closes with 1011 when the source of a stream is silent for too long", async () => {
  const log = new LogBook();
  await using pair = await connected({ log: log.log, limits: { streamTimeout: 20 } });
  const source = new Source();
  const sent = pair.connection.send(source.stream);
  source.controller.enqueue("half");
  assertEquals((await pair.client.closeFrame()).code, CloseCode.InternalError);
  assertEquals([await sent, source.cancelled], ["dropped", true]);
  assertEquals(log.entries("stream_broke_off")[0]?.reason, "source_silent");
});

Deno.test("Connection.send() cancels its streams when the connection ends", async () => {
  await using pair = await connected();
  const [source, behind, late] = [new Source(), new Source(), new Source()];
  const sent = [pair.connection.send(source.stream), pair.connection.send(behind.stream)];
  source.controller.enqueue("half");
  await pair.client.frame();
  pair.client.close();
  assertEquals(await Promise.all(sent), ["dropped", "dropped"]);
  assertEquals(await pair.connection.send(late.stream), "dropped");
  assertEquals([source.cancelled, behind.cancelled, late.cancelled], [true, true, true]);
});

Deno.test("Connection.close() does not wait for a stream", async () => {
  await using pair = await connected();
  const source = new Source();
  pair.connection.send(source.stream);
  source.controller.enqueue("half");
  await pair.client.frame();
  pair.connection.close(1000);
  assertEquals((await pair.client.closeFrame()).code, 1000);
});

Deno.test("Connection.messages() gives large messages as streams, and sends them back as such", async () => {
  await using pair = await connected({
    limits: { messageBytes: 2 ** 40, messageFragments: 2 ** 40 },
  });
  const { connection, client } = pair;
  const echoing = (async () => {
    for await (const { type, readable } of connection.messages({ stream: true })) {
      await connection.send(readable, { type });
    }
  })();
  const piece = new Uint8Array(65_536).fill(7);
  const sending = (async () => {
    for (let at = 0; at < 100; at++) {
      const opcode = at === 0 ? Opcode.Binary : Opcode.Continuation;
      await client.send(rawFrame((at === 99 ? 0x80 : 0) | opcode, piece, KEY));
    }
  })();
  let bytes = 0;
  for (let fin = false; !fin;) {
    const frame = (await client.frame())!;
    assert(frame.payload.every((byte) => byte === 7));
    bytes += frame.payload.length;
    fin = frame.fin;
  }
  await sending;
  assertEquals(bytes, 100 * 65_536);
  client.close();
  await echoing;
});

Deno.test("Connection.send() closes with 1011 when a stream gives what can be no part of a message", async () => {
  const log = new LogBook();
  await using pair = await connected({ log: log.log });
  const pieces = ReadableStream.from([7 as unknown as string]);
  assertEquals(await pair.connection.send(pieces), "dropped");
  assertEquals((await pair.client.closeFrame()).code, CloseCode.InternalError);
  assertEquals(log.entries("stream_broke_off")[0]?.reason, "source_failed");
});

Deno.test("Connection.send() says of a failed stream too that it was dropped, once the connection is closed", async () => {
  await using pair = await connected();
  pair.connection.close(1000);
  const failed = new ReadableStream<string>({
    start: (controller) => controller.error(new Error("disk is gone")),
  });
  assertEquals(await pair.connection.send(failed), "dropped");
});

Deno.test("Connection.send() waits for the source of a stream as long as it is told", async () => {
  await using pair = await connected({ limits: { streamTimeout: 10 } });
  await using other = await connected({ limits: { streamTimeout: 10 } });
  const [patient, hasty] = [new Source(), new Source()];
  const sent = pair.connection.send(patient.stream, { timeout: Infinity });
  assertEquals(await other.connection.send(hasty.stream), "dropped");
  patient.controller.enqueue("late");
  patient.controller.close();
  assertEquals(await sent, "sent");
});

Deno.test("Connection.send() has the drain handler tell when all that waited for a stream has left", async () => {
  const drained = new Events<number>();
  await using pair = await connected({ drain: (it) => drained.push(it.bufferedAmount) });
  const source = new Source();
  pair.connection.send(source.stream);
  source.controller.enqueue("a");
  assertEquals(textOf(await pair.client.frame()), "a");
  assertEquals(pair.connection.send("b"), "queued");
  const waiting = pair.connection.bufferedAmount;
  for (let piece = 0; piece < 5; piece++) source.controller.enqueue("x".repeat(40_000));
  for (let piece = 0; piece < 5; piece++) await pair.client.frame();
  await until("the rest has left", () => pair.connection.bufferedAmount === waiting);
  assertEquals(drained.all, []);
  source.controller.close();
  assertEquals(textOf(await pair.client.frame()), "");
  assertEquals(textOf(await pair.client.frame()), "b");
  assertEquals(await drained.next(), 0);
});

Deno.test("Connection.send() has the drain handler tell of a message that waited, however short", async () => {
  const drained = new Events<Connection>();
  await using pair = await connected({ drain: drained.push, limits: { sendQueueBytes: 1 } });
  const source = new Source();
  pair.connection.send(source.stream);
  assertEquals(pair.connection.send("b"), "queued");
  source.controller.close();
  await drained.next();
});

Deno.test("Connection.writable waits while a stream is sent", async () => {
  await using pair = await connected({ limits: { sendQueueBytes: 2_000 } });
  const source = new Source();
  pair.connection.send(source.stream);
  source.controller.enqueue("a");
  assertEquals(textOf(await pair.client.frame()), "a");
  let written = 0;
  const writing = ReadableStream.from(Array.from({ length: 50 }, () => "b".repeat(1_000)))
    .pipeThrough(new TransformStream({ transform: (it, to) => (written++, to.enqueue(it)) }))
    .pipeTo(pair.connection.writable, { preventClose: true });
  await pair.client.sendFrame(Opcode.Ping);
  assertEquals((await pair.client.frame())?.opcode, Opcode.Pong);
  assert(written < 5, `${written} messages were written`);
  source.controller.close();
  let count = 0;
  for (; count < 50; count += Number(textOf(await pair.client.frame()).startsWith("b"))) {
    /* on */
  }
  await writing;
  assertEquals(pair.connection.open, true);
});

Deno.test("ConnectionRecord.queuedBytes counts what waits for a stream", async () => {
  await using pair = await connected();
  const source = new Source();
  pair.connection.send(source.stream);
  pair.connection.send("b".repeat(1_000));
  assert((pair.server.registry.list()[0]?.queuedBytes ?? 0) >= 1_000);
  source.controller.close();
});

Deno.test("Connection.messages() has streamed messages counted as what they are", async () => {
  await using pair = await connected();
  const streams = pair.connection.messages({ stream: true });
  for (const data of ["text", Uint8Array.of(1), "text"]) {
    await pair.client.sendMessage(data);
    await new Response((await streams.next()).value!.readable).text();
  }
  const { sum } = await pair.server.operations.snapshot();
  assertEquals([sum.totals.messagesIn, sum.measured.textIn], [3, 2]);
});
