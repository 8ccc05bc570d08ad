import { assertEquals } from "@std/assert";
import { Inbox } from "../../../server/connection/inbox.ts";

function inboxOf(): { inbox: Inbox; calls: string[] } {
  const calls: string[] = [];
  return { inbox: new Inbox(() => calls.push("cancelled")), calls };
}

Deno.test("Inbox.push() asks to wait until the reader has taken the message", async () => {
  const { inbox } = inboxOf();
  const order: string[] = [];
  const first = inbox.push("a")?.then(() => order.push("a was taken"));
  const reader = inbox.readable.getReader();
  order.push("reading");
  assertEquals(await reader.read(), { done: false, value: "a" });
  await first;
  const second = inbox.push("b")?.then(() => order.push("b was taken"));
  assertEquals(await reader.read(), { done: false, value: "b" });
  await second;
  assertEquals(order, ["reading", "a was taken", "b was taken"]);
});

Deno.test("Inbox.push() does not wait for a reader that is waiting", async () => {
  const { inbox } = inboxOf();
  const reader = inbox.readable.getReader();
  for (const message of ["a", Uint8Array.of(1), ""]) {
    const read = reader.read();
    assertEquals(inbox.push(message), undefined);
    assertEquals(await read, { done: false, value: message });
  }
});

Deno.test("Inbox.close() ends the stream after what waits in it, and nobody waits any more", async () => {
  const { inbox, calls } = inboxOf();
  const pushed = inbox.push("last");
  inbox.close();
  await pushed;
  assertEquals(await Array.fromAsync(inbox.readable), ["last"]);
  assertEquals(calls, []);
});

Deno.test("Inbox.close() does nothing the second time, nor after a cancellation", async () => {
  const { inbox } = inboxOf();
  inbox.close();
  inbox.close();
  assertEquals(await Array.fromAsync(inbox.readable), []);
  const cancelled = inboxOf();
  await cancelled.inbox.readable.cancel();
  cancelled.inbox.close();
  assertEquals(cancelled.calls, ["cancelled"]);
});

Deno.test("Inbox takes no more when its reader cancels, and lets go whoever waits", async () => {
  const { inbox, calls } = inboxOf();
  const pushed = inbox.push("unread");
  await inbox.readable.cancel();
  await pushed;
  assertEquals(inbox.push("more"), undefined);
  assertEquals(calls, ["cancelled"]);
});

Deno.test("Inbox.push() returns undefined after close()", () => {
  const { inbox } = inboxOf();
  inbox.close();
  assertEquals(inbox.push("late"), undefined);
});
