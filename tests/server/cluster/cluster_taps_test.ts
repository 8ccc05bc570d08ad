import { assertEquals, assertRejects } from "@std/assert";
import type { WorkerCalls } from "../../../server/cluster/calls.ts";
import { ClusterTaps, type TappedWorker } from "../../../server/cluster/cluster_taps.ts";
import type { TapEvent, TappedFrame } from "../../../server/operations/operations.ts";
import { Link } from "../../../server/process/link.ts";
import { Events } from "../../helpers/events.ts";
import { socketPair } from "../../helpers/socket_pair.ts";

/** A worker that has every connection but one, and what was ended in it. */
interface TestWorker extends TappedWorker, AsyncDisposable {
  readonly ended: Events<number>;
}

async function startWorker(): Promise<TestWorker> {
  const [near, far] = await socketPair();
  const ended = new Events<number>();
  const link = new Link<WorkerCalls>(near, {});
  const other = new Link<Record<never, never>>(far, {
    tap: (_tap: number, key: string) => key !== "none",
    untap: ended.push,
  });
  return {
    link,
    ended,
    async [Symbol.asyncDispose]() {
      for (const it of [link, other]) it.close();
      await Promise.all([link.closed, other.closed]);
    },
  };
}

function frame(length: number): TappedFrame {
  return {
    type: "frame",
    at: 1,
    direction: "in",
    opcode: 1,
    name: "text",
    fin: true,
    masked: true,
    length,
  };
}

Deno.test("ClusterTaps passes events on, and asks for more when they were read", async () => {
  await using worker = await startWorker();
  const taps = new ClusterTaps();
  const stream = await taps.open(worker, "key", {});
  const reader = stream!.getReader();
  let taken = false;
  const first = taps.tapped(1, [frame(1), frame(2)]).then(() => taken = true);
  assertEquals([(await reader.read()).value, taken], [frame(1), false]);
  assertEquals((await reader.read()).value, frame(2));
  await first;
  const more = reader.read();
  await taps.tapped(1, [frame(3)]);
  assertEquals((await more).value, frame(3));
  taps.untapped(1);
  assertEquals((await reader.read()).done, true);
  await taps.tapped(1, [frame(4)]); // nobody is there for it
  taps.untapped(1);
});

Deno.test("ClusterTaps ends a tap in its worker when it is cancelled, and lets the worker go on", async () => {
  await using worker = await startWorker();
  const taps = new ClusterTaps();
  const stream = await taps.open(worker, "key", {});
  const waiting = taps.tapped(1, [frame(1), frame(2)]);
  await stream!.cancel();
  await waiting;
  assertEquals(await worker.ended.next(), 1);
});

Deno.test("ClusterTaps has no more than 16 taps open, and counts none that is over", async () => {
  await using worker = await startWorker();
  const taps = new ClusterTaps();
  const streams: ReadableStream<TapEvent>[] = [];
  for (let count = 0; count < 16; count++) {
    assertEquals(await taps.open(worker, "none", {}), undefined);
    streams.push((await taps.open(worker, "key", {}))!);
  }
  await assertRejects(() => taps.open(worker, "key", {}), Deno.errors.Busy, "16 taps");
  await streams[0]!.cancel();
  await taps.open(worker, "key", {});
  await assertRejects(() => taps.open(worker, "key", {}), Deno.errors.Busy);
});

Deno.test("ClusterTaps ends the taps of a worker that has gone, with 1006", async () => {
  await using worker = await startWorker();
  await using other = await startWorker();
  const taps = new ClusterTaps();
  const lost = (await taps.open(worker, "key", {}))!;
  const kept = (await taps.open(other, "key", {}))!.getReader();
  worker.link.close();
  taps.lost(worker);
  const [event, ...further] = await Array.fromAsync(lost);
  assertEquals(event?.type === "end" && [event.code, event.reason], [1006, ""]);
  assertEquals(further, []);
  const taken = taps.tapped(2, [frame(5)]);
  assertEquals((await kept.read()).value, frame(5));
  await taken;
  assertEquals(await taps.open(worker, "key", {}), undefined);
});
