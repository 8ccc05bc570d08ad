import { assertEquals } from "@std/assert";
import { connect, serve } from "../../../mod.ts";
import { encodeFrame, Opcode } from "../../../protocol/mod.ts";
import { deflateAlone } from "../../../server/connection/deflate/deflate_alone.ts";
import {
  type UnfinishedMessage,
  UnfinishedMessages,
} from "../../../server/connection/unfinished_messages.ts";
import { yieldToEventLoop } from "../../../server/loop/yield_to_event_loop.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { RawClient } from "../../helpers/raw_client.ts";

/** Unfinished messages that are swept when the test says so. */
class Setup {
  readonly limits = { messageTimeout: 100, unfinishedBytes: 1_000 };
  readonly sweeper = { now: 0, add: () => {}, delete: () => {} };
  readonly messages = new UnfinishedMessages(this);
  readonly givenUp: string[] = [];

  message(name: string, address: string, more: { excused?: boolean } = {}): UnfinishedMessage {
    const giveUp = (reason: string) => void this.givenUp.push(`${name} ${reason}`);
    return { address, excused: false, giveUp, ...more };
  }

  tick(now: number): void {
    this.sweeper.now = now;
    if (this.messages.due <= now) this.messages.expire(now);
  }
}

Deno.test("UnfinishedMessages gives a message up that makes no progress in its time", () => {
  const setup = new Setup();
  const [idle, slow, quick] = ["idle", "slow", "quick"].map((name) =>
    setup.message(name, "192.0.2.1")
  ) as [UnfinishedMessage, UnfinishedMessage, UnfinishedMessage];
  setup.messages.update(idle, 10, 10);
  setup.sweeper.now = 50;
  setup.messages.update(slow, 10, 65_535);
  setup.messages.update(quick, 10, 65_536);
  setup.tick(99);
  assertEquals(setup.givenUp, []);
  setup.tick(100);
  assertEquals(setup.givenUp, ["idle message_timeout"]);
  setup.tick(150);
  assertEquals(setup.givenUp, ["idle message_timeout", "slow message_timeout"]);
  setup.messages.update(quick, 20, 65_535);
  setup.tick(249);
  assertEquals([setup.givenUp.length, setup.messages.bytes], [2, 20]);
  setup.tick(250);
  assertEquals(setup.givenUp.at(-1), "quick message_timeout");
  assertEquals([setup.messages.bytes, setup.messages.due], [0, Infinity]);
});

Deno.test("UnfinishedMessages blames nobody for what is excused, or for an event loop that is late", () => {
  const setup = new Setup();
  const message = setup.message("it", "192.0.2.1");
  setup.messages.update(setup.message("excused", "192.0.2.1", { excused: true }), 1, 0);
  setup.messages.update(message, 1, 0);
  setup.messages.due += 70;
  setup.tick(169);
  setup.sweeper.now = 169;
  setup.messages.update(setup.message("later", "192.0.2.1"), 1, 0);
  assertEquals(setup.givenUp, []);
  setup.tick(170);
  assertEquals(setup.givenUp, ["it message_timeout"]);
  setup.tick(268);
  setup.tick(269);
  assertEquals(setup.givenUp, ["it message_timeout", "later message_timeout"]);
  setup.tick(1_000);
  assertEquals(setup.messages.bytes, 1);
});

Deno.test("UnfinishedMessages.delete() forgets a message, and once is enough", () => {
  const setup = new Setup();
  const message = setup.message("it", "192.0.2.1");
  setup.messages.update(message, 1, 0);
  setup.messages.delete(message);
  setup.messages.delete(message);
  assertEquals([setup.messages.bytes, setup.messages.due], [0, Infinity]);
  setup.tick(1_000);
  assertEquals(setup.givenUp, []);
});

