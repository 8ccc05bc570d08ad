import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { nicknameKey } from "../../../server/apps/talk_names.ts";
import { TalkRoster } from "../../../server/apps/talk_roster.ts";
import { parseRosterMessage, type Person } from "../../../server/apps/talk_roster_messages.ts";
import { type MemoryBackplane, MemoryRelay } from "../../helpers/memory_backplane.ts";

/** A server without a server: people come and go by name, and their numbers say who they are. */
class Place {
  readonly backplane: MemoryBackplane;
  readonly people = new Map<string, Person>();
  readonly lost: string[] = [];
  readonly roster: TalkRoster;

  constructor(relay: MemoryRelay) {
    this.backplane = relay.join();
    this.roster = new TalkRoster(this.backplane, {
      people: this.people,
      yieldNickname: (person) => this.rename(person, `${person.name}-2`),
      lost: (people) => this.lost.push(...people.map(({ name }) => name)),
    });
  }

  enter(name: string, id: number, since = 0): Person {
    const person = { id, name, since };
    this.people.set(nicknameKey(name), person);
    this.roster.tell({ here: person });
    return person;
  }

  rename(person: Person, name: string): void {
    const was = person.name;
    this.people.delete(nicknameKey(was));
    person.name = name;
    this.people.set(nicknameKey(name), person);
    this.roster.tell({ gone: was, here: person });
  }

  leave({ name }: Person): void {
    this.people.delete(nicknameKey(name));
    this.roster.tell({ gone: name });
  }

  /** Who is elsewhere, as far as this server knows. */
  get others(): string[] {
    return [...this.roster.people()].map(({ name }) => name).sort();
  }

  /** How many messages of a kind this server has sent. */
  sent(kind: string): number {
    return this.backplane.published.filter(({ data }) => parseRosterMessage(data)?.kind === kind)
      .length;
  }
}

