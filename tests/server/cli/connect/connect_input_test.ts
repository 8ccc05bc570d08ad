import { assertEquals, assertRejects } from "@std/assert";
import {
  type InputOptions,
  MAX_MESSAGE,
  messagesIn,
} from "../../../../server/cli/connect/connect_input.ts";

const LINES: InputOptions = { binary: false, whole: false };
const NEVER = new AbortController().signal;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function read(options: InputOptions, ...pieces: Uint8Array[]): Promise<(string | Uint8Array)[]> {
  return Array.fromAsync(messagesIn(ReadableStream.from(pieces), options, NEVER));
}

Deno.test("messagesIn() parts text into lines, however it is read", async () => {
  const all = bytes("\ufeffone\r\n\nzw\u00f6lf \u{1f600}\nend");
  for (let at = 0; at <= all.length; at++) {
    const lines = await read(LINES, all.subarray(0, at), all.subarray(at));
    assertEquals(lines, ["\ufeffone", "", "zw\u00f6lf \u{1f600}", "end"]);
  }
  assertEquals(await read(LINES, bytes("one\n")), ["one"]);
  assertEquals(await read(LINES), []);
});

Deno.test("messagesIn() gives bytes in the pieces that it reads", async () => {
  const pieces = [bytes("a\n"), Uint8Array.of(255)];
  assertEquals(await read({ binary: true, whole: false }, ...pieces), pieces);
});

Deno.test("messagesIn() gives all as one message", async () => {
  const pieces = [bytes("a\nb"), bytes("\n\u00f6")];
  assertEquals(await read({ binary: false, whole: true }, ...pieces), ["a\nb\n\u00f6"]);
  assertEquals(await read({ binary: true, whole: true }, ...pieces), [bytes("a\nb\n\u00f6")]);
  assertEquals(await read({ binary: false, whole: true }), [""]);
});

Deno.test("messagesIn() refuses text that is not UTF-8, and one that is cut off", async () => {
  for (const whole of [false, true]) {
    for (const piece of [Uint8Array.of(0x61, 0xff), Uint8Array.of(0xc3)]) {
      await assertRejects(
        () => read({ binary: false, whole }, piece),
        TypeError,
        "Standard input is not UTF-8",
      );
    }
  }
});

Deno.test("messagesIn() refuses a line, and a whole input, that is too long", async () => {
  const half = new Uint8Array(MAX_MESSAGE / 2 + 1).fill(0x61);
  for (const options of [LINES, { binary: true, whole: true }]) {
    await assertRejects(() => read(options, half, half), RangeError, "Standard input is too long");
  }
});

Deno.test("messagesIn() ends and leaves the input when it is aborted", async () => {
  const ending = new AbortController();
  let cancelled = false;
  const input = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes("one\ntw")),
    cancel() {
      cancelled = true;
    },
  });
  const messages = messagesIn(input, LINES, ending.signal);
  assertEquals((await messages.next()).value, "one");
  const waiting = messages.next();
  ending.abort();
  await waiting;
  assertEquals([(await messages.next()).done, cancelled], [true, true]);
});

Deno.test("messagesIn() reads no more than it is asked for", async () => {
  let pulled = 0;
  const input = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(bytes("line\n"));
    },
  }, { highWaterMark: 0 });
  const messages = messagesIn(input, LINES, NEVER);
  await messages.next();
  assertEquals(pulled, 1);
  await messages.return(undefined);
});
