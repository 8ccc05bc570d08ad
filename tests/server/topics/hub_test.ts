import { assertEquals, assertStrictEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { Hub, type SharedFrames, type Subscriber } from "../../../server/topics/hub.ts";
import { fromHex, toHex } from "../../helpers/notation.ts";

/** One subscriber, who writes down what it gets. */
class Listener implements Subscriber {
  position: number;
  readonly sharedDeflateBits: number = 0;
  readonly got: [messages: number, frames: Uint8Array][] = [];

  constructor(position: number, readonly onMessage = (_: Listener): void => {}) {
    this.position = position;
  }

  sendShared({ bytes, messages }: SharedFrames): void {
    this.got.push([messages, bytes]);
    this.onMessage(this);
  }

  get hex(): string[] {
    return this.got.map(([messages, frames]) => `${messages}: ${toHex(frames)}`);
  }
}

/** Some subscribers of one hub. */
class Audience {
  readonly listeners = new Set<Listener>();
  readonly hub: Hub;

  constructor(size: number, keptBytes?: number) {
    this.hub = new Hub(() => this.listeners, keptBytes);
    for (let count = 0; count < size; count++) this.join();
  }

  join(onMessage?: (listener: Listener) => void): Listener {
    const listener = new Listener(this.hub.published, onMessage);
    this.listeners.add(listener);
    return listener;
  }

  get all(): Listener[] {
    return [...this.listeners];
  }
}

/** Lets the event loop turn, as often as a round through all takes and some more. */
async function rounds(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const A = "81 01 61";
const B = "81 01 62";
const C = "81 01 63";

Deno.test("Hub.publish() encodes once, whoever gets it", async () => {
  const { hub, all } = new Audience(3);
  hub.publish("Hello");
  await rounds();
  const [first] = all[0]!.got;
  assertEquals(first, [1, fromHex("81 05 48 65 6c 6c 6f")]); // RFC 6455 5.7
  for (const { got } of all) {
    assertEquals(got.length, 1);
    assertStrictEquals(got[0]![1], first![1]);
  }
});

Deno.test("Hub.publish() sends bytes as binary and copies them", async () => {
  const { hub, all } = new Audience(1);
  const data = Uint8Array.of(1, 2);
  hub.publish(data);
  data.fill(9);
  await rounds();
  assertEquals(all[0]!.hex, ["1: 82 02 01 02"]);
});

Deno.test("Hub.publish() sends together what is published in one turn", async () => {
  const { hub, all } = new Audience(2);
  hub.publish("a");
  hub.publish("b");
  assertEquals(all[0]!.got, []);
  await rounds();
  hub.publish("c");
  await rounds();
  for (const { hex } of all) assertEquals(hex, [`2: ${A} ${B}`, `1: ${C}`]);
});

Deno.test("Hub.publish() goes through very many in several turns, and joins what comes meanwhile", async () => {
  const { hub, all } = new Audience(250);
  const reached = (): number => all.filter(({ got }) => got.length > 0).length;
  hub.publish("a");
  await rounds(1);
  assertEquals(reached(), 100);
  hub.publish("b");
  await rounds();
  assertEquals(reached(), 250);
  for (const { hex } of all.slice(0, 100)) assertEquals(hex, [`1: ${A}`, `1: ${B}`]);
  for (const { hex } of all.slice(100)) assertEquals(hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.publish() sends nothing to who comes later, and nothing to who has left", async () => {
  const audience = new Audience(150);
  const [first] = audience.all;
  audience.hub.publish("a");
  const late = audience.join();
  audience.listeners.delete(first!);
  await rounds(1);
  audience.hub.publish("b");
  await rounds();
  assertEquals(late.hex, [`1: ${B}`]);
  assertEquals(first!.hex, []);
});

Deno.test("Hub.catchUp() brings one what it has not got, once", async () => {
  const { hub, all } = new Audience(2);
  const [early, other] = all;
  hub.publish("a");
  hub.catchUp(early!);
  hub.publish("b");
  hub.catchUp(early!);
  hub.catchUp(early!);
  assertEquals(early!.hex, [`1: ${A}`, `1: ${B}`]);
  assertEquals(other!.hex, []);
  await rounds();
  assertEquals(early!.got.length, 2);
  assertEquals(other!.hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.publish() brings everybody up to date when it would have to keep too much", async () => {
  const { hub, all } = new Audience(1, 6);
  for (const text of ["a", "b", "c"]) hub.publish(text);
  assertEquals(all[0]!.hex, [`2: ${A} ${B}`]);
  hub.publish("too long");
  assertEquals(all[0]!.hex.slice(1), [`1: ${C}`]);
  await rounds();
  assertEquals(all[0]!.got.map(([messages, { length }]) => [messages, length]), [
    [2, 6],
    [1, 3],
    [1, 10],
  ]);
});

Deno.test("Hub.publish() loses nothing and keeps the order when much comes in the middle of a round", async () => {
  const { hub, all } = new Audience(230, 12);
  let count = 0;
  for (let turn = 0; turn < 20; turn++) {
    for (let burst = 0; burst < turn % 7; burst++) hub.publish(String.fromCharCode(65 + count++));
    await rounds(1);
  }
  await rounds();
  const expected = Array.from({ length: count }, (_, at) => `81 01 ${(65 + at).toString(16)}`);
  for (const { hex } of all) {
    assertEquals(hex.map((entry) => entry.replace(/^\d+: /, "")).join(" "), expected.join(" "));
  }
});

Deno.test("Hub.publish() goes on when a subscriber leaves, or publishes, as it is sent to", async () => {
  const audience = new Audience(0);
  const { hub } = audience;
  const first = audience.join(() => {
    audience.listeners.delete(second);
    if (first.got.length === 1) hub.publish("b");
  });
  const second = audience.join();
  const third = audience.join();
  hub.publish("a");
  await rounds();
  assertEquals(first.hex, [`1: ${A}`, `1: ${B}`]);
  assertEquals(second.hex, []);
  assertEquals(third.hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.publish() says what the messages are that it shares", async () => {
  const shared: SharedFrames[] = [];
  const subscriber = {
    position: 0,
    sharedDeflateBits: 0,
    sendShared: (it: SharedFrames) => void shared.push(it),
  };
  const hub = new Hub(() => [subscriber]);
  hub.publish("text");
  hub.publish(new Uint8Array(70_000));
  hub.publish(new Uint8Array(0));
  await rounds();
  const sums = { messages: 0, texts: 0, textBytes: 0, binaryBytes: 0 };
  for (const one of shared) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += one[name];
  }
  assertEquals(sums, { messages: 3, texts: 1, textBytes: 4, binaryBytes: 70_000 });
});

Deno.test("Hub.keptBytes bounds what is kept from now on", async () => {
  const audience = new Audience(1);
  const [{ got }] = audience.all as [Listener];
  audience.hub.keptBytes = 4;
  audience.hub.publish("a");
  audience.hub.publish("b"); // more than is kept: the first one leaves at once
  assertEquals(got.length, 1);
  await rounds();
  assertEquals(got.length, 2);
});
