/**
 * Loads that count messages per second: echo and fan-out. Both are closed-loop: what has come back is
 * sent again at once, so the rate is the most that server and load generator do together.
 *
 * @module
 */

import type { EchoLoad, FanOutLoad, LoadFigures } from "./spec.ts";
import {
  clientFrame,
  MessageReader,
  openConnections,
  payloadOf,
  readSome,
  serverFrameLength,
  serverFrameStart,
  writeAll,
} from "./wire.ts";

/** The longest warm-up, in seconds; a shorter count has one of half its length. */
const WARM_UP = 1;

/** How many connections of an echo are checked before the count, one after the other. */
const CHECKED = 10;

/** With how many different messages. */
const CHECKS = 3;

/** Enough for one read of a large message, in bytes. */
const READ_BYTES = 524_288;

/**
 * Runs an {@linkcode EchoLoad}.
 *
 * @param port The server's port.
 * @param load What to do.
 * @param begin Called when the count begins.
 */
export async function runEcho(
  port: number,
  load: EchoLoad,
  begin: () => void,
): Promise<LoadFigures> {
  const { bytes, text, pipeline, seconds } = load;
  const opened = await openConnections(port, load.connections);
  for (const { conn } of opened.slice(0, CHECKED)) {
    const reader = new MessageReader(conn, readBytes(serverFrameLength(bytes)));
    for (let seed = 1; seed <= CHECKS; seed++) {
      const payload = payloadOf(bytes, seed);
      await writeAll(conn, clientFrame(payload, text));
      checkMessages(await reader.next(), [payload], text);
      if (reader.bytes !== seed * serverFrameLength(bytes)) throw otherFraming();
    }
  }
  const batch = repeat(clientFrame(payloadOf(bytes, 0), text), pipeline);
  const replyBytes = pipeline * serverFrameLength(bytes);
  const start = serverFrameStart(text);
  let operations = 0;
  const echo = async (conn: Deno.TcpConn) => {
    const buffer = new Uint8Array(readBytes(replyBytes));
    for (;;) {
      await writeAll(conn, batch);
      for (let left = replyBytes; left > 0;) {
        const length = await conn.read(buffer);
        if (length === null) throw new Error("The server closed a connection");
        if (length > left || left === replyBytes && buffer[0] !== start) throw otherFraming();
        left -= length;
      }
      operations += pipeline;
    }
  };
  const loops = Promise.all(opened.map(({ conn }) => echo(conn)));
  return await count(seconds, loops, begin, () => operations);
}

/**
 * Runs a {@linkcode FanOutLoad}.
 *
 * @param port The server's port.
 * @param load What to do.
 * @param begin Called when the count begins.
 */
export async function runFanOut(
  port: number,
  load: FanOutLoad,
  begin: () => void,
): Promise<LoadFigures> {
  const { connections, bytes, pipeline, seconds } = load;
  const opened = await openConnections(port, connections);
  const sender = opened[0]!.conn;
  const checked = payloadOf(bytes, 1);
  const readers = opened.map(({ conn }) => new MessageReader(conn, serverFrameLength(bytes)));
  const [received] = await Promise.all([
    Promise.all(readers.map((reader) => reader.next())),
    writeAll(sender, clientFrame(checked, false)),
  ]);
  for (const messages of received) checkMessages(messages, [checked], false);

  const frame = clientFrame(payloadOf(bytes, 0), false);
  const frameBytes = serverFrameLength(bytes);
  const start = serverFrameStart(false);
  const failure = Promise.withResolvers<never>();
  let operations = 0;
  let next = connections;
  const receive = async (conn: Deno.TcpConn) => {
    const buffer = new Uint8Array(pipeline * frameBytes);
    for (let rest = 0;;) {
      const chunk = await readSome(conn, buffer);
      if (rest === 0 && chunk[0] !== start) throw otherFraming();
      rest += chunk.length;
      operations += Math.floor(rest / frameBytes);
      rest %= frameBytes;
      while (operations >= next) {
        next += connections;
        writeAll(sender, frame).catch(failure.reject);
      }
    }
  };
  const loops = Promise.all(opened.map(({ conn }) => receive(conn)));
  const [figures] = await Promise.all([
    count(seconds, Promise.race([loops, failure.promise]), begin, () => operations),
    writeAll(sender, repeat(frame, pipeline)),
  ]);
  return figures;
}

/** Counts what happens in so many seconds after the warm-up; rejects as soon as a loop does. */
async function count(
  seconds: number,
  loops: Promise<unknown>,
  begin: () => void,
  operations: () => number,
): Promise<LoadFigures> {
  await Promise.race([sleep(Math.min(WARM_UP, seconds / 2)), loops]);
  begin();
  const before = operations();
  const start = performance.now();
  // On a machine that is busy elsewhere even the first one can take longer; no end at all is the
  // bench's to notice.
  do await Promise.race([sleep(seconds), loops]); while (operations() === before);
  return { operations: operations() - before, seconds: (performance.now() - start) / 1_000 };
}

/**
 * Checks that exactly these messages have come.
 *
 * @param received The messages.
 * @param payloads What they have to be.
 * @param text Whether they have to be text.
 * @throws {Error} Where one differs.
 */
export function checkMessages(
  received: readonly (string | Uint8Array)[],
  payloads: readonly Uint8Array[],
  text: boolean,
): void {
  const same = received.length === payloads.length && received.every((message, index) => {
    if ((typeof message === "string") !== text) return false;
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    const payload = payloads[index]!;
    return bytes.length === payload.length && bytes.every((byte, at) => byte === payload[at]);
  });
  if (!same) throw new Error("A message came back changed");
}

function otherFraming(): Error {
  return new Error("The server does not send each message as one frame and nothing else");
}

function readBytes(replyBytes: number): number {
  return Math.min(replyBytes, READ_BYTES);
}

function repeat(bytes: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(times * bytes.length);
  for (let index = 0; index < times; index++) all.set(bytes, index * bytes.length);
  return all;
}

/** Waits so many seconds. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
