import { assertEquals } from "@std/assert";
import { wholePage } from "../../../../server/cli/ops/whole_page.ts";

interface Page {
  readonly missing?: readonly number[];
}

/** Asks for pages that are given one after the other. */
async function ask(pages: readonly Page[], silent: Set<number>) {
  let asked = 0;
  const page = await wholePage(() => Promise.resolve(pages[asked++]!), silent);
  return { page, asked };
}

Deno.test("wholePage() asks once where all workers answer", async () => {
  const silent = new Set<number>();
  const [page] = [{}];
  assertEquals(await ask([page], silent), { page, asked: 1 });
  assertEquals(silent, new Set());
});

Deno.test("wholePage() asks once more where a worker has not answered, and gives what comes then", async () => {
  const silent = new Set<number>();
  assertEquals(await ask([{ missing: [2, 3] }, { missing: [3] }], silent), {
    page: { missing: [3] },
    asked: 2,
  });
  assertEquals(silent, new Set([3]));
});

Deno.test("wholePage() does not wait for workers that were silent before", async () => {
  const silent = new Set([2, 3]);
  const page = { missing: [3] };
  assertEquals(await ask([page], silent), { page, asked: 1 });
  assertEquals(silent, new Set([2, 3]));
});
