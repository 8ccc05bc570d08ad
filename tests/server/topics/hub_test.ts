import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { setImmediate } from "node:timers";
import type { Backplane } from "../../../server/topics/backplane.ts";
import { Hub } from "../../../server/topics/hub.ts";
import type { Subscriber, SubscriberTopics } from "../../../server/topics/subscriber.ts";
import type { SharedFrames } from "../../../server/topics/topic_log.ts";

import { MemoryRelay } from "../../helpers/memory_backplane.ts";
import { fromHex, toHex } from "../../helpers/notation.ts";
import { Random } from "../../helpers/random.ts";

const LIMITS = { connectionTopics: 128, topicBytes: 255, topics: 1_000, sendQueueBytes: 1_048_576 };

/** One subscriber, who writes down what it gets. */
class Listener implements Subscriber {
  position: number;
  topics: SubscriberTopics | undefined = undefined;
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
  readonly limits = { ...LIMITS };
  readonly hub: Hub;

  constructor(size: number, sendQueueBytes: number = LIMITS.sendQueueBytes) {
    this.limits.sendQueueBytes = sendQueueBytes;
    this.hub = new Hub({ subscribers: () => this.listeners, limits: this.limits });
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

Deno.test("Hub.broadcast() encodes once, whoever gets it", async () => {
  const { hub, all } = new Audience(3);
  hub.broadcast("Hello");
  await rounds();
  const [first] = all[0]!.got;
  assertEquals(first, [1, fromHex("81 05 48 65 6c 6c 6f")]); // RFC 6455 5.7
  for (const { got } of all) {
    assertEquals(got.length, 1);
    assertStrictEquals(got[0]![1], first![1]);
  }
});

Deno.test("Hub.broadcast() sends bytes as binary and copies them", async () => {
  const { hub, all } = new Audience(1);
  const data = Uint8Array.of(1, 2);
  hub.broadcast(data);
  data.fill(9);
  await rounds();
  assertEquals(all[0]!.hex, ["1: 82 02 01 02"]);
});

Deno.test("Hub.broadcast() sends together what is published in one turn", async () => {
  const { hub, all } = new Audience(2);
  hub.broadcast("a");
  hub.broadcast("b");
  assertEquals(all[0]!.got, []);
  await rounds();
  hub.broadcast("c");
  await rounds();
  for (const { hex } of all) assertEquals(hex, [`2: ${A} ${B}`, `1: ${C}`]);
});

Deno.test("Hub.broadcast() goes through very many in several turns, and joins what comes meanwhile", async () => {
  const { hub, all } = new Audience(250);
  const reached = (): number => all.filter(({ got }) => got.length > 0).length;
  hub.broadcast("a");
  await rounds(1);
  assertEquals(reached(), 100);
  hub.broadcast("b");
  await rounds();
  assertEquals(reached(), 250);
  for (const { hex } of all.slice(0, 100)) assertEquals(hex, [`1: ${A}`, `1: ${B}`]);
  for (const { hex } of all.slice(100)) assertEquals(hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.broadcast() sends nothing to who comes later, and nothing to who has left", async () => {
  const audience = new Audience(150);
  const [first] = audience.all;
  audience.hub.broadcast("a");
  const late = audience.join();
  audience.listeners.delete(first!);
  await rounds(1);
  audience.hub.broadcast("b");
  await rounds();
  assertEquals(late.hex, [`1: ${B}`]);
  assertEquals(first!.hex, []);
});

Deno.test("Hub.catchUp() brings one what it has not got, once", async () => {
  const { hub, all } = new Audience(2);
  const [early, other] = all;
  hub.broadcast("a");
  hub.catchUp(early!);
  hub.broadcast("b");
  hub.catchUp(early!);
  hub.catchUp(early!);
  assertEquals(early!.hex, [`1: ${A}`, `1: ${B}`]);
  assertEquals(other!.hex, []);
  await rounds();
  assertEquals(early!.got.length, 2);
  assertEquals(other!.hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.broadcast() brings everybody up to date when it would have to keep too much", async () => {
  const { hub, all } = new Audience(1, 6);
  for (const text of ["a", "b", "c"]) hub.broadcast(text);
  assertEquals(all[0]!.hex, [`2: ${A} ${B}`]);
  hub.broadcast("too long");
  assertEquals(all[0]!.hex.slice(1), [`1: ${C}`]);
  await rounds();
  assertEquals(all[0]!.got.map(([messages, { length }]) => [messages, length]), [
    [2, 6],
    [1, 3],
    [1, 10],
  ]);
});

Deno.test("Hub.broadcast() loses nothing and keeps the order when much comes in the middle of a round", async () => {
  const { hub, all } = new Audience(230, 12);
  let count = 0;
  for (let turn = 0; turn < 20; turn++) {
    for (let burst = 0; burst < turn % 7; burst++) hub.broadcast(String.fromCharCode(65 + count++));
    await rounds(1);
  }
  await rounds();
  const expected = Array.from({ length: count }, (_, at) => `81 01 ${(65 + at).toString(16)}`);
  for (const { hex } of all) {
    assertEquals(hex.map((entry) => entry.replace(/^\d+: /, "")).join(" "), expected.join(" "));
  }
});

Deno.test("Hub.broadcast() goes on when a subscriber leaves, or publishes, as it is sent to", async () => {
  const audience = new Audience(0);
  const { hub } = audience;
  const first = audience.join(() => {
    audience.listeners.delete(second);
    if (first.got.length === 1) hub.broadcast("b");
  });
  const second = audience.join();
  const third = audience.join();
  hub.broadcast("a");
  await rounds();
  assertEquals(first.hex, [`1: ${A}`, `1: ${B}`]);
  assertEquals(second.hex, []);
  assertEquals(third.hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.broadcast() says what the messages are that it shares", async () => {
  const shared: SharedFrames[] = [];
  const subscriber = {
    position: 0,
    topics: undefined,
    sharedDeflateBits: 0,
    sendShared: (it: SharedFrames) => void shared.push(it),
  };
  const hub = new Hub({ subscribers: () => [subscriber], limits: LIMITS });
  hub.broadcast("text");
  hub.broadcast(new Uint8Array(70_000));
  hub.broadcast(new Uint8Array(0));
  await rounds();
  const sums = { messages: 0, texts: 0, textBytes: 0, binaryBytes: 0 };
  for (const one of shared) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += one[name];
  }
  assertEquals(sums, { messages: 3, texts: 1, textBytes: 4, binaryBytes: 70_000 });
});

Deno.test("Hub.broadcast() keeps no more than may wait for one subscriber, once that is changed", async () => {
  const audience = new Audience(1);
  const [{ got }] = audience.all as [Listener];
  audience.limits.sendQueueBytes = 4;
  audience.hub.broadcast("a");
  audience.hub.broadcast("b"); // more than is kept: the first one leaves at once
  assertEquals(got.length, 1);
  await rounds();
  assertEquals(got.length, 2);
});

Deno.test("Hub.publish() sends to the subscribers of the topic alone, encoded once", async () => {
  const { hub, all: [first, second, third] } = new Audience(3);
  hub.subscribe(first!, "a");
  hub.subscribe(second!, "a");
  hub.subscribe(second!, "b");
  hub.publish("a", "a");
  hub.publish("nobody", "c");
  await rounds();
  assertEquals([first!.hex, second!.hex, third!.hex], [[`1: ${A}`], [`1: ${A}`], []]);
  assertStrictEquals(first!.got[0]![1], second!.got[0]![1]);
});

Deno.test("Hub.publish() leaves out the one that it is told to, and nothing else of that one", async () => {
  const { hub, all } = new Audience(3);
  const [sender, other] = all;
  for (const listener of all) hub.subscribe(listener, "a");
  hub.publish("a", "a");
  hub.publish("a", "b", sender);
  hub.publish("a", "c");
  await rounds();
  assertEquals(sender!.hex, [`1: ${A}`, `1: ${C}`]);
  assertEquals(other!.hex, [`3: ${A} ${B} ${C}`]);
});

Deno.test("Hub.broadcast() leaves out the one that it is told to", async () => {
  const { hub, all } = new Audience(2);
  const [sender, other] = all;
  hub.broadcast("a");
  hub.broadcast("b", sender);
  hub.broadcast("c");
  await rounds();
  assertEquals(sender!.hex, [`1: ${A}`, `1: ${C}`]);
  assertEquals(other!.hex, [`3: ${A} ${B} ${C}`]);
});

Deno.test("Hub.unsubscribe() still brings what was published before, and nothing after it", async () => {
  const { hub, all: [one] } = new Audience(1);
  hub.subscribe(one!, "a");
  hub.publish("a", "a");
  hub.unsubscribe(one!, "a");
  hub.publish("a", "b");
  hub.subscribe(one!, "a");
  await rounds();
  assertEquals(one!.hex, [`1: ${A}`]);
  assertEquals(hub.subscriberCount("a"), 1);
});

Deno.test("Hub.leave() takes a subscriber from all topics, and sends it nothing more", async () => {
  const audience = new Audience(2);
  const { hub, all } = audience;
  for (const listener of all) hub.subscribe(listener, "a");
  hub.subscribe(all[0]!, "b");
  hub.publish("a", "a");
  hub.broadcast("b");
  audience.listeners.delete(all[0]!);
  hub.leave(all[0]!);
  assertEquals([...hub.topics], ["a"]);
  await rounds();
  assertEquals([all[0]!.hex, all[1]!.hex], [[], [`2: ${A} ${B}`]]);
  assertEquals([hub.subscriberCount("a"), hub.subscriberCount("b")], [1, 0]);
});

Deno.test("Hub.publish() goes through very many in several turns, beside those of a broadcast", async () => {
  const audience = new Audience(500);
  for (const listener of audience.all.slice(250)) audience.hub.subscribe(listener, "a");
  const reached = () =>
    [audience.all.slice(0, 250), audience.all.slice(250)]
      .map((half) => half.filter(({ got }) => got.length > 0).length);
  audience.hub.broadcast("a");
  audience.hub.publish("a", "b");
  await rounds(1);
  assertEquals(reached(), [50, 100]);
  await rounds(20);
  assertEquals(reached(), [250, 250]);
  for (const { hex } of audience.all.slice(250)) assertEquals(hex, [`2: ${A} ${B}`]);
});

Deno.test("Hub.publish() brings a topic up to date when it would have to keep too much", async () => {
  const { hub, all: [one, other] } = new Audience(2, 6);
  hub.subscribe(one!, "a");
  hub.subscribe(other!, "b");
  hub.publish("b", "c");
  for (const text of ["a", "b", "c"]) hub.publish("a", text);
  assertEquals([one!.hex, other!.hex], [[`2: ${A} ${B}`], []]);
  await rounds();
  assertEquals(one!.hex.slice(1), [`1: ${C}`]);
});

Deno.test("Hub.publish() brings all topics up to date when they keep too much together", async () => {
  const { hub, all: [one] } = new Audience(1);
  const text = "x".repeat(60_000);
  for (let topic = 0; topic < 100; topic++) {
    hub.subscribe(one!, `${topic}`);
    hub.publish(`${topic}`, text);
  }
  assertEquals(one!.got.map(([messages]) => messages), [69]); // 4 MiB
  await rounds();
  assertEquals(one!.got.map(([messages]) => messages), [69, 31]);
});

Deno.test("Hub.publish() keeps nothing where nobody but the sender has the topic", () => {
  const { hub, all: [sender, other] } = new Audience(2);
  hub.subscribe(sender!, "a");
  hub.subscribe(other!, "b");
  hub.publish("b", "b");
  for (let count = 0; count < 100; count++) hub.publish("a", "x".repeat(60_000), sender);
  assertEquals(other!.hex, [], "too much would have brought all topics up to date");
});

Deno.test("Hub.subscribe() refuses a topic that is not valid, and more topics than there may be", () => {
  const { hub, limits, all: [one, other] } = new Audience(2);
  Object.assign(limits, { connectionTopics: 2, topics: 3 });
  assertThrows(() => hub.subscribe(one!, ""), RangeError, "1 to 255 bytes");
  for (const topic of ["a", "b", "a"]) hub.subscribe(one!, topic);
  assertThrows(() => hub.subscribe(one!, "c"), RangeError, "a connection may have 2 topics");
  hub.subscribe(other!, "c");
  assertThrows(() => hub.subscribe(other!, "d"), RangeError, "a server may have 3 topics");
  assertEquals([...hub.topics], ["a", "b", "c"]);
});

Deno.test("Hub asks the backplane for the topics that somebody has, and publishes to it once", async () => {
  const relay = new MemoryRelay();
  const [ours, theirs] = [relay.join(), relay.join()];
  const [here, there] = [new Listener(0), new Listener(0)];
  const hubOf = (listener: Listener, backplane: Backplane) =>
    new Hub({ subscribers: () => [listener], limits: LIMITS, backplane });
  const [near, far] = [hubOf(here, ours), hubOf(there, theirs)];
  near.publish("a", "c"); // nobody has it yet
  await rounds(1);
  near.subscribe(here, "a");
  far.subscribe(there, "a");
  far.subscribe(there, "a");
  assertEquals([ours.subscriptions, theirs.subscriptions], [1, 1]);
  near.publish("a", "a", here);
  near.publish("a", "b");
  near.broadcast("c");
  await rounds();
  assertEquals([here.hex, there.hex], [[`2: ${B} ${C}`], [`2: ${A} ${B}`]]);
  assertEquals(ours.published.map(({ channel, data }) => `${channel} ${data}`), [
    "topic:a c",
    "topic:a a",
    "topic:a b",
    "broadcast c",
  ]);
  far.unsubscribe(there, "a");
  near.leave(here);
  assertEquals([ours.subscriptions, theirs.subscriptions], [0, 0]);
});

Deno.test("Hub gives each subscriber all that is for it, in order, whatever comes and goes", async () => {
  const random = new Random(11);
  const audience = new Audience(40, 300);
  const { hub } = audience;
  const expected = new Map<Listener, number[]>(audience.all.map((it) => [it, []]));
  const topics = ["a", "b", "c", "d"];
  for (let step = 0; step < 4_000; step++) {
    const listener = audience.all[random.below(audience.all.length)]!;
    const topic = topics[random.below(topics.length)]!;
    const message = Uint8Array.of(step >> 8, step);
    const except = random.below(3) === 0 ? listener : undefined;
    switch (random.below(12)) {
      case 0:
      case 1:
        hub.subscribe(listener, topic);
        break;
      case 2:
        hub.unsubscribe(listener, topic);
        break;
      case 3:
        hub.catchUp(listener);
        break;
      case 4:
        for (const it of audience.all) if (it !== except) expected.get(it)!.push(step);
        hub.broadcast(message, except);
        break;
      case 5:
        await rounds(1);
        break;
      default:
        for (const it of audience.all) {
          if (it !== except && it.topics?.subscriptions.has(topic)) expected.get(it)!.push(step);
        }
        hub.publish(topic, message, except);
    }
  }
  await rounds(20);
  for (const [{ got }, steps] of expected) {
    const payloads = got.flatMap(([messages, frames]) =>
      Array.from({ length: messages }, (_, at) => frames[4 * at + 2]! << 8 | frames[4 * at + 3]!)
    );
    assertEquals(payloads, steps);
  }
});
