/**
 * The same messages by WebSocket, by polling and by long polling. The clocks at both ends are one:
 * the load generator publishes and receives, and the server passes on.
 *
 * @module
 */

import { percentile } from "../statistics.ts";
import { HttpClient } from "./http_client.ts";
import type { LoadFigures, PushLoad } from "./spec.ts";
import { clientFrame, MessageReader, openConnection, openConnections, writeAll } from "./wire.ts";

/** One client that waits for messages. */
interface Subscriber {
  /** Bytes of TCP payload that connecting took. */
  readonly setupBytes: number;
  /** Receives until the last message has come, and tells of each. */
  run(received: (text: string) => void): Promise<void>;
  /** Bytes of TCP payload since then, both directions. */
  bytes(): number;
  /** HTTP requests since then. */
  requests(): number;
}

/** What a transport needs at the client's end. */
interface Clients {
  subscribers: Subscriber[];
  publish(text: string): Promise<void>;
  /** Resolves when the publisher has read what it gets itself. */
  drained: Promise<void>;
}

/** Digits of a message's number, which is what it begins with. */
const DIGITS = 8;

/** A read of a subscriber of WebSocket; it rarely brings more than one message. */
const READ_BYTES = 4_096;

/**
 * Runs a {@linkcode PushLoad}.
 *
 * @param port The server's port: one that broadcasts, or for polling that of bench/peers/polling.ts.
 * @param load What to do.
 * @param begin Called when the count begins.
 */
export async function runPush(
  port: number,
  load: PushLoad,
  begin: () => void,
): Promise<LoadFigures> {
  const { subscribers, publish, drained } = load.transport === "websocket"
    ? await openWebSockets(port, load)
    : await openHttp(port, load);
  const publishedAt: number[] = [];
  const delays: number[] = [];
  const follow = async (subscriber: Subscriber) => {
    let next = 0;
    await subscriber.run((text) => {
      if (text !== messageText(next, load.bytes)) {
        throw new Error("A message came changed, twice, or not at all");
      }
      delays.push(performance.now() - publishedAt[next++]!);
    });
  };
  begin();
  const start = performance.now();
  const publishAll = async () => {
    for (let index = 0; index < load.messages; index++) {
      const due = start + (index + 1) * load.interval;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      publishedAt.push(performance.now());
      await publish(messageText(index, load.bytes));
    }
  };
  await Promise.all([publishAll(), drained, ...subscribers.map(follow)]);
  const seconds = (performance.now() - start) / 1_000;
  delays.sort((a, b) => a - b);
  const sum = (figure: (subscriber: Subscriber) => number) =>
    subscribers.reduce((total, subscriber) => total + figure(subscriber), 0);
  return {
    operations: delays.length,
    seconds,
    push: {
      setupBytes: sum((it) => it.setupBytes) / subscribers.length,
      bytesPerMessage: sum((it) => it.bytes()) / delays.length,
      requests: sum((it) => it.requests()),
      delayMedian: percentile(delays, 0.5),
      delayP99: percentile(delays, 0.99),
    },
  };
}

/** The message with this number: as long as all others, and different. */
export function messageText(index: number, bytes: number): string {
  return String(index).padStart(DIGITS, "0").padEnd(bytes, "x");
}

async function openWebSockets(port: number, load: PushLoad): Promise<Clients> {
  const opened = await openConnections(port, load.connections);
  const publisher = await openConnection(port);
  // It gets its own messages back like everybody else, and must read them.
  const drain = async () => {
    const reader = new MessageReader(publisher.conn, READ_BYTES);
    for (let left = load.messages; left > 0;) left -= (await reader.next()).length;
  };
  const subscribers = opened.map(({ conn, handshakeBytes }): Subscriber => {
    const reader = new MessageReader(conn, READ_BYTES);
    return {
      setupBytes: handshakeBytes,
      async run(received) {
        for (let left = load.messages; left > 0;) {
          const messages = await reader.next();
          for (const message of messages) received(String(message));
          left -= messages.length;
        }
      },
      bytes: () => reader.bytes,
      requests: () => 0,
    };
  });
  const encoder = new TextEncoder();
  return {
    subscribers,
    publish: (text) => writeAll(publisher.conn, clientFrame(encoder.encode(text), true)),
    drained: drain(),
  };
}

async function openHttp(port: number, load: PushLoad): Promise<Clients> {
  const publisher = await HttpClient.connect(port);
  const clients = await Promise.all(
    Array.from({ length: load.connections }, () => HttpClient.connect(port)),
  );
  const path = load.transport === "polling" ? "/poll" : "/wait";
  const subscribers = clients.map((client, index): Subscriber => ({
    setupBytes: 0,
    async run(received) {
      // Clients that ask at different times, as they do in the world.
      let due = performance.now() + load.pollInterval * index / load.connections;
      for (let had = 0; had < load.messages;) {
        if (load.transport === "polling") {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
          due += load.pollInterval;
        }
        const body = await client.request("GET", `${path}?after=${had}`);
        for (let at = 0; at < body.length; at += load.bytes, had++) {
          received(body.slice(at, at + load.bytes));
        }
      }
    },
    bytes: () => client.bytes,
    requests: () => client.requests,
  }));
  return {
    subscribers,
    publish: async (text) => void await publisher.request("POST", "/publish", text),
    drained: Promise.resolve(),
  };
}
