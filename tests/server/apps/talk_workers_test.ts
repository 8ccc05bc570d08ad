// The talk app on several servers that a backplane joins, as the workers of one port are.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Server } from "../../../mod.ts";
import { talk, type TalkData, type TalkOptions } from "../../../server/apps/talk.ts";
import { frameImage } from "../../../server/apps/talk_messages.ts";
import { nicknameKey } from "../../../server/apps/talk_names.ts";
import { TalkRoster } from "../../../server/apps/talk_roster.ts";
import type { Person } from "../../../server/apps/talk_roster_messages.ts";
import { frameSlice, parseSlice } from "../../../server/apps/talk_slices.ts";
import { until } from "../../helpers/events.ts";
import { type MemoryBackplane, MemoryRelay } from "../../helpers/memory_backplane.ts";
import { Tab } from "../../helpers/talk_tab.ts";

function worker(backplane: MemoryBackplane, options: Partial<TalkOptions> = {}): Server<TalkData> {
  return talk({ port: 0, figures: false, log: () => {}, backplane, ...options });
}

/**
 * A server of which nothing is there but what it tells the others of its people, and that it answers:
 * a server alone would wait a beat for answers before it lets anybody in.
 */
function crowd(relay: MemoryRelay, count: number): TalkRoster {
  const people = new Map<string, Person>();
  for (let id = 1; id <= count; id++) {
    const person = { id, name: `Extra ${id}`, since: 0 };
    people.set(nicknameKey(person.name), person);
  }
  const backplane = relay.join();
  const roster = new TalkRoster(backplane, { people, yieldNickname: () => {}, lost: () => {} });
  for (const here of people.values()) roster.tell({ here });
  return roster;
}

Deno.test("talk() lets people on different servers see and hear each other", async () => {
  const relay = new MemoryRelay();
  await using one = worker(relay.join());
  await using two = worker(relay.join());
  await using ada = await Tab.enter(one, "ada");
  await using bob = new Tab(two);
  await bob.send({ type: "hello", name: "bob" });
  const { id, people, others } = await bob.next();
  assertEquals([people, others], [2, ["ada"]]);
  assertEquals((await bob.next()).type, "joined");
  assertEquals(await ada.next(), { type: "joined", id, name: "bob" });

  await bob.send({ type: "text", text: "hello" });
  for (const tab of [ada, bob]) {
    const { at: _, ...message } = await tab.next();
    assertEquals(message, { type: "text", id, name: "bob", text: "hello" });
  }
  const image = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  await ada.send(new Uint8Array(frameImage("bob", image)));
  for (const tab of [ada, bob]) assertEquals(await tab.nextImage(), frameImage("ada", image));
  await bob.send({ type: "hello", name: "eve" });
  for (const tab of [ada, bob]) {
    assertEquals(await tab.next(), { type: "renamed", id, name: "eve", was: "bob" });
  }
});

Deno.test("talk() tells the people of other servers when somebody leaves", async () => {
  const relay = new MemoryRelay();
  await using one = worker(relay.join());
  await using two = worker(relay.join());
  await using ada = await Tab.enter(one, "ada");
  {
    await using _bob = await Tab.enter(two, "bob");
    assertEquals((await ada.next()).type, "joined");
  }
  const { type, name } = await ada.next();
  assertEquals([type, name], ["left", "bob"]);
  await using next = new Tab(one);
  await next.send({ type: "hello", name: "bob" });
  const welcome = await next.next();
  assertEquals([welcome.name, welcome.people], ["bob", 2]);
});

Deno.test("talk() numbers the people of all servers differently, and exactly", async () => {
  const relay = new MemoryRelay();
  crowd(relay, 0);
  const ids: unknown[] = [];
  for (let count = 0; count < 3; count++) {
    await using server = worker(relay.join());
    for (const name of ["ada", "bob"]) {
      await using tab = new Tab(server);
      await tab.send({ type: "hello", name });
      ids.push((await tab.next()).id);
    }
  }
  assertEquals(new Set(ids).size, 6);
  assert(ids.every((id) => Number.isSafeInteger(id)));
});

