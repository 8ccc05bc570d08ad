import { assert, assertEquals } from "@std/assert";
import { WorkerTaps } from "../../../server/cluster/worker_taps.ts";
import type { TapEvent } from "../../../server/operations/operations.ts";
import { Events } from "../../helpers/events.ts";
import { FakeTap } from "../../helpers/fake_operations.ts";

/** A batch that has come, and what says that it was taken. */
interface Batch {
  readonly tap: number;
  readonly events: readonly TapEvent[];
  readonly taken: PromiseWithResolvers<void>;
}

function listening() {
  const batches = new Events<Batch>();
  const over = new Events<number>();
  const taps = new WorkerTaps({
    tapped(tap, events) {
      const taken = Promise.withResolvers<void>();
      batches.push({ tap, events, taken });
      return taken.promise;
    },
    untapped: over.push,
  });
  return { taps, batches, over };
}

/** The lengths of the frames. */
function lengths({ events }: Batch): number[] {
  return events.map((event) => event.type === "frame" ? event.length : -1);
}

const END: TapEvent = { type: "end", at: 0, code: 1000, reason: "" };

Deno.test("WorkerTaps sends the next batch when the last was taken, and then that the tap is over", async () => {
  const { taps, batches, over } = listening();
  const source = new FakeTap("key", {});
  const added = taps.add(7, source.stream);
  source.pushText("a");
  const first = await batches.next();
  assertEquals([first.tap, lengths(first)], [7, [1]]);
  for (let length = 2; length <= 300; length++) source.pushText("a".repeat(length));
  source.push(END);
  const got: number[] = [];
  first.taken.resolve();
  while (!got.includes(-1)) {
    const batch = await batches.next();
    assert(batch.events.length <= 64, `${batch.events.length} came at once`);
    assertEquals(batches.all.at(-1), batch);
    got.push(...lengths(batch));
    batch.taken.resolve();
  }
  await added;
  assertEquals(got, [...Array.from({ length: 299 }, (_, index) => index + 2), -1]);
  assertEquals(over.all, [7]);
});

Deno.test("WorkerTaps cancels a tap that is ended, or whose supervisor has gone", async () => {
  const { taps, batches, over } = listening();
  const [ended, lost, left] = [1, 2, 3].map(() => new FakeTap("key", {}));
  const added = [ended, lost, left].map((source, index) => taps.add(index + 1, source!.stream));
  taps.delete(1);
  await ended!.cancelled;
  lost!.pushText("a");
  (await batches.next()).taken.reject(new Error("The other process has gone"));
  await lost!.cancelled;
  taps.close();
  await left!.cancelled;
  await Promise.all(added);
  assertEquals(over.all.toSorted(), [1, 2, 3]);
  taps.delete(1);
});

Deno.test("WorkerTaps says that a tap is over which has failed", async () => {
  const { taps, over } = listening();
  const source = new FakeTap("key", {});
  const added = taps.add(1, source.stream);
  source.fail(new Error("Broken"));
  await added;
  assertEquals(over.all, [1]);
});
