import { assertEquals, assertStrictEquals } from "@std/assert";
import { Published, share, TopicLog } from "../../../server/topics/topic_log.ts";
import { toHex } from "../../helpers/notation.ts";

/** Compresses a payload to its length and the window bits, and counts how often. */
class Compressor {
  count = 0;

  compress = (payload: Uint8Array, windowBits: number): Uint8Array | undefined => {
    this.count++;
    return payload.length > 2 ? Uint8Array.of(payload.length, windowBits) : undefined;
  };
}

Deno.test("Published.frameFor() compresses once for each number of window bits", () => {
  const compressor = new Compressor();
  const message = new Published("abc", 0);
  const frames = [0, 9, 15, 9].map((bits) => message.frameFor(bits, compressor.compress));
  assertEquals(frames.map(toHex), ["81 03 61 62 63", "c1 02 03 09", "c1 02 03 0f", "c1 02 03 09"]);
  assertStrictEquals(frames[1], frames[3]);
  assertEquals(compressor.count, 2);
});

Deno.test("Published.frameFor() gives the frame as it is where compressing does not help", () => {
  const message = new Published(Uint8Array.of(1), 0);
  assertStrictEquals(message.frameFor(9, new Compressor().compress), message.frame);
});

Deno.test("TopicLog.sharedSince() joins once for all at the same position", () => {
  const log = new TopicLog(() => undefined);
  for (const text of ["a", "b", "c"]) log.add(new Published(text, 0));
  const shared = log.sharedSince(1, 0);
  assertEquals(toHex(shared.bytes), "81 01 62 81 01 63");
  assertStrictEquals(log.sharedSince(1, 0), shared);
  assertEquals(log.sharedSince(0, 0).messages, 3);
  log.add(new Published("d", 0));
  assertEquals(log.sharedSince(1, 0).messages, 3);
});

Deno.test("TopicLog.forget() lets go of the messages before a position, and of their bytes", () => {
  const log = new TopicLog(() => undefined);
  for (const text of ["a", "b", "c"]) log.add(new Published(text, 0));
  assertEquals([log.length, log.bytes], [3, 9]);
  log.forget(2);
  assertEquals([log.length, log.bytes, log.published], [1, 3, 3]);
  assertEquals(toHex(log.sharedSince(2, 0).bytes), "81 01 63");
  log.forget(3);
  assertEquals([log.length, log.bytes], [0, 0]);
});

Deno.test("share() says what the messages are", () => {
  const messages = ["text", new Uint8Array(70_000), new Uint8Array(0)];
  const { bytes: _, ...sums } = share(
    messages.map((data, order) => new Published(data, order)),
    0,
    () => undefined,
  );
  assertEquals(sums, { messages: 3, texts: 1, textBytes: 4, binaryBytes: 70_000 });
});