Deno.test("talk() gives no two people the same nickname, whichever server they are on", async () => {
  const relay = new MemoryRelay();
  await using one = worker(relay.join());
  await using two = worker(relay.join());
  await using ada = await Tab.enter(one, "ada");
  await using other = new Tab(two);
  await other.send({ type: "hello", name: "ADA" });
  assertEquals((await other.next()).name, "ADA-2");
  assertEquals((await ada.next()).name, "ADA-2");
  await ada.send({ type: "hello", name: "ada-2" });
  assertEquals((await ada.next()).name, "ada-2-2");
});

Deno.test("talk() renames one of two people who got a nickname at the same instant", async () => {
  const relay = new MemoryRelay();
  await using one = worker(relay.join());
  await using two = worker(relay.join());
  relay.hold();
  await using first = await Tab.enter(one, "ada");
  await using second = await Tab.enter(two, "ada");
  relay.release();
  const seen = [];
  for (const tab of [first, second]) {
    assertEquals((await tab.next()).type, "joined");
    const { type, name, was, id } = await tab.next();
    assertEquals([type, name, was], ["renamed", "ada-2", "ada"]);
    seen.push(id);
  }
  assertEquals(seen[0], seen[1]);
  for (const tab of [first, second]) await tab.send({ type: "text", text: "who?" });
  const names = [(await first.next()).name, (await first.next()).name];
  assertEquals(names.sort(), ["ada", "ada-2"]);
});

Deno.test("talk() knows on a server that starts later who is on the others", async () => {
  const relay = new MemoryRelay();
  crowd(relay, 0);
  await using one = worker(relay.join());
  await using _ada = await Tab.enter(one, "ada");
  relay.hold();
  await using two = worker(relay.join());
  await using bob = new Tab(two);
  await bob.send({ type: "hello", name: "bob" });
  await until("the hello has come", () => two.registry.totals().messagesIn === 1);
  relay.release(); // the question, and then its answer
  const { people, others } = await bob.next();
  assertEquals([people, others], [2, ["ada"]]);
});

Deno.test("talk() gives a nickname again to whoever comes back from a server that has died", async () => {
  const relay = new MemoryRelay();
  const dying = relay.join();
  await using one = worker(relay.join());
  await using two = worker(dying);
  await using witness = await Tab.enter(one, "witness");
  await using _before = await Tab.enter(two, "ada");
  assertEquals((await witness.next()).type, "joined");
  dying.cut();
  await using again = new Tab(one);
  await again.send({ type: "hello", name: "ada" });
  const { name, people } = await again.next();
  assertEquals([name, people], ["ada", 2]);
  const told = [await witness.next(), await witness.next()];
  assertEquals(told.map(({ type, name }) => [type, name]), [["left", "ada"], ["joined", "ada"]]);
  assertNotEquals(told[0]?.id, told[1]?.id);
});

Deno.test("talk() stops while somebody waits for the nickname of a server that has died", async () => {
  const relay = new MemoryRelay();
  const [own, dying] = [relay.join(), relay.join()];
  const one = worker(own);
  await using two = worker(dying);
  await using _before = await Tab.enter(two, "ada");
  dying.cut();
  const pinged = new Promise<void>((resolve) => {
    relay.join().subscribe("talk", (data) => String(data).includes('"ping"') && resolve());
  });
  const again = new Tab(one);
  await again.send({ type: "hello", name: "ada" });
  await pinged;
  await one.close();
  await again.closeCode();
  assertEquals(own.subscriptions, 0);
});

Deno.test("talk() names twenty of very many people, and announces none of them", async () => {
  const relay = new MemoryRelay();
  await using server = worker(relay.join());
  const roster = crowd(relay, 1000);
  await using ada = new Tab(server);
  await ada.send({ type: "hello", name: "ada" });
  const { people, others } = await ada.next();
  assertEquals([people, (others as string[]).length], [1001, 20]);
  roster.close();
  await ada.send({ type: "text", text: "anybody?" });
  assertEquals((await ada.next()).text, "anybody?");
  await using bob = new Tab(server);
  await bob.send({ type: "hello", name: "bob" });
  assertEquals((await bob.next()).people, 2);
});

