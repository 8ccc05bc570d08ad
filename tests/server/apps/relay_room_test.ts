import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, type Limits } from "../../../mod.ts";
import { BROKE_OFF } from "../../../server/apps/relay_message.ts";
import { RelayRoom } from "../../../server/apps/relay_room.ts";
import { until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { FakeIncoming, FakeMember, settled } from "../../helpers/relay_members.ts";

/** A room with some members. */
function roomWith(names: string, limits: Partial<Limits> = {}) {
  const log = new LogBook();
  const room = new RelayRoom(() => Promise.resolve({ ...DEFAULT_LIMITS, ...limits }), log.log);
  const members = [...names].map((name) => new FakeMember(name));
  for (const { member } of members) room.enter(member);
  return { room, log, members: members as [FakeMember, FakeMember, FakeMember, FakeMember] };
}

Deno.test("RelayRoom gives a receiver one message at a time, in the order in which they came", async () => {
  const { room, members: [a, b, c] } = roomWith("abc");
  const incoming = [a, b, c].map(({ member }) => {
    const it = new FakeIncoming();
    it.give(1);
    return { it, passing: room.pass(member, it.message) };
  });
  await settled();
  assertEquals([a, b, c].map(({ readers }) => readers.length), [0, 1, 1]);
  incoming[0]!.it.controller.close();
  await b.takeAll();
  await settled();
  assertEquals([a, b, c].map(({ readers }) => readers.length), [0, 1, 1], "c has not all of it");
  await c.takeAll();
  await settled();
  assertEquals([a, b, c].map(({ readers }) => readers.length), [1, 1, 2], "the second began");
  incoming[1]!.it.controller.close();
  await Promise.all([a.takeAll(), c.takeAll()]);
  await settled();
  incoming[2]!.it.controller.close();
  await Promise.all([a.takeAll(), b.takeAll()]);
  await Promise.all(incoming.map(({ passing }) => passing));
});

Deno.test("RelayRoom lets messages without a common receiver go on side by side", async () => {
  const { room, members: [a, b] } = roomWith("ab");
  const [there, back] = [new FakeIncoming(), new FakeIncoming("binary")];
  there.give(1);
  back.give(1);
  const passing = [room.pass(a.member, there.message), room.pass(b.member, back.message)];
  await settled();
  assertEquals([a.readers.length, b.readers.length], [1, 1]);
  assertEquals(await a.take(), b.data.header);
  there.controller.close();
  back.controller.close();
  await Promise.all([a.takeAll(), b.takeAll(), ...passing]);
});

Deno.test("RelayRoom holds nobody for a message of which nothing has come", async () => {
  const { room, members: [a, b, c] } = roomWith("abc");
  const [silent, other, failing] = [new FakeIncoming(), new FakeIncoming(), new FakeIncoming()];
  const passing = room.pass(a.member, silent.message);
  failing.controller.error(new Error("left"));
  await room.pass(c.member, failing.message);
  other.give(1);
  other.controller.close();
  const passed = room.pass(b.member, other.message);
  await settled();
  await Promise.all([a.takeAll(), c.takeAll(), passed]);
  silent.controller.close();
  await settled();
  await Promise.all([b.takeAll(), c.takeAll(), passing]);
});

Deno.test("RelayRoom passes over a message whose sender has left while it waited", async () => {
  const { room, members: [a, b, c] } = roomWith("abc");
  const [first, broken, last] = [new FakeIncoming(), new FakeIncoming(), new FakeIncoming()];
  for (const it of [first, broken, last]) it.give(1);
  const passing = [a, b, c].map(({ member }, at) =>
    room.pass(member, [first, broken, last][at]!.message)
  );
  await settled();
  broken.controller.error(new Error("left"));
  b.open = false;
  room.leave(b.member);
  first.controller.close();
  await c.takeAll();
  await settled();
  last.controller.close();
  assertEquals(await a.takeAll(), 1);
  await Promise.all(passing);
  assertEquals([a, b, c].map(({ readers }) => readers.length), [1, 1, 1]);
});

/** Has somebody hold up what comes behind a message that all others have, and gives how it ends. */
async function holdUp(limits: Partial<Limits>) {
  const { room, log, members: [a, b, slow] } = roomWith("abs", limits);
  const messages = [new FakeIncoming(), new FakeIncoming()];
  for (const it of messages) {
    it.give(1);
    it.controller.close();
  }
  const passing = [room.pass(a.member, messages[0]!.message)];
  await settled();
  await b.takeAll();
  passing.push(room.pass(b.member, messages[1]!.message));
  await until("it is closed", () => !slow.open);
  await settled();
  assertEquals(await a.takeAll(), 1, "the next message goes on");
  await Promise.all(passing);
  const [entry] = log.entries();
  assertEquals([entry?.event, entry?.key], ["relay_closed", "s"]);
  return [entry?.reason, slow.closed];
}

Deno.test("RelayRoom closes a receiver that holds others up, between messages too", async () => {
  assertEquals(await holdUp({}), ["held_others_up", [1013, "Held the others up"]]);
});

Deno.test("RelayRoom has all wait for the slowest where the policy says so, but not for ever", async () => {
  const limits = { whenFull: "wait", streamTimeout: 1_500 } as const;
  assertEquals(await holdUp(limits), ["took_nothing", [1013, "Took nothing"]]);
});

Deno.test("RelayRoom closes a receiver that takes nothing, even the only one", async () => {
  const { room, members: [a, b] } = roomWith("ab", { streamTimeout: 300 });
  const incoming = new FakeIncoming();
  incoming.give(1);
  const passing = room.pass(a.member, incoming.message);
  await until("it is closed", () => !b.open);
  assertEquals(b.closed, [1013, "Took nothing"]);
  await passing;
  assertEquals(incoming.cancelled, true);
});

Deno.test("RelayRoom closes a sender that is silent, and ends its message with a mark", async () => {
  const { room, log, members: [a, b] } = roomWith("ab", { streamTimeout: 300 });
  const incoming = new FakeIncoming();
  incoming.give(1);
  const passing = room.pass(a.member, incoming.message);
  await settled();
  await b.take();
  assertEquals(new TextDecoder().decode(await b.take()), BROKE_OFF);
  assertEquals(await b.take(), undefined);
  assertEquals(a.closed, [1008, "Silent in the middle of a message"]);
  assertEquals(log.entries()[0]?.reason, "sender_silent");
  b.open = false;
  room.leave(b.member);
  await passing;
});
