import { assert, assertEquals } from "@std/assert";
import { memoryOf } from "../../../../server/connection/deflate/memory_of.ts";

const EFFORT = { level: 6, memLevel: 8 };
const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

Deno.test("memoryOf() is nothing where no window is kept, each direction on its own", () => {
  const { deflate, inflate } = memoryOf(PARAMETERS, EFFORT);
  assert(deflate > 0 && inflate > 0);
  const server = { ...PARAMETERS, serverNoContextTakeover: true };
  assertEquals(memoryOf(server, EFFORT), { deflate: 0, inflate });
  const client = { ...PARAMETERS, clientNoContextTakeover: true };
  assertEquals(memoryOf(client, EFFORT), { deflate, inflate: 0 });
  // What a client deflates is what a server inflates.
  assertEquals(memoryOf(server, EFFORT, "client"), { deflate, inflate: 0 });
  // The window that zlib does not have is never kept.
  assertEquals(memoryOf({ ...PARAMETERS, serverMaxWindowBits: 8 }, EFFORT).deflate, 0);
});

Deno.test("memoryOf() follows the windows and the memory level", () => {
  const full = memoryOf(PARAMETERS, EFFORT);
  const small = { ...PARAMETERS, serverMaxWindowBits: 12, clientMaxWindowBits: 10 };
  const less = memoryOf(small, { ...EFFORT, memLevel: 5 });
  // The window and its links are four times its size; a level doubles what it is for.
  assertEquals(full.deflate - less.deflate, 4 * (2 ** 15 - 2 ** 12) + 2 ** 16 - 2 ** 13);
  assertEquals(full.inflate - less.inflate, 2 ** 15 - 2 ** 10);
});
