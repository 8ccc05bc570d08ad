import { assertEquals } from "@std/assert";
import type { Message } from "../../../protocol/mod.ts";
import { MessageDelivery } from "../../../server/connection/message_delivery.ts";

/** A delivery that notes what its connection is asked for. */
class Setup {
  readonly events: string[] = [];
  readonly delivery = new MessageDelivery({
    handle: (message: Message) => void this.events.push(`handled ${message}`),
    close: (code) => void this.events.push(`closed ${code}`),
  });
}

Deno.test("MessageDelivery hands messages to the handler until a stream is asked for", async () => {
  const { delivery, events } = new Setup();
  delivery.deliver("a");
  const reader = delivery.readable.getReader();
  delivery.deliver("b");
  assertEquals((await reader.read()).value, "b");
  assertEquals(events, ["handled a"]);
  delivery.end();
  assertEquals((await reader.read()).done, true);
});

Deno.test("MessageDelivery.holdFor() keeps messages for an open that asks late", async () => {
  const { delivery, events } = new Setup();
  const opening = Promise.withResolvers<void>();
  const held = delivery.holdFor(opening.promise);
  const delivered = delivery.deliver("early");
  const messages = delivery.messages();
  assertEquals((await messages.next()).value, "early");
  await delivered;
  opening.resolve();
  await held;
  assertEquals(events, []);
  delivery.end();
});

Deno.test("MessageDelivery.holdFor() lets messages go when open is done and has not asked", async () => {
  const { delivery, events } = new Setup();
  const held = delivery.holdFor(Promise.resolve());
  await delivery.deliver("early");
  await held;
  assertEquals(delivery.deliver("later"), undefined);
  assertEquals(events, ["handled early", "handled later"]);
});

Deno.test("MessageDelivery.messages() closes with 1000 when its loop is left, but not at once", async () => {
  const { delivery, events } = new Setup();
  delivery.deliver("before");
  const messages = delivery.messages();
  delivery.deliver("a");
  for await (const message of messages) {
    events.push(`taken ${message}`);
    break;
  }
  assertEquals(events, ["handled before", "taken a"]);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(events.at(-1), "closed 1000");
  delivery.end();
});

Deno.test("MessageDelivery.end() leaves nothing behind of a loop that was left", async () => {
  const { delivery, events } = new Setup();
  await delivery.messages().return?.();
  delivery.end();
  assertEquals(events, []);
});

Deno.test("MessageDelivery.readable closes the connection when it is cancelled", async () => {
  const { delivery, events } = new Setup();
  await delivery.readable.cancel();
  assertEquals(events, ["closed 1000"]);
});

Deno.test("MessageDelivery.messages() is at its end when the connection is over", async () => {
  const { delivery } = new Setup();
  delivery.end();
  assertEquals((await delivery.messages().next()).done, true);
});