/** Lets everything arrive, and the answers to it. */
function arrived(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("TalkRoster knows who comes, is renamed and leaves on other servers", async () => {
  const relay = new MemoryRelay();
  const [one, two, three] = [new Place(relay), new Place(relay), new Place(relay)];
  const ada = one.enter("ada", 1);
  const bob = two.enter("bob", 2);
  await arrived();
  assertEquals([one.others, two.others, three.others], [["bob"], ["ada"], ["ada", "bob"]]);
  assertEquals([three.roster.size, three.roster.has("ada"), one.roster.has("ada")], [
    2,
    true,
    false,
  ]);
  one.rename(ada, "Grace");
  two.leave(bob);
  await arrived();
  assertEquals([one.others, two.others, three.others], [[], ["Grace"], ["Grace"]]);
  assertEquals([three.roster.has("grace"), three.roster.has("ada")], [true, false]);
});

Deno.test("TalkRoster learns who was there when it starts later, in parts", async () => {
  const relay = new MemoryRelay();
  const [one, two] = [new Place(relay), new Place(relay)];
  for (let id = 1; id <= 1001; id++) one.enter(`p${id}`, id);
  two.enter("bob", 5000);
  await arrived();
  const late = new Place(relay);
  await arrived();
  assertEquals(late.roster.size, 1002);
  assert(one.sent("roster") > 2, "the roster came in parts");
  const longest = one.backplane.published.map(({ data }) => data.length);
  assert(Math.max(...longest) < 20_000, "no part is large");
});

Deno.test("TalkRoster is ready when all who answer have told everything", async () => {
  const relay = new MemoryRelay();
  const one = new Place(relay);
  for (let id = 1; id <= 1000; id++) one.enter(`p${id}`, id);
  await arrived();
  const late = new Place(relay);
  await late.roster.ready;
  assertEquals(late.roster.size, 1000);
});

Deno.test("TalkRoster is ready at the first beat, or at the end, when nobody answers", async () => {
  const beating = new Place(new MemoryRelay());
  beating.roster.beat();
  await beating.roster.ready;
  const ending = new Place(new MemoryRelay());
  ending.roster.close();
  await ending.roster.ready;
});

Deno.test("TalkRoster forgets at once the people of a server that stops", async () => {
  const relay = new MemoryRelay();
  const [one, two] = [new Place(relay), new Place(relay)];
  two.enter("bob", 2);
  await arrived();
  two.roster.close();
  await arrived();
  assertEquals([one.others, one.lost], [[], ["bob"]]);
  assertEquals(two.backplane.subscriptions, 0);
});

Deno.test("TalkRoster forgets a server that is silent for three beats, and no other", async () => {
  const relay = new MemoryRelay();
  const [one, dead, alive] = [new Place(relay), new Place(relay), new Place(relay)];
  dead.enter("ada", 1);
  alive.enter("bob", 2);
  await arrived();
  dead.backplane.cut();
  for (let beat = 0; beat < 2; beat++) {
    for (const { roster } of [one, alive]) roster.beat();
    await arrived();
  }
  assertEquals([one.others, one.lost], [["ada", "bob"], []]);
  one.roster.beat();
  assertEquals([one.others, one.lost], [["bob"], ["ada"]]);
});

Deno.test("TalkRoster knows the people again of a server that was silent for too long", async () => {
  const relay = new MemoryRelay();
  const [one, two] = [new Place(relay), new Place(relay)];
  two.enter("bob", 2);
  await arrived();
  for (let beat = 0; beat < 3; beat++) one.roster.beat();
  assertEquals(one.others, []);
  for (let beat = 0; beat < 2; beat++) {
    two.roster.beat();
    await arrived();
  }
  assertEquals(one.others, ["bob"]);
});

Deno.test("TalkRoster learns again what a full backplane has dropped", async () => {
  const relay = new MemoryRelay();
  const [one, two, three] = [new Place(relay), new Place(relay), new Place(relay)];
  const bob = two.enter("bob", 2);
  await arrived();
  const before = two.sent("roster");
  two.backplane.drops = () => true;
  two.leave(bob);
  two.enter("eve", 3);
  two.backplane.drops = () => false;
  assertEquals(one.others, ["bob"]);
  two.roster.beat(); // shows the gap
  await arrived();
  two.roster.beat(); // answers
  await arrived();
  assertEquals([one.others, three.others], [["eve"], ["eve"]]);
  assertEquals([one.lost, three.lost], [[], []]);
  assertEquals(two.sent("roster") - before, 1, "one answer for both that asked");
});

Deno.test("TalkRoster asks again when a part of a roster was dropped", async () => {
  for (const dropped of [0, 2, 4]) {
    const relay = new MemoryRelay();
    const one = new Place(relay);
    for (let id = 1; id <= 1000; id++) one.enter(`p${id}`, id);
    await arrived();
    let part = 0;
    one.backplane.drops = () => part++ === dropped;
    const late = new Place(relay);
    await arrived();
    assertEquals([part, late.roster.size], [5, 0]);
    for (let beat = 0; beat < 2; beat++) {
      late.roster.beat();
      one.roster.beat();
      await arrived();
    }
    assertEquals(late.roster.size, 1000);
  }
});

Deno.test("TalkRoster lets the one keep a nickname who has had it for longer", async () => {
  for (const [since, keeper] of [[[1, 2], 1], [[2, 1], 2], [[1, 1], 1]] as const) {
    const relay = new MemoryRelay();
    const [one, two] = [new Place(relay), new Place(relay)];
    relay.hold();
    const people = [one.enter("Ada", 1, since[0]), two.enter("ada", 2, since[1])];
    relay.release();
    await arrived();
    const [kept, other] = keeper === 1 ? people : people.toReversed();
    assertEquals(kept?.id, keeper);
    assertEquals(nicknameKey(kept?.name ?? ""), "ada");
    assertEquals(nicknameKey(other?.name ?? ""), "ada-2");
    assertEquals([one.others, two.others], [[people[1]?.name], [people[0]?.name]]);
  }
});

Deno.test("TalkRoster finds a nickname taken twice in a roster too", async () => {
  const relay = new MemoryRelay();
  const one = new Place(relay);
  const ada = one.enter("ada", 1, 1);
  await arrived();
  relay.hold();
  const late = new Place(relay);
  const other = late.enter("ada", 2, 2);
  relay.release();
  await arrived();
  assertEquals([ada.name, other.name], ["ada", "ada-2"]);
  assertEquals([one.others, late.others], [["ada-2"], ["ada"]]);
});

Deno.test("TalkRoster.confirm() resolves at once for a nickname that nobody has elsewhere", async () => {
  const one = new Place(new MemoryRelay());
  one.enter("ada", 1);
  await one.roster.confirm("ada");
  assertEquals(one.sent("ping"), 0);
});

Deno.test("TalkRoster.confirm() resolves when the server of a nickname answers", async () => {
  const relay = new MemoryRelay();
  const [one, two, three] = [new Place(relay), new Place(relay), new Place(relay)];
  two.enter("ada", 1);
  await arrived();
  await Promise.all([one.roster.confirm("ada"), one.roster.confirm("ada")]);
  assertEquals([one.sent("ping"), two.sent("beat"), three.sent("beat")], [1, 1, 0]);
  assert(one.roster.has("ada"));
});

Deno.test("TalkRoster.confirm() resolves when the server of a nickname is taken for dead", async () => {
  const relay = new MemoryRelay();
  const [one, two] = [new Place(relay), new Place(relay)];
  two.enter("ada", 1);
  await arrived();
  two.backplane.cut();
  const confirmed = one.roster.confirm("ada");
  for (let beat = 0; beat < 3; beat++) one.roster.beat();
  await confirmed;
  assertEquals([one.roster.has("ada"), one.lost], [false, ["ada"]]);
});

Deno.test("TalkRoster.confirm() resolves when the own server stops", async () => {
  const relay = new MemoryRelay();
  const [one, two] = [new Place(relay), new Place(relay)];
  two.enter("ada", 1);
  await arrived();
  two.backplane.cut();
  const confirmed = one.roster.confirm("ada");
  one.roster.close();
  await confirmed;
  assertEquals(one.lost, [], "there is nobody to tell");
});

Deno.test("TalkRoster ignores what is no message of it", async () => {
  const relay = new MemoryRelay();
  const one = new Place(relay);
  const stranger = relay.join();
  for (
    const data of [Uint8Array.of(1), "", "{}", '{"from":"x","seq":1,"kind":"change","here":1}']
  ) {
    stranger.publish("talk", data);
  }
  stranger.publish(
    "talk",
    '{"from":"x","seq":9,"kind":"roster","first":false,"last":true,"people":[]}',
  );
  await arrived();
  assertEquals([one.others, one.lost], [[], []]);
  assertNotEquals(one.backplane.subscriptions, 0);
});
