import { assertEquals } from "@std/assert";
import { connect } from "../../../mod.ts";
import { Opcode } from "../../../protocol/mod.ts";
import { broadcast } from "../../../server/apps/broadcast.ts";
import { Events, until } from "../../helpers/events.ts";
import { MemoryRelay } from "../../helpers/memory_backplane.ts";
import { RawClient } from "../../helpers/raw_client.ts";

Deno.test("broadcast() sends every message to every connection, the sender included", async () => {
  await using server = broadcast({ port: 0 });
  const sockets = [1, 2, 3].map(() => new WebSocket(server.url));
  const received = sockets.map((socket) => {
    const messages = new Events<unknown>();
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) =>
      messages.push(typeof data === "string" ? data : new Uint8Array(data));
    return messages;
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.onopen = resolve)));
  sockets[0]!.send("to all");
  for (const messages of received) assertEquals(await messages.next(), "to all");
  sockets[2]!.send(Uint8Array.of(1, 2));
  for (const messages of received) assertEquals(await messages.next(), Uint8Array.of(1, 2));
  await Promise.all(sockets.map((socket) => {
    socket.close();
    return new Promise((resolve) => socket.onclose = resolve);
  }));
  assertEquals(received.map(({ all }) => all.length), [2, 2, 2], "each message came once");
});

Deno.test("broadcast() reaches the connections of other servers, in order", async () => {
  const relay = new MemoryRelay();
  await using one = broadcast({ port: 0, backplane: relay.join() });
  await using two = broadcast({ port: 0, backplane: relay.join() });
  const sockets = [one, two].map(({ url }) => new WebSocket(url));
  const received = sockets.map((socket) => {
    const messages = new Events<unknown>();
    socket.onmessage = ({ data }) => messages.push(data);
    return messages;
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.onopen = resolve)));
  const sent = Array.from({ length: 100 }, (_, index) => `${index}`);
  for (const message of sent) sockets[0]!.send(message);
  for (const messages of received) {
    for (const message of sent) assertEquals(await messages.next(), message);
  }
  await Promise.all(sockets.map((socket) => {
    socket.close();
    return new Promise((resolve) => socket.onclose = resolve);
  }));
  assertEquals(received.map(({ all }) => all.length), [100, 100], "each message came once");
});

/** Reads messages of one frame to the end of the connection; gives how many came, and the close code. */
async function readAll(client: RawClient): Promise<[messages: number, code: number | undefined]> {
  let messages = 0;
  for (;;) {
    const frame = await client.frame().catch(() => undefined);
    if (frame === undefined) return [messages, undefined];
    if (frame.opcode === Opcode.Close) {
      return [messages, new DataView(frame.payload.buffer, frame.payload.byteOffset).getUint16(0)];
    }
    if (frame.opcode === Opcode.Binary) messages++;
  }
}

Deno.test("broadcast() slows a sender until the others have read, and closes only who never reads", async () => {
  await using server = broadcast({ port: 0, limits: { closeTimeout: 200 } });
  const slow = await RawClient.open(server.addr);
  const silent = await RawClient.open(server.addr);
  await using sender = await connect(server.url);
  const silentKey = server.registry.list()[1]!.key;
  const isBehind = () => server.registry.list()[0]!.queuedBytes > 0;
  const isOpen = () => server.registry.list().some(({ key }) => key === silentKey);
  const echoing = Array.fromAsync(sender.messages(), () => {});
  const writer = sender.writable.getWriter();
  let sent = 0;
  const sending = (async () => {
    while (isOpen()) {
      await writer.write(new Uint8Array(1_000_000));
      sent++;
    }
  })();
  await until("both are behind", isBehind);
  const receiving = readAll(slow);
  await until("who never reads is closed", () => !isOpen());
  await sending;
  silent.close();
  await until("all is broadcast", () => server.registry.list()[1]?.messagesOut === sent);
  await server.drain();
  const [messages, code] = await receiving;
  assertEquals([messages, code], [sent, 1001], "and got all of it");
  await echoing;
  slow.close();
});
