import { assert, assertEquals } from "@std/assert";
import { DEFLATE_DEFAULTS } from "../../../../server/connection/deflate/options.ts";
import { sharedDeflate } from "../../../../server/connection/deflate/shared_deflate.ts";
import { randomMessage } from "../../../helpers/deflate_messages.ts";
import { naiveInflate } from "../../../helpers/naive_inflate.ts";
import { Random } from "../../../helpers/random.ts";

let overdue = false;
const turn = { isOverdue: () => overdue };
const compress = sharedDeflate({ ...DEFLATE_DEFAULTS, threshold: 10 }, turn);

Deno.test("sharedDeflate() compresses what becomes smaller, for the window that is asked for", () => {
  const payload = new TextEncoder().encode("again and ".repeat(200));
  for (const windowBits of [8, 15]) {
    const smaller = compress(payload, windowBits)!;
    assert(smaller.length < payload.length);
    const whole = Uint8Array.of(...smaller, 0x00, 0x00, 0xff, 0xff); // RFC 7692 7.2.2
    assertEquals(naiveInflate(whole).bytes, payload);
  }
});

Deno.test("sharedDeflate() leaves alone what is too small, too large, or becomes no smaller", () => {
  const random = crypto.getRandomValues(new Uint8Array(1_000));
  for (const payload of [new Uint8Array(9), new Uint8Array(65_537), random]) {
    assertEquals(compress(payload, 15), undefined);
  }
});

Deno.test("sharedDeflate() leaves alone what there is no time for in this turn of the event loop", () => {
  const payload = new Uint8Array(1_000);
  overdue = true;
  assertEquals(compress(payload, 15), undefined);
  overdue = false;
  assert(compress(payload, 15) !== undefined);
});

Deno.test("sharedDeflate() tries less hard where a large message could hold the event loop", () => {
  const random = new Random(1);
  const message = randomMessage(random, 60_000);
  const [hard, quick] = [9, 6].map((level) =>
    sharedDeflate({ ...DEFLATE_DEFAULTS, level }, turn)(message, 15)
  );
  assertEquals(hard, quick);
  assertEquals(compress(message, 8), undefined, "Each 256 bytes would be a message of their own");
  assert(compress(message.subarray(0, 4_096), 8) !== undefined);
});
