import { assert, assertEquals, assertRejects } from "@std/assert";
import { inflateRawSync } from "node:zlib";
import {
  CONTEXT_CHUNK_BYTES,
  ZlibFailure,
  ZlibStream,
} from "../../../../server/connection/deflate/zlib_stream.ts";
import { randomMessage, sameBytes } from "../../../helpers/deflate_messages.ts";
import { concat, fromHex, toHex } from "../../../helpers/notation.ts";
import { Random } from "../../../helpers/random.ts";

const OPTIONS = { windowBits: 15, chunkSize: CONTEXT_CHUNK_BYTES };
const EFFORT = { level: 6, memLevel: 8 };

Deno.test("ZlibStream.deflating() gives all of a chunk, up to an empty block", async () => {
  const stream = ZlibStream.deflating({ ...OPTIONS, ...EFFORT });
  const first = concat(await Array.fromAsync(stream.write(fromHex("48 65 6c 6c 6f"))));
  const second = concat(await Array.fromAsync(stream.write(fromHex("48 65 6c 6c 6f"))));
  stream.close();
  // RFC 7692 7.2.3.2
  assertEquals(toHex(first), "f2 48 cd c9 c9 07 00 00 00 ff ff");
  assertEquals(toHex(second), "f2 00 11 00 00 00 00 ff ff");
});

Deno.test("writeSliced() deflates a large chunk as one stream", async () => {
  const stream = ZlibStream.deflating({ ...OPTIONS, ...EFFORT });
  const message = randomMessage(new Random(1), 200_000);
  const deflated = concat(await Array.fromAsync(stream.writeSliced(message)));
  stream.close();
  assert(deflated.length < message.length);
  const whole = concat([deflated, fromHex("01 00 00 ff ff")]);
  assert(sameBytes(inflateRawSync(whole), message));
});

Deno.test("ZlibStream.inflating() says how many bytes it used, at a final block and without one", async () => {
  const stream = ZlibStream.inflating(OPTIONS);
  const bytes = fromHex("f2 48 cd c9 c9 07 00 00 00 ff ff");
  assertEquals(toHex(concat(await Array.fromAsync(stream.write(bytes)))), "48 65 6c 6c 6f");
  assertEquals(stream.consumed, 11);
  await Array.fromAsync(stream.write(fromHex("f3 48 cd c9 c9 07 00 12 34")));
  assertEquals(stream.consumed, 18);
  // It goes no further.
  assertEquals(await Array.fromAsync(stream.write(fromHex("12 34"))), []);
  assertEquals(stream.consumed, 18);
  stream.close();
});

Deno.test("ZlibStream works no further ahead of its reader than some pieces", async () => {
  const deflating = ZlibStream.deflating({ ...OPTIONS, ...EFFORT });
  const bomb = concat(await Array.fromAsync(deflating.writeSliced(new Uint8Array(5_000_000))));
  deflating.close();
  const stream = ZlibStream.inflating(OPTIONS);
  const iterator = stream.write(bomb);
  const { value } = await iterator.next();
  assert(value !== undefined && value.length <= 2 * CONTEXT_CHUNK_BYTES);
  // A thousand bytes for one: what is not used yet is what has not been inflated.
  assert(stream.consumed < bomb.length / 10, `${stream.consumed} of ${bomb.length}`);
  stream.close();
  await assertRejects(() => iterator.next(), ZlibFailure);
});

Deno.test("write() throws a ZlibFailure for corrupt data, then and ever after", async () => {
  const stream = ZlibStream.inflating(OPTIONS);
  const inflate = (hex: string) => Array.fromAsync(stream.write(fromHex(hex)));
  await assertRejects(() => inflate("ff ff ff"), ZlibFailure);
  await assertRejects(() => inflate("00"), ZlibFailure);
  stream.close();
  await assertRejects(() => inflate("00"), ZlibFailure);
});

Deno.test("close() ends an iteration that waits", async () => {
  const stream = ZlibStream.inflating(OPTIONS);
  const waiting = stream.write(fromHex("f2 48")).next();
  stream.close();
  stream.close();
  await assertRejects(() => waiting, ZlibFailure);
});
