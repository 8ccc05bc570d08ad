import { assert, assertEquals, assertThrows } from "@std/assert";
import { serve } from "../../../../mod.ts";
import { Opcode } from "../../../../protocol/mod.ts";
import { type ConnectEvent, dial } from "../../../../server/cli/connect/connect_dial.ts";
import { Pings } from "../../../../server/cli/connect/connect_pings.ts";
import { Events } from "../../../helpers/events.ts";

/** A connection to a server of ours, and what is shown of it. */
async function start(showAll: boolean) {
  const events = new Events<ConnectEvent>();
  const pings = new Pings(events.push, showAll);
  const server = serve({ port: 0 });
  const connection = await dial(new URL(server.url), {
    deflate: false,
    control: (opcode, payload) => pings.received(opcode, payload),
  });
  return {
    events,
    pings,
    connection,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Waits for a round trip that was measured. */
async function measured(events: Events<ConnectEvent>): Promise<void> {
  const event = await events.next();
  assert(event.type === "round_trip" && event.milliseconds! >= 0, event.type);
}

Deno.test("Pings.measure() shows one round trip", async () => {
  await using it = await start(false);
  await it.pings.measure(it.connection);
  await measured(it.events);
});

Deno.test("Pings.send() shows the round trip of a Ping with a text", async () => {
  await using it = await start(false);
  it.pings.send(it.connection, "are you there");
  await measured(it.events);
  assertThrows(() => it.pings.send(it.connection, "x".repeat(126)), RangeError);
});

Deno.test("Pings shows what was not asked for here, if wanted", () => {
  for (const showAll of [false, true]) {
    const shown: ConnectEvent[] = [];
    const pings = new Pings((event) => shown.push(event), showAll);
    const payload = Uint8Array.of(1);
    pings.received(Opcode.Ping, payload);
    payload[0] = 2;
    pings.received(Opcode.Pong, payload);
    payload[0] = 3; // it is valid only during the call
    assertEquals(
      shown,
      showAll
        ? [{ type: "ping", payload: Uint8Array.of(1) }, {
          type: "pong",
          payload: Uint8Array.of(2),
        }]
        : [],
    );
  }
});

Deno.test("Pings.every() measures again and again until the connection is over", async () => {
  await using it = await start(false);
  const pinging = it.pings.every(it.connection, 10);
  await measured(it.events);
  await measured(it.events);
  it.connection.close();
  await pinging;
});

Deno.test("Pings.every() ends at once when the connection does, however long it waits", async () => {
  await using it = await start(false);
  const pinging = it.pings.every(it.connection, 86_400_000);
  it.connection.close();
  await pinging;
  assertEquals(it.events.all, []);
});

Deno.test("Pings.measure() is silent about a connection that ended meanwhile", async () => {
  await using it = await start(false);
  it.connection.close();
  await it.pings.measure(it.connection);
  it.pings.send(it.connection, "late");
  assertEquals(it.events.all, []);
});
