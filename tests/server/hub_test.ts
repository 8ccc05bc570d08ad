import { assertEquals, assertStrictEquals } from "@std/assert";
import { broadcast, type Subscriber } from "../../server/hub.ts";
import type { SendResult } from "../../server/send_queue.ts";
import { fromHex } from "../helpers/notation.ts";

/** A subscriber that answers with these results and keeps the frames. */
function subscriber(frames: Uint8Array[], result: SendResult): Subscriber {
  return {
    sendShared(frame): SendResult {
      frames.push(frame);
      return result;
    },
  };
}

Deno.test("broadcast() encodes once, whoever gets it", () => {
  const frames: Uint8Array[] = [];
  const everybody = Array.from({ length: 3 }, () => subscriber(frames, "sent"));
  assertEquals(broadcast(everybody, "Hello"), { sent: 3, queued: 0, dropped: 0 });
  assertEquals(frames[0], fromHex("81 05 48 65 6c 6c 6f")); // RFC 6455 5.7
  assertStrictEquals(frames[0], frames[1]);
  assertStrictEquals(frames[0], frames[2]);
});

Deno.test("broadcast() sends bytes as binary and copies them", () => {
  const frames: Uint8Array[] = [];
  const data = Uint8Array.of(1, 2);
  broadcast([subscriber(frames, "sent")], data);
  data.fill(9);
  assertEquals(frames, [fromHex("82 02 01 02")]);
});

Deno.test("broadcast() counts what became of it", () => {
  const results: SendResult[] = ["queued", "sent", "dropped", "queued", "dropped", "queued"];
  const everybody = results.map((result) => subscriber([], result));
  assertEquals(broadcast(everybody, ""), { sent: 1, queued: 3, dropped: 2 });
  assertEquals(broadcast([], ""), { sent: 0, queued: 0, dropped: 0 });
});

Deno.test("broadcast() goes on when a subscriber leaves in the middle", () => {
  const reached: string[] = [];
  const everybody = new Map<string, Subscriber>();
  for (const name of ["a", "b", "c"]) {
    everybody.set(name, {
      sendShared(): SendResult {
        reached.push(name);
        everybody.delete("b");
        return "sent";
      },
    });
  }
  assertEquals(broadcast(everybody.values(), "").sent, 2);
  assertEquals(reached, ["a", "c"]);
});
