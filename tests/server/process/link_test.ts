import { assert, assertEquals, assertRejects } from "@std/assert";
import { Link, Unanswered } from "../../../server/process/link.ts";
import { Events } from "../../helpers/events.ts";
import { socketPair } from "../../helpers/socket_pair.ts";

interface Adder {
  add(a: number, b: number): number;
  later(text: string): Promise<{ text: string; none?: undefined }>;
  nothing(): void;
  fail(): void;
  failBy(name: string): void;
  never(): Promise<void>;
}

const adder: Adder = {
  add: (a, b) => a + b,
  later: async (text) => await Promise.resolve({ text, none: undefined }),
  nothing: () => {},
  fail: () => {
    throw new Error("Cannot do that");
  },
  failBy: (name) => {
    if (name === "RangeError") throw new RangeError(name);
    if (name === "SyntaxError") throw new SyntaxError(name);
    if (name === "TypeError") throw new TypeError(name);
    if (name === "Busy") throw new Deno.errors.Busy(name);
    throw name;
  },
  never: () => new Promise(() => {}),
};

/** Two linked ends: one that can ask the adder, and the adder's, which keeps the bytes that come. */
async function linked() {
  const [near, far] = await socketPair();
  const received = new Events<Uint8Array>();
  const asking = new Link<Adder>(near, {});
  const adding = new Link<Record<never, never>>(far, adder, received.push);
  return { asking, adding, received };
}

async function unlink(...links: { close(): void; closed: Promise<void> }[]): Promise<void> {
  for (const link of links) link.close();
  await Promise.all(links.map((link) => link.closed));
}

Deno.test("Link call() gives what the other side's function returns, however many are asked", async () => {
  const { asking, adding } = await linked();
  const sums = Array.from({ length: 100 }, (_, index) => asking.call("add", index, 1));
  assertEquals(await Promise.all(sums), sums.map((_, index) => index + 1));
  assertEquals(await asking.call("later", "ä€"), { text: "ä€" });
  assertEquals(await asking.call("nothing"), undefined);
  await unlink(asking, adding);
});

Deno.test("Link call() rejects with the message of what the function threw", async () => {
  const { asking, adding } = await linked();
  await assertRejects(() => asking.call("fail"), Error, "Cannot do that");
  assertEquals(await asking.call("add", 1, 1), 2);
  await unlink(asking, adding);
});

Deno.test("Link call() rejects with the kind of error that tells a caller what was wrong", async () => {
  const { asking, adding } = await linked();
  const kinds = { RangeError, SyntaxError, TypeError, Busy: Deno.errors.Busy, other: Error };
  for (const [name, kind] of Object.entries(kinds)) {
    const error = await assertRejects(() => asking.call("failBy", name), kind, name);
    assertEquals(error.constructor, kind);
  }
  await unlink(asking, adding);
  await assertRejects(() => asking.call("add", 1, 1), Unanswered);
});

Deno.test("Link send() delivers bytes of every size whole and in order", async () => {
  const { asking, adding, received } = await linked();
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 3_000_000, 2];
  for (const [index, size] of sizes.entries()) {
    assert(asking.send(new Uint8Array(size).fill(index)));
  }
  for (const [index, size] of sizes.entries()) {
    assertEquals(await received.next(), new Uint8Array(size).fill(index));
  }
  assertEquals(asking.queuedBytes, 0);
  await unlink(asking, adding);
});

Deno.test("Link is closed on both sides when one closes it, and calls without an answer reject", async () => {
  const { asking, adding } = await linked();
  const answer = assertRejects(() => asking.call("never"), Error, "other process has gone");
  await asking.call("nothing");
  adding.close();
  await answer;
  await asking.closed;
  await adding.closed;
  await assertRejects(() => asking.call("nothing"), Error, "other process has gone");
  assertEquals(asking.send(new Uint8Array(1)), false);
});

Deno.test("Link send() takes bytes however many wait, and stays open", async () => {
  const [near, far] = await socketPair();
  const link = new Link(near, {});
  const bytes = new Uint8Array(33_554_432);
  for (let sent = 1; sent <= 5; sent++) assert(link.send(bytes));
  assert(link.queuedBytes > 4 * bytes.length);
  assertEquals(link.open, true);
  far.close();
  await unlink(link);
  assertEquals([link.open, link.send(bytes)], [false, false]);
});

Deno.test("Link call() asks nothing more of a process that owes too many answers", async () => {
  const { asking, adding } = await linked();
  const owed = Array.from({ length: 65_536 }, () => asking.call("never").catch(() => "gone"));
  await assertRejects(() => asking.call("add", 1, 1), Error, "The other process is stuck");
  await unlink(asking, adding);
  assertEquals(new Set(await Promise.all(owed)), new Set(["gone"]));
});
