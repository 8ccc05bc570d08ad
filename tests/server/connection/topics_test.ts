import { assertEquals, assertThrows } from "@std/assert";
import { connect, type Connection, serve } from "../../../mod.ts";
import { Events } from "../../helpers/events.ts";

Deno.test("Connection.subscribe() and publish() keep the order of all that one connection gets", async () => {
  await using server = serve({
    port: 0,
    open(connection, server) {
      connection.subscribe("a");
      connection.subscribe("b");
      connection.send("1");
      server.publish("a", "2");
      connection.send("3");
      server.broadcast("4");
      server.publish("b", "5");
      connection.publish("a", "not to itself");
      server.publish("a", new Uint8Array([6]));
      connection.send("7");
    },
  });
  await using client = await connect(server.url);
  const messages = client.messages();
  const got: string[] = [];
  while (got.length < 7) got.push(String((await messages.next()).value));
  assertEquals(got, ["1", "2", "3", "4", "5", "6", "7"]);
});

Deno.test("Connection.subscriptions are there in the close handler, and gone after it", async () => {
  const left = new Events<readonly string[]>();
  await using server = serve({
    port: 0,
    open(connection) {
      connection.subscribe("a");
      connection.subscribe("b");
      connection.unsubscribe("a");
      assertEquals([connection.isSubscribed("a"), connection.isSubscribed("b")], [false, true]);
    },
    close(connection, _code, _reason, server) {
      left.push([...connection.subscriptions, `${server.subscriberCount("b")}`]);
      queueMicrotask(() => {
        connection.subscribe("b"); // it is over, so this does nothing
        left.push([...connection.subscriptions, `${server.subscriberCount("b")}`]);
      });
    },
  });
  await (await connect(server.url))[Symbol.asyncDispose]();
  assertEquals(await left.next(), ["b", "1"]);
  assertEquals(await left.next(), ["0"]);
});

Deno.test("Connection.publish() refuses what cannot be sent, and topics that are not valid", async () => {
  const connections = new Events<Connection<undefined>>();
  await using server = serve({ port: 0, open: (connection) => connections.push(connection) });
  await using _client = await connect(server.url);
  const connection = await connections.next();
  assertThrows(() => connection.publish("a", 1 as unknown as string), TypeError, "message");
  assertThrows(() => connection.publish("", "a"), RangeError, "1 to 255 bytes");
  assertThrows(() => server.publish("a", null as unknown as string), TypeError, "message");
  assertThrows(() => server.publish("x".repeat(256), "a"), RangeError, "1 to 255 bytes");
  assertThrows(() => connection.subscribe(undefined as unknown as string), TypeError, "string");
});

Deno.test("Server.connections and get() give the connections themselves", async () => {
  await using server = serve<{ name: string }>({
    port: 0,
    upgrade: (_request, { key }, server) => ({ data: { name: `${key} ${server.worker}` } }),
    fetch: (_request, { server }) => new Response(`${[...server.connections].length} here`),
  });
  await using client = await connect(server.url);
  const [record] = server.registry.list();
  const connection = server.get(record!.key)!;
  assertEquals([...server.connections], [connection]);
  assertEquals(connection.data.name, `${record!.key} undefined`);
  assertEquals(server.get("127.0.0.1:1-127.0.0.1:2"), undefined);
  assertEquals(await (await fetch(server.url)).text(), "1 here");
  connection.close(4000);
  assertEquals((await client.closed).code, 4000);
});

Deno.test("Server.broadcast() leaves out the connection that it is told to", async () => {
  await using server = serve({
    port: 0,
    message: (connection, data, server) => server.broadcast(data, { except: connection }),
  });
  await using first = await connect(server.url);
  await using second = await connect(server.url);
  const [ours, theirs] = [first.messages(), second.messages()];
  first.send("from the first");
  assertEquals((await theirs.next()).value, "from the first");
  second.send("from the second");
  assertEquals((await ours.next()).value, "from the second");
});

Deno.test("Connection.publish() sends compressed messages to those who take them, and plain ones to others", async () => {
  await using server = serve({
    port: 0,
    deflate: { threshold: 1 },
    open: (connection) => connection.subscribe("a"),
  });
  const text = "abc".repeat(1_000);
  await using deflating = await connect(server.url, { deflate: true });
  await using plain = await connect(server.url);
  const [one, other] = [deflating.messages(), plain.messages()];
  server.publish("a", text);
  assertEquals((await one.next()).value, text);
  assertEquals((await other.next()).value, text);
});

Deno.test("Connection.subscribe() throws beyond limits.connectionTopics, which costs no other connection", async () => {
  const ended = new Events<number>();
  await using server = serve({
    port: 0,
    limits: { connectionTopics: 1 },
    log: () => {},
    message: (connection, topic) => connection.subscribe(String(topic)),
    close: (_, code) => ended.push(code),
  });
  await using client = await connect(server.url);
  await using _other = await connect(server.url);
  client.send("a");
  client.send("b");
  assertEquals((await client.closed).code, 1011);
  assertEquals(await ended.next(), 1011);
  assertEquals([...server.connections].filter(({ open }) => open).length, 1);
});
