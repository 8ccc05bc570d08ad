import { assertEquals } from "@std/assert";
import { broadcast } from "../../../server/apps/broadcast.ts";
import { Events } from "../../helpers/events.ts";
import { MemoryRelay } from "../../helpers/memory_backplane.ts";

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
