import { assertEquals } from "@std/assert";
import { SoakSocket } from "../../../bench/soak/soak_socket.ts";
import { messageOf } from "../../../bench/soak/traffic.ts";
import type { Leaving } from "../../../bench/soak/result.ts";
import { serve } from "../../../server/server.ts";
import type { Message } from "../../../protocol/mod.ts";
import { Events } from "../../helpers/events.ts";

/** A server that answers as told, and one client of it. */
async function connect(answer: (data: Message) => Message) {
  const server = serve({
    port: 0,
    message: (connection, data) => void connection.send(answer(data)),
    close: (_connection, code) => closed.push(code),
    log: () => {},
  });
  const closed = new Events<number>();
  const events = new Events<string | SoakSocket>();
  const owner = {
    authority: `127.0.0.1:${server.addr.port}`,
    path: "/",
    opened: (opened: unknown) => events.push(opened === socket ? socket : "another"),
    received: () => events.push("received"),
    ended: (_: unknown, fault: string) => events.push(fault),
  };
  const socket = new SoakSocket(owner, { host: "127.0.0.1", port: server.addr.port }, 0);
  socket.onecho = (bytes) => events.push(`echo of ${bytes}`);
  assertEquals(await events.next(), socket);
  return { server, socket, closed, events };
}

Deno.test("SoakSocket checks echoes of every size", async () => {
  const { server, socket, events } = await connect((data) => data);
  await using _ = server;
  for (const length of [1, 200, 70_000, 1_048_576]) {
    for (const draw of [0.01, 0.2, 0.9]) {
      const message = messageOf(length, () => draw);
      socket.ask(message, 5);
      assertEquals([socket.awaited, socket.awaitedSince], [1, 5]);
      assertEquals(await events.next(), `echo of ${message.payload.length}`);
    }
  }
  assertEquals(socket.awaitedSince, undefined);
  socket.leave("close", 0);
  assertEquals(await events.next(), "closed");
});

for (
  const [what, answer, fault] of [
    ["other bytes", () => "b", "a wrong echo"],
    ["another kind", () => Uint8Array.of(97), "a wrong echo"],
    ["too much", () => "ab", "a wrong echo"],
    ["too little", () => "", "an echo cut short"],
  ] as const
) {
  Deno.test(`SoakSocket ends when its echo is ${what}`, async () => {
    const { server, socket, events } = await connect(answer);
    await using _ = server;
    socket.ask(messageOf(1, () => 0.4), 0);
    assertEquals(await events.next(), fault);
  });
}

Deno.test("SoakSocket ends when a message comes that nobody asked for", async () => {
  const { server, events } = await connect((data) => data);
  await using _ = server;
  server.broadcast("news");
  assertEquals(await events.next(), "a message that nobody asked for");
});

Deno.test("SoakSocket leaves by Close after all echoes, and is answered", async () => {
  const { server, socket, closed, events } = await connect((data) => data);
  await using _ = server;
  socket.ask(messageOf(100_000, () => 0.9), 0);
  socket.leave("close", 3);
  assertEquals(await events.next(), "echo of 100000");
  assertEquals(await events.next(), "closed");
  assertEquals([socket.leaving, socket.leavingSince, socket.leftInOrder], ["close", 3, true]);
  assertEquals(await closed.next(), 1000);
});

for (const how of ["fin", "reset"] satisfies Leaving[]) {
  Deno.test(`SoakSocket leaves by ${how} without a Close frame`, async () => {
    const { server, socket, closed, events } = await connect((data) => data);
    await using _ = server;
    socket.ask(messageOf(200_000, () => 0.9), 0);
    socket.leave(how, 0);
    if (how === "reset") socket.destroy();
    assertEquals(await events.find((event) => event === "closed"), "closed");
    assertEquals([socket.leftInOrder, await closed.next()], [false, 1006]);
  });
}
