import { assert, assertEquals } from "@std/assert";
import { DEFLATE_DEFAULTS } from "../../../server/deflate/options.ts";
import { sharedDeflate } from "../../../server/deflate/shared_deflate.ts";
import { naiveInflate } from "../../helpers/naive_inflate.ts";

const compress = sharedDeflate({ ...DEFLATE_DEFAULTS, threshold: 10 });

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
