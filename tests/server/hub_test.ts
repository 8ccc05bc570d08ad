import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Hub, type Subscriber } from "../../server/hub.ts";
import { fromHex, toHex } from "../helpers/notation.ts";

/** Keeps what each of some subscribers got: how many messages, and their frames. */
class Audience {
  readonly got: [messages: number, frames: Uint8Array][] = [];
  readonly subscribers: Subscriber[];
  readonly hub: Hub;

  constructor(size: number, batchBytes?: number) {
    this.subscribers = Array.from({ length: size }, () => ({
      sendShared: (frames, messages) => void this.got.push([messages, frames]),
    }));
    this.hub = new Hub(() => this.subscribers, batchBytes);
  }

  get hex(): string[] {
    return this.got.map(([messages, frames]) => `${messages}: ${toHex(frames)}`);
  }
}

Deno.test("Hub.publish() encodes once, whoever gets it", () => {
  const { hub, got } = new Audience(3);
  hub.publish("Hello");
  hub.flush();
  assertEquals(got[0], [1, fromHex("81 05 48 65 6c 6c 6f")]); // RFC 6455 5.7
  for (const [, frames] of got) assertStrictEquals(frames, got[0]![1]);
  assertEquals(got.length, 3);
});

Deno.test("Hub.publish() sends bytes as binary and copies them", () => {
  const audience = new Audience(1);
  const data = Uint8Array.of(1, 2);
  audience.hub.publish(data);
  data.fill(9);
  audience.hub.flush();
  assertEquals(audience.hex, ["1: 82 02 01 02"]);
});

Deno.test("Hub.publish() sends what is published in one turn together, at its end", async () => {
  const audience = new Audience(2);
  audience.hub.publish("a");
  audience.hub.publish(Uint8Array.of(1));
  assertEquals(audience.got.length, 0);
  await Promise.resolve();
  assertEquals(audience.hex, ["2: 81 01 61 82 01 01", "2: 81 01 61 82 01 01"]);
  audience.hub.publish("b");
  await Promise.resolve();
  assertEquals(audience.hex.slice(2), ["1: 81 01 62", "1: 81 01 62"]);
});

Deno.test("Hub.publish() does not let a batch grow beyond its bound", () => {
  const audience = new Audience(1, 6);
  for (const text of ["a", "b", "c", "too long"]) audience.hub.publish(text);
  audience.hub.flush();
  assertEquals(audience.got.map(([messages, { length }]) => [messages, length]), [
    [2, 6],
    [1, 3],
    [1, 10],
  ]);
});

Deno.test("Hub.flush() does nothing when nothing waits", async () => {
  const audience = new Audience(1);
  audience.hub.flush();
  audience.hub.publish("a");
  audience.hub.flush();
  audience.hub.flush();
  await Promise.resolve();
  assertEquals(audience.got.length, 1);
});

Deno.test("Hub.flush() goes on when a subscriber leaves, and sends nothing twice when one publishes", async () => {
  const reached: string[] = [];
  const everybody = new Map<string, Subscriber>();
  const hub = new Hub(() => everybody.values());
  for (const name of ["a", "b", "c"]) {
    everybody.set(name, {
      sendShared(frames) {
        reached.push(`${name} ${frames.length}`);
        everybody.delete("b");
        if (reached.length === 1) hub.publish("more");
      },
    });
  }
  hub.publish("");
  hub.flush();
  assertEquals(reached, ["a 2", "c 2"]);
  await Promise.resolve();
  assertEquals(reached.slice(2), ["a 6", "c 6"]);
});

Deno.test("Hub.publish() refuses what is neither text nor bytes", () => {
  const { hub } = new Audience(0);
  for (const data of [1, null, new ArrayBuffer(1), ["a"]]) {
    assertThrows(() => hub.publish(data as unknown as string), TypeError, "Cannot broadcast");
  }
});
