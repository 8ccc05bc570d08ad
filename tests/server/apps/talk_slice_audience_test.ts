import { assertEquals } from "@std/assert";
import { SliceAudience, SLOW_MS } from "../../../server/apps/talk_slice_audience.ts";
import { SliceRecipient } from "../../helpers/slice_recipient.ts";

const SLOW = { type: "file-stop", id: 1, file: 2, reason: "slow" };

function audienceOf(...members: SliceRecipient[]): SliceAudience {
  return new SliceAudience({ audience: members, queueBytes: 100 }, { id: 1, file: 2 });
}

Deno.test("SliceAudience gives all of its members the same bytes", () => {
  const [ada, bob] = [new SliceRecipient(), new SliceRecipient()];
  const audience = audienceOf(ada, bob);
  const slice = new Uint8Array(10);
  audience.give(slice);
  audience.stop("left");
  for (const { got } of [ada, bob]) assertEquals(got, [slice, { ...SLOW, reason: "left" }]);
  assertEquals(ada.got[0] === bob.got[0], true);
});

Deno.test("SliceAudience has room when no member has more than a quarter waiting", () => {
  const [ada, bob] = [new SliceRecipient(), new SliceRecipient()];
  const audience = audienceOf(ada, bob);
  bob.bufferedAmount = 25;
  assertEquals(audience.hasRoom, true);
  bob.bufferedAmount = 26;
  assertEquals(audience.hasRoom, false);
  audience.delete(bob);
  assertEquals([audience.hasRoom, audience.size], [true, 1]);
});

Deno.test("SliceAudience drops a member that has no room for a slice", () => {
  const [ada, bob, eve] = [new SliceRecipient(), new SliceRecipient(), new SliceRecipient()];
  const audience = audienceOf(ada, bob, eve);
  bob.bufferedAmount = 91;
  eve.bufferedAmount = 90;
  const slice = new Uint8Array(10);
  audience.give(slice);
  assertEquals([ada.got, bob.got, eve.got], [[slice], [SLOW], [slice]]);
  assertEquals(audience.size, 2);
});

Deno.test("SliceAudience gives a slice larger than the bound to a member with nothing waiting", () => {
  const ada = new SliceRecipient();
  audienceOf(ada).give(new Uint8Array(1000));
  assertEquals(ada.got, [new Uint8Array(1000)]);
});

Deno.test("SliceAudience drops a member that was slow for too long, not one that catches up", () => {
  const [ada, bob] = [new SliceRecipient(), new SliceRecipient()];
  const audience = audienceOf(ada, bob);
  ada.bufferedAmount = bob.bufferedAmount = 50;
  audience.dropSlow(0);
  audience.dropSlow(SLOW_MS);
  ada.bufferedAmount = 0;
  audience.dropSlow(SLOW_MS + 1);
  ada.bufferedAmount = 50;
  audience.dropSlow(SLOW_MS + 2);
  audience.dropSlow(2 * SLOW_MS + 2);
  assertEquals([ada.got, bob.got, audience.size], [[], [SLOW], 1]);
});