Deno.test("UnfinishedMessages gives up the largest message of the address that holds the most", () => {
  const setup = new Setup();
  const add = (name: string, address: string, bytes: number) => {
    const message = setup.message(name, address);
    setup.messages.update(message, bytes, bytes);
    return message;
  };
  add("big alone", "192.0.2.1", 400);
  add("one of many", "2001:db8::1", 200);
  add("two of many", "2001:db8::2", 250);
  add("three of many", "2001:db8::3", 100);
  assertEquals([setup.givenUp, setup.messages.bytes], [[], 950]);
  const small = add("small", "192.0.2.2", 51);
  assertEquals(setup.givenUp, ["two of many unfinished_full"]);
  setup.messages.update(small, 401, 350);
  assertEquals(setup.givenUp.at(-1), "small unfinished_full");
  assertEquals(setup.messages.bytes, 700);
});

Deno.test("UnfinishedMessages asks for each address once, however many messages are given up", () => {
  const setup = new Setup();
  let asked = 0;
  for (let i = 0; i < 20; i++) {
    const message = setup.message(`${i}`, "");
    Object.defineProperty(message, "address", { get: () => `192.0.2.${++asked}` });
    setup.messages.update(message, 100, 0);
  }
  assertEquals([setup.givenUp.length, asked], [10, 20]);
});

Deno.test("UnfinishedMessages lets a message alone hold as much as it may", () => {
  const setup = new Setup();
  const alone = setup.message("alone", "192.0.2.1");
  setup.messages.update(alone, 1_000_000, 1_000_000);
  assertEquals(setup.givenUp, []);
  setup.messages.update(setup.message("other", "192.0.2.2"), 1, 1);
  assertEquals(setup.givenUp, ["alone unfinished_full"]);
});

const FIRST = encodeFrame(Opcode.Text, "a", { fin: false, maskKey: 1 });

Deno.test("serve() closes a connection with 1008 whose message makes no progress", async () => {
  const log = new LogBook();
  await using server = serve({ port: 0, limits: { messageTimeout: 20 }, log: log.log });
  using client = await RawClient.open(server.addr);
  await client.send(FIRST);
  assertEquals((await client.closeFrame()).code, 1008);
  assertEquals(log.entries("message_timeout").length, 1);
  const { sum } = await server.operations.snapshot();
  assertEquals([sum.measured.unfinishedLate, sum.measured.unfinishedFull], [1, 0]);
});

Deno.test("serve() leaves alone who is between two messages, however long that is", async () => {
  await using server = serve({
    port: 0,
    limits: { messageTimeout: 10 },
    message: (connection, data) => connection.send(data),
  });
  await using connection = await connect(server.url, { limits: { messageTimeout: 10 } });
  const messages = connection.messages();
  for (let round = 0; round < 3; round++) {
    connection.send("x".repeat(200_000));
    assertEquals(((await messages.next()).value as string).length, 200_000);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
});

Deno.test("serve() holds no more than unfinishedBytes for what has begun, also inflated", async () => {
  const zeros = deflateAlone(new Uint8Array(900_000), { windowBits: 15, level: 6, memLevel: 8 });
  for (const deflate of [false, true]) {
    const log = new LogBook();
    const limits = { unfinishedBytes: 2_600_000 };
    await using server = serve({ port: 0, deflate: true, limits, log: log.log });
    const wire = encodeFrame(Opcode.Binary, deflate ? zeros : new Uint8Array(900_000), {
      fin: false,
      maskKey: 1,
      compressed: deflate,
    });
    const clients: RawClient[] = [];
    for (let at = 0; at < 6; at++) {
      const client = await RawClient.connect(server.addr);
      clients.push(client);
      const extension = "permessage-deflate; client_no_context_takeover";
      await client.upgrade("/", `Sec-WebSocket-Extensions: ${extension}`);
      await client.send(wire);
    }
    // Two of them fit; of those that hold as much it is the oldest one.
    const codes: number[] = [];
    for (const client of clients.slice(0, 4)) codes.push((await client.closeFrame()).code);
    assertEquals(codes, [1013, 1013, 1013, 1013]);
    assertEquals(log.entries("unfinished_full").length, 4);
    assertEquals(server.registry.size >= 2, true);
    for (const client of clients) client.close();
    await server.close();
    for (let turn = 0; turn < 3; turn++) await yieldToEventLoop(); // what was being inflated finds out
  }
});
