import { assertEquals, assertStrictEquals } from "@std/assert";
import { BackplaneRelay } from "../../../server/cluster/backplane_relay.ts";
import { encodeEnvelope } from "../../../server/cluster/envelope.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { KeptLink } from "../../helpers/relay_link.ts";

/** A relay with workers 1, 2 and 3. */
function relayOfThree() {
  const book = new LogBook();
  const relay = new BackplaneRelay(book.log);
  const links = [1, 2, 3].map((worker) => {
    const link = new KeptLink();
    relay.add(worker, link);
    return link;
  }) as [KeptLink, KeptLink, KeptLink];
  return { relay, links, book };
}

Deno.test("BackplaneRelay forward() sends the same bytes to all others, in order", () => {
  const { relay, links: [one, two, three] } = relayOfThree();
  const [first, second] = [encodeEnvelope("a", "1"), encodeEnvelope("a", "2")];
  relay.forward(2, first);
  relay.forward(2, second);
  assertEquals([one.sent.length, two.sent.length, three.sent.length], [2, 0, 2]);
  for (const { sent } of [one, three]) {
    assertStrictEquals(sent[0], first);
    assertStrictEquals(sent[1], second);
  }
});

Deno.test("BackplaneRelay publish() sends a message of its own to all", () => {
  const { relay, links } = relayOfThree();
  relay.publish("broadcast", "hello");
  for (const { sent } of links) assertEquals(sent, [encodeEnvelope("broadcast", "hello")]);
});

Deno.test("BackplaneRelay drops what is for a slow worker only, counts it, and says so once", () => {
  const { relay, links: [one, two, three], book } = relayOfThree();
  const envelope = encodeEnvelope("a", "1");
  three.congest(true);
  for (let count = 0; count < 5; count++) relay.forward(1, envelope);
  assertEquals([one.sent.length, two.sent.length, three.sent.length], [0, 5, 0]);
  assertEquals(relay.dropped, 5);
  assertEquals(book.entries().map(({ level, event, worker }) => [level, event, worker]), [
    ["warning", "relay_dropped", 3],
  ]);
  three.congest(false);
  relay.forward(1, envelope);
  assertEquals([three.sent.length, relay.dropped], [1, 5]);
});

Deno.test("BackplaneRelay delete() leaves a worker out from then on, and keeps what was counted", () => {
  const { relay, links: [, two, three] } = relayOfThree();
  two.congest(true);
  relay.forward(1, encodeEnvelope("a", "1"));
  relay.delete(2);
  relay.forward(1, encodeEnvelope("a", "2"));
  assertEquals([two.sent.length, three.sent.length, relay.dropped], [0, 2, 1]);
});
