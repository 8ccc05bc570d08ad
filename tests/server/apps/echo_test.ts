import { assertEquals } from "@std/assert";
import { echo } from "../../../server/apps/echo.ts";
import { Events } from "../../helpers/events.ts";

Deno.test("echo() sends text and binary back to whom they came from, in order", async () => {
  await using server = echo({ port: 0 });
  const sockets = [1, 2].map(() => new WebSocket(server.url));
  const received = sockets.map((socket) => {
    const messages = new Events<unknown>();
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) =>
      messages.push(typeof data === "string" ? data : new Uint8Array(data));
    return messages;
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.onopen = resolve)));
  for (const [index, socket] of sockets.entries()) {
    socket.send(`I am ${index}`);
    socket.send(Uint8Array.of(index, 0, 255));
    socket.send("");
  }
  for (const [index, messages] of received.entries()) {
    assertEquals(await messages.next(), `I am ${index}`);
    assertEquals(await messages.next(), Uint8Array.of(index, 0, 255));
    assertEquals(await messages.next(), "");
  }
  await Promise.all(sockets.map((socket) => {
    socket.close();
    return new Promise((resolve) => socket.onclose = resolve);
  }));
  assertEquals(received.map(({ all }) => all.length), [3, 3], "nobody got what was another's");
});

Deno.test("echo() answers plain HTTP by a fetch of the caller's own", async () => {
  await using server = echo({ port: 0, fetch: () => new Response("mine") });
  assertEquals(await (await fetch(server.url)).text(), "mine");
});
