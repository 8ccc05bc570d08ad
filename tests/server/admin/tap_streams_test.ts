import { assertEquals, assertRejects } from "@std/assert";
import { TapStreams } from "../../../server/admin/tap_streams.ts";
import type { TapEvent } from "../../../server/operations/operations.ts";
import { FAKE_EPOCH, FakeTap } from "../../helpers/fake_operations.ts";

const END = { type: "end", at: FAKE_EPOCH, code: 1000, reason: "a\nb" } as const;

async function textOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

Deno.test("TapStreams.response() writes JSON lines until the end", async () => {
  const tap = new FakeTap("a", {});
  const response = new TapStreams().response(tap.stream, "application/jsonl");
  const dropped: TapEvent = { type: "dropped", at: FAKE_EPOCH, frames: 7 };
  tap.pushText("Hi");
  tap.push(dropped);
  tap.push(END);
  const text = await response.text();
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type }) => type), ["frame", "dropped", "end"]);
  assertEquals([lines[1], lines[2]], [dropped, END]);
  assertEquals(response.headers.get("content-type"), "application/jsonl");
});

Deno.test("TapStreams.response() writes server-sent events", async () => {
  const tap = new FakeTap("a", {});
  const response = new TapStreams().response(tap.stream, "text/event-stream");
  tap.push(END);
  assertEquals(await response.text(), `event: end\ndata: ${JSON.stringify(END)}\n\n`);
});

Deno.test("TapStreams.response() reads no further ahead than the client", async () => {
  let taken = 0;
  const events = new ReadableStream<TapEvent>({
    pull(controller) {
      taken++;
      controller.enqueue(END);
    },
  }, { highWaterMark: 0 });
  const reader = new TapStreams().response(events, "application/jsonl").body!.getReader();
  assertEquals(taken, 0);
  await reader.read();
  assertEquals(taken, 1);
  await reader.cancel();
});

Deno.test("TapStreams.response() cancels the tap when the client goes", async () => {
  for (const format of ["application/jsonl", "text/event-stream"] as const) {
    const tap = new FakeTap("a", {});
    const reader = new TapStreams().response(tap.stream, format).body!.getReader();
    tap.pushText("x");
    await reader.read();
    await reader.cancel();
    await tap.cancelled;
  }
});

Deno.test("TapStreams.response() says that it is there while nothing happens", async () => {
  const tap = new FakeTap("a", {});
  const reader = new TapStreams(1).response(tap.stream, "text/event-stream").body!.getReader();
  assertEquals(await textOf(reader), ":\n\n");
  assertEquals(await textOf(reader), ":\n\n");
  const next = reader.read();
  tap.push(END);
  let text = new TextDecoder().decode((await next).value);
  while (text === ":\n\n") text = await textOf(reader);
  assertEquals(text.startsWith("event: end\n"), true);
  assertEquals((await reader.read()).done, true);
});

Deno.test("TapStreams.response() breaks off when the tap does", async () => {
  const tap = new FakeTap("a", {});
  const response = new TapStreams().response(tap.stream, "text/event-stream");
  tap.fail(new Error("the worker is gone"));
  await assertRejects(() => response.text(), Error, "the worker is gone");
});

Deno.test("TapStreams.close() ends all taps", async () => {
  const taps = new TapStreams();
  const [one, two] = [new FakeTap("a", {}), new FakeTap("b", {})];
  const responses = [
    taps.response(one.stream, "application/jsonl"),
    taps.response(two.stream, "text/event-stream"),
  ];
  const texts = responses.map((response) => response.text());
  await taps.close();
  await Promise.all([one.cancelled, two.cancelled]);
  assertEquals(await Promise.all(texts), ["", ""]);
});
