import { assertEquals } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { deflateFault } from "../../../../server/connection/deflate/deflate_fault.ts";
import { inflateBeginning } from "../../../../server/connection/deflate/inflate_beginning.ts";
import { fromHex } from "../../../helpers/notation.ts";

const fault = deflateFault();

Deno.test({
  name:
    "inflateBeginning() inflates what is there, and nothing that needs messages before, or is much" +
    (fault === undefined ? "" : ` (ignored: ${fault})`),
  ignore: fault !== undefined,
  fn() {
    const text = (payload: Uint8Array): string | undefined => {
      const inflated = inflateBeginning(payload);
      return inflated && new TextDecoder().decode(inflated);
    };
    const hello = fromHex("f248cdc9c90700"); // RFC 7692 7.2.3.1
    assertEquals(text(hello), "Hello");
    assertEquals("Hello".startsWith(text(hello.subarray(0, 4))!), true);
    assertEquals(text(new Uint8Array(0)), "");
    assertEquals(text(fromHex("f200110000")), undefined, "it refers to a message before (7.2.3.2)");
    assertEquals(text(fromHex("ffffff")), undefined);
    const bomb = deflateRawSync(new Uint8Array(65_537), { finishFlush: 2 });
    assertEquals(inflateBeginning(bomb), undefined);
  },
});
