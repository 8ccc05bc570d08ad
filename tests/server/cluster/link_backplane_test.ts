import { assertEquals } from "@std/assert";
import { encodeEnvelope } from "../../../server/cluster/envelope.ts";
import { LinkBackplane } from "../../../server/cluster/link_backplane.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { KeptLink } from "../../helpers/relay_link.ts";

function backplane() {
  const [link, book] = [new KeptLink(), new LogBook()];
  return { link, book, backplane: new LinkBackplane(link, book.log) };
}

Deno.test("LinkBackplane publish() sends envelopes, and says when the link drops them", () => {
  const { link, backplane: it } = backplane();
  assertEquals(it.publish("a", "text"), "sent");
  link.open = false;
  assertEquals(it.publish("a", Uint8Array.of(1)), "dropped");
  assertEquals(link.sent, [encodeEnvelope("a", "text"), encodeEnvelope("a", Uint8Array.of(1))]);
});

Deno.test("LinkBackplane publish() drops and counts when too much waits, and says so once", () => {
  const { link, book, backplane: it } = backplane();
  link.congest(true);
  assertEquals([it.publish("a", "1"), it.publish("a", "2")], ["dropped", "dropped"]);
  assertEquals([link.sent.length, it.dropped], [0, 2]);
  assertEquals(book.entries().map(({ event }) => event), ["relay_dropped"]);
});

Deno.test("LinkBackplane receive() hands messages to the subscribers of their channel", () => {
  const { backplane: it } = backplane();
  const got: unknown[] = [];
  const end = it.subscribe("a", (data) => got.push(data));
  it.subscribe("b", (data) => got.push(`b ${data}`));
  it.receive(encodeEnvelope("a", "1"));
  it.receive(encodeEnvelope("b", "2"));
  it.receive(encodeEnvelope("c", "3"));
  it.receive(encodeEnvelope("a", Uint8Array.of(4)));
  end();
  it.receive(encodeEnvelope("a", "5"));
  assertEquals(got, ["1", "b 2", Uint8Array.of(4)]);
});

Deno.test("LinkBackplane receive() goes on when a subscriber fails", () => {
  const { book, backplane: it } = backplane();
  const got: unknown[] = [];
  it.subscribe("a", () => {
    throw new Error("fails");
  });
  it.subscribe("a", (data) => got.push(data));
  it.receive(encodeEnvelope("a", "1"));
  assertEquals(got, ["1"]);
  assertEquals(book.entries().map(({ event }) => event), ["handler_fault"]);
});

Deno.test("LinkBackplane close() ends subscriptions and publishing", async () => {
  const { link, backplane: it } = backplane();
  const got: unknown[] = [];
  it.subscribe("a", (data) => got.push(data));
  await it.close();
  it.receive(encodeEnvelope("a", "1"));
  assertEquals([it.publish("a", "2"), got, link.sent], ["dropped", [], []]);
});
