import { assert, assertEquals } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { MessageInflater } from "../../../../server/cli/decode/decode_inflate.ts";
import { deflateFault } from "../../../../server/connection/deflate/deflate_fault.ts";
import { fromHex } from "../../../helpers/notation.ts";

const problem = deflateFault();
const ignore = problem !== undefined;
const reason = ignore ? ` (ignored: ${problem})` : "";

/** RFC 7692 7.2.3.1 and 7.2.3.2: "Hello", and the same once more, which refers to the first. */
const HELLO = fromHex("f248cdc9c90700");
const AGAIN = fromHex("f200110000");

function textOf(inflated: Uint8Array | string): string {
  return typeof inflated === "string" ? `problem: ${inflated}` : new TextDecoder().decode(inflated);
}

Deno.test({
  name: `MessageInflater inflates messages that refer to those before (RFC 7692 7.2.3.2)${reason}`,
  ignore,
  fn() {
    const inflater = new MessageInflater(100);
    const parts = [HELLO.subarray(0, 3), HELLO.subarray(3)];
    assertEquals(textOf(inflater.inflate(parts)), "Hello");
    assertEquals(textOf(inflater.inflate([AGAIN])), "Hello");
    assertEquals(textOf(inflater.inflate([fromHex("00")])), "", "an empty message (7.2.3.6)");
    assertEquals(textOf(inflater.inflate([AGAIN])), "Hello");
  },
});

Deno.test({
  name: `MessageInflater shows nothing where what a message refers to is not there${reason}`,
  ignore,
  fn() {
    const inflater = new MessageInflater(100);
    assertEquals(typeof inflater.inflate([AGAIN]), "string");
    assertEquals(textOf(inflater.inflate([HELLO])), "Hello");
    // Of two messages the second is missing: the third must not be read against the first.
    assertEquals(typeof inflater.inflate([fromHex("ffffff")]), "string");
    assertEquals(typeof inflater.inflate([AGAIN]), "string");
    assertEquals(textOf(inflater.inflate([HELLO])), "Hello");
  },
});

Deno.test({
  name: `MessageInflater bounds what comes out${reason}`,
  ignore,
  fn() {
    const bomb = deflateRawSync(new Uint8Array(1_000_000), { finishFlush: 2 }).subarray(0, -4);
    const inflater = new MessageInflater(999_999);
    const inflated = inflater.inflate([bomb]);
    assert(typeof inflated === "string" && inflated.includes("999999"), String(inflated));
    assertEquals(textOf(inflater.inflate([HELLO])), "Hello");
    assertEquals(new MessageInflater(1_000_000).inflate([bomb]).length, 1_000_000);
  },
});
