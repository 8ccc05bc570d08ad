import { assertEquals } from "@std/assert";
import { BroadcastPace, type PacedReceiver } from "../../../server/topics/broadcast_pace.ts";
import { until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { type MemoryBackplane, MemoryRelay } from "../../helpers/memory_backplane.ts";

/** A receiver with room for so many bytes. */
class Receiver implements PacedReceiver {
  constructor(public room: number) {}

  hasRoomFor(bytes: number): boolean {
    return bytes <= this.room;
  }
}

const ROOM = 1_048_576;

/** A pace over some receivers, and what it has published. */
function paced(rooms: number[], backplane?: MemoryBackplane) {
  const receivers = rooms.map((room) => new Receiver(room));
  const published: string[] = [];
  const log = new LogBook();
  const hub = { published: 0, handedOut: 0 };
  const pace = new BroadcastPace({
    receivers: () => receivers,
    hub,
    publish: (data) => void published.push(data as string),
    backplane,
    log: log.log,
  });
  const send = (name: string, bytes = 1) => pace.inTurn(bytes, () => void published.push(name));
  return { receivers, published, log, hub, pace, send, [Symbol.dispose]: () => pace.stop() };
}

Deno.test("BroadcastPace.inTurn() publishes at once while all receivers have room", () => {
  using it = paced([ROOM, ROOM]);
  for (const name of "abc") assertEquals(it.send(name, 65_536), undefined);
  assertEquals(it.published, ["a", "b", "c"]);
});

Deno.test("BroadcastPace.inTurn() has messages wait for the slowest receiver, in order", async () => {
  using it = paced([ROOM, 0]);
  const waiting = ["a", "b", "c"].map((name) => it.send(name, 100_000));
  await until("it looks", () => it.published.length === 0);
  it.receivers[1]!.room = ROOM;
  await Promise.all(waiting);
  assertEquals(it.published, ["a", "b", "c"]);
});

Deno.test("BroadcastPace.inTurn() finds no room for a large message where there is some for small ones", async () => {
  using it = paced([100_000]);
  assertEquals(it.send("small"), undefined);
  const large = it.send("large", ROOM);
  assertEquals(it.published, ["small"]);
  it.receivers[0]!.room = ROOM;
  await large;
  assertEquals(it.published, ["small", "large"]);
});

Deno.test("BroadcastPace.inTurn() waits for one that takes nothing only once", async () => {
  using it = paced([ROOM, 0]);
  await it.send("a", 100_000);
  assertEquals(it.send("b", 100_000), undefined, "it has run out of patience");
  it.receivers[0]!.room = 0;
  const waiting = it.send("c", 100_000);
  assertEquals(it.published, ["a", "b"], "the others are waited for");
  it.receivers[0]!.room = ROOM;
  await waiting;
});

Deno.test("BroadcastPace.inTurn() waits again and again for one that takes enough", async () => {
  using it = paced([0]);
  for (let count = 0; count < 4; count++) {
    let looks = 0;
    // 1 MiB for each 200 looks of 5 ms.
    it.receivers[0]!.hasRoomFor = () => ++looks > 200;
    const waiting = it.send("a", ROOM);
    await waiting;
    assertEquals(looks, 201, "it was waited for");
  }
});

Deno.test("BroadcastPace.inTurn() waits until what came before is handed out, and for nothing else", async () => {
  using it = paced([ROOM]);
  it.hub.published = 7;
  assertEquals(it.send("a", 100_000), undefined);
  const waiting = it.send("b", 100_000);
  it.hub.published = 9; // somebody else broadcasts all the time
  assertEquals(it.published, ["a"]);
  it.hub.handedOut = 7;
  await waiting;
  assertEquals(it.published, ["a", "b"]);
});

Deno.test("BroadcastPace waits for nobody when it has stopped", async () => {
  const it = paced([0]);
  const waiting = it.send("a", 100_000);
  it.pace.stop();
  await waiting;
  assertEquals(it.published, ["a"]);
});

Deno.test("BroadcastPace.inTurn() waits for the receivers of other servers, which wait only for their own", async () => {
  const relay = new MemoryRelay();
  using one = paced([ROOM], relay.join());
  using two = paced([0], relay.join());
  two.pace.receive("from one");
  await until("it has told", () => one.send("probe", 100_000) !== undefined);
  const before = one.published.length;
  assertEquals(two.published, []);
  two.receivers[0]!.room = ROOM;
  await until("it goes on", () => one.published.length > before);
  assertEquals(two.published, ["from one"]);
});

Deno.test("BroadcastPace.receive() drops what comes while 16 MiB wait, and says so once", async () => {
  using it = paced([0]);
  const message = "x".repeat(8_000_000);
  for (let count = 0; count < 6; count++) it.pace.receive(message);
  assertEquals(it.log.entries().map(({ event }) => event), ["relay_dropped"]);
  it.receivers[0]!.room = Infinity;
  await until("the rest is published", () => it.published.length === 3);
  assertEquals(it.send("a"), undefined);
  assertEquals(it.published.length, 4);
});
