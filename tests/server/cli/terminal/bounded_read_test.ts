import { assertEquals, assertRejects } from "@std/assert";
import { readBounded, readLines } from "../../../../server/cli/terminal/bounded_read.ts";

/** An answer whose body comes in these pieces, and never ends unless it is left. */
function answer(pieces: string[]): { response: Response; left: Promise<void> } {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const bytes = pieces.map((piece) => new TextEncoder().encode(piece));
  const response = new Response(
    new ReadableStream({
      pull(controller) {
        const next = bytes.shift();
        if (next !== undefined) controller.enqueue(next);
      },
      cancel: resolve,
    }),
  );
  return { response, left };
}

Deno.test("readBounded() reads a body, and nothing as an empty text", async () => {
  assertEquals(await readBounded(new Response("größer"), 8), "größer");
  assertEquals(await readBounded(new Response(null), 8), "");
});

Deno.test("readBounded() leaves a body that is too long", async () => {
  const { response, left } = answer(["1234", "56789"]);
  await assertRejects(() => readBounded(response, 8), RangeError, "at most 8 bytes");
  await left;
});

Deno.test("readLines() puts lines together, however they are cut, and leaves out empty ones", async () => {
  const bytes = new TextEncoder().encode("a\n\nbö\nc");
  for (const cut of [1, 2, 5, 6]) {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.slice(0, cut));
        controller.enqueue(bytes.slice(cut));
        controller.close();
      },
    });
    assertEquals(await Array.fromAsync(readLines(new Response(body), 9)), ["a", "bö", "c"]);
  }
});

for (const pieces of [["12\n", "345678", "901"], ["123456789\n1\n"]]) {
  Deno.test(`readLines() leaves a line that is too long: ${JSON.stringify(pieces)}`, async () => {
    const { response, left } = answer(pieces);
    await assertRejects(() => Array.fromAsync(readLines(response, 8)), RangeError);
    await left;
  });
}
