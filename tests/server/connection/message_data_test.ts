import { assertEquals, assertThrows } from "@std/assert";
import { connect, type Connection, type MessageData, serve } from "../../../mod.ts";
import { plainOf } from "../../../server/connection/message_data.ts";

const BYTES = Uint8Array.of(9, 1, 2, 3, 4, 9);
const PART = BYTES.subarray(1, 5);

/** The same four bytes in each of the shapes in which bytes can be sent. */
const SHAPES: readonly MessageData[] = [
  PART,
  PART.slice().buffer,
  new DataView(BYTES.buffer, 1, 4),
  new Uint16Array(PART.slice().buffer),
  new Int8Array(BYTES.buffer, 1, 4),
];

Deno.test("plainOf() gives text and bytes as they are, and a view of all else", () => {
  assertEquals(plainOf("text"), "text");
  for (const shape of SHAPES) assertEquals(plainOf(shape), PART);
  assertEquals(plainOf(PART) === PART, true);
  assertEquals(
    (plainOf(SHAPES[2]!) as Uint8Array).buffer === BYTES.buffer,
    true,
    "nothing is copied",
  );
});

/** Has one side send, and gives the first messages that the other gets. */
async function sentBy(
  role: "server" | "client",
  count: number,
  send: (connection: Connection<unknown>) => unknown,
): Promise<unknown[]> {
  const received: unknown[] = [];
  const take = async (connection: Connection<unknown>) => {
    for await (const message of connection.messages()) {
      if (received.push(message) === count) break;
    }
  };
  let taken: Promise<void> | undefined;
  await using server = serve({
    port: 0,
    open: (connection) => role === "server" ? send(connection) : taken = take(connection),
  });
  await using client = await connect(server.url);
  if (role === "client") await send(client);
  else taken = take(client);
  await client.closed;
  await taken;
  return received;
}

for (const role of ["server", "client"] as const) {
  Deno.test(`Connection.send() takes bytes in every shape, and a Blob in its turn, on a ${role}`, async () => {
    const received = await sentBy(role, SHAPES.length + 3, async (connection) => {
      for (const shape of SHAPES) connection.send(shape);
      const blob = connection.send(new Blob([PART]));
      connection.send("behind it");
      connection.send(PART);
      assertEquals(await blob, "sent");
    });
    assertEquals(received, [...SHAPES.map(() => PART), PART, "behind it", PART]);
  });

  Deno.test(`Connection.writable takes all that send() does, on a ${role}`, async () => {
    const received = await sentBy(role, SHAPES.length + 2, async ({ writable }) => {
      const writer = writable.getWriter();
      for (const shape of [...SHAPES, new Blob(["blob"]), "text"]) await writer.write(shape);
    });
    const blob = new TextEncoder().encode("blob");
    assertEquals(received, [...SHAPES.map(() => PART), blob, "text"]);
  });
}

Deno.test("Connection.send() drops a Blob when the connection is closing", async () => {
  await using server = serve({ port: 0 });
  await using client = await connect(server.url);
  client.close(1000);
  assertEquals(await client.send(new Blob(["late"])), "dropped");
});

Deno.test("Connection.send() refuses what is no message in any shape", async () => {
  await using server = serve({ port: 0 });
  await using client = await connect(server.url);
  const message =
    "Cannot send message as it must be a string, an ArrayBuffer, a view of one, a Blob or a stream";
  for (const data of [1, null, undefined, {}, [1]]) {
    assertThrows(() => client.send(data as never), TypeError, message);
    const plain = "Cannot send message as it must be a string, an ArrayBuffer or a view of one";
    assertThrows(() => server.broadcast(data as never), TypeError, plain);
    assertThrows(() => server.broadcastInTurn(data as never), TypeError, plain);
  }
});

Deno.test("Server.broadcast() and broadcastInTurn() take bytes in every shape", async () => {
  await using server = serve({ port: 0 });
  await using client = await connect(server.url);
  for (const shape of SHAPES) {
    server.broadcast(shape);
    await server.broadcastInTurn(shape);
  }
  const messages = client.messages();
  for (let count = 0; count < 2 * SHAPES.length; count++) {
    assertEquals((await messages.next()).value, PART);
  }
});

Deno.test("serve() refuses what a backplane gives that is no message", async () => {
  const receivers = new Map<string, (data: never) => void>();
  await using server = serve({
    port: 0,
    backplane: {
      publish: () => "sent",
      subscribe(channel, receive) {
        receivers.set(channel, receive);
        return () => receivers.delete(channel);
      },
      close: () => Promise.resolve(),
    },
  });
  await using _client = await connect(server.url);
  for (const data of [1, null, undefined, {}, [1]]) {
    assertThrows(
      () => receivers.get("broadcast")!(data as never),
      TypeError,
      "Cannot send message",
    );
  }
});