Deno.test("talk() tells who was on a server that is gone", async () => {
  const relay = new MemoryRelay();
  await using server = worker(relay.join());
  const roster = crowd(relay, 2);
  await using ada = await Tab.enter(server, "ada");
  roster.close();
  assertEquals(await ada.next(), { type: "left", id: 1, name: "Extra 1" });
  assertEquals(await ada.next(), { type: "left", id: 2, name: "Extra 2" });
});

Deno.test("talk() passes a file on to the people of other servers", async () => {
  const relay = new MemoryRelay();
  await using one = worker(relay.join());
  await using two = worker(relay.join());
  await using ada = await Tab.enter(one, "ada");
  await using bob = await Tab.enter(two, "bob");
  assertEquals((await ada.next()).type, "joined");
  const sliceBytes = 256 * 1024;
  const count = 6;
  await ada.send({ type: "file", file: 7, title: "a", mediaType: "", size: count * sliceBytes });
  const { type, id, name } = await bob.next();
  assertEquals([type, name], ["file", "ada"]);
  for (let sent = 0; sent < count;) {
    for (const { slices } = await ada.next(); sent < Number(slices); sent++) {
      const slice = { id: Number(id), file: 7, index: sent, bytes: new Uint8Array(sliceBytes) };
      await ada.send(frameSlice("x", slice));
      assertEquals(await bob.nextImage(), frameSlice("ada", slice));
    }
  }
  await ada.send({ type: "file-end", file: 7 });
  assertEquals(await bob.next(), { type: "file-end", id, file: 7 });
});

Deno.test("talk() ends a file for the people of another server when a slice is lost on the way", async () => {
  const relay = new MemoryRelay();
  const lossy = relay.join();
  await using one = worker(lossy);
  await using two = worker(relay.join());
  await using ada = await Tab.enter(one, "ada");
  await using bob = await Tab.enter(two, "bob");
  assertEquals((await ada.next()).type, "joined");
  lossy.drops = (data) => typeof data !== "string" && parseSlice(data)?.index === 0;
  const sliceBytes = 256 * 1024;
  await ada.send({ type: "file", file: 7, title: "a", mediaType: "", size: 9 * sliceBytes });
  const { id } = await bob.next();
  assertEquals((await ada.next()).slices, 2);
  for (const index of [0, 1]) {
    await ada.send(frameSlice("x", { id: 0, file: 7, index, bytes: new Uint8Array(sliceBytes) }));
  }
  assertEquals(await bob.next(), { type: "file-stop", id, file: 7, reason: "lost" });
  // Nobody else takes it.
  let last = await ada.next();
  while (last.type === "file-more") last = await ada.next();
  assertEquals(last, { type: "file-stop", id, file: 7, reason: "nobody" });
});

Deno.test("talk() takes the figures from the report that it was given", async () => {
  const report = () =>
    Promise.resolve({
      connections: 90_000,
      descriptors: { open: 90_100, soft: 120_000, hard: 120_000 },
      memory: { perConnection: 9000 },
      serverPorts: 1,
      fourTuples: 90_000,
    });
  const relay = new MemoryRelay();
  crowd(relay, 0);
  await using server = worker(relay.join(), { figures: true, report });
  await using ada = await Tab.enter(server, "ada");
  assertEquals(await ada.take(), {
    type: "figures",
    connections: 90_000,
    descriptors: { open: 90_100, limit: 120_000 },
    bytesPerConnection: 9000,
    serverPorts: 1,
    fourTuples: 90_000,
  });
});

Deno.test({
  name: Deno.build.os === "linux"
    ? "talk() shares its port when told to"
    : "talk() shares its port when told to (ignored: only Linux spreads connections over listeners)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const relay = new MemoryRelay();
    await using one = worker(relay.join(), { reusePort: true });
    await using two = worker(relay.join(), { reusePort: true, port: one.addr.port });
    assertEquals(two.addr.port, one.addr.port);
    await using ada = await Tab.enter(one, "ada");
    await using bob = await Tab.enter(two, "bob");
    await bob.send({ type: "text", text: "hello" });
    assertEquals((await ada.next()).name, "bob");
    assertEquals((await ada.next()).text, "hello");
  },
});
