import { assertEquals, assertRejects } from "@std/assert";
import { BufferPool } from "../../../server/net/buffer_pool.ts";
import { type BeginningParser, readBeginning } from "../../../server/net/read_beginning.ts";
import { type Arrival, MemoryTransport } from "../../helpers/memory_transport.ts";

const NOTHING = new Uint8Array(0);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Reads up to a semicolon. */
class UpToSemicolon implements BeginningParser<string> {
  rest: Uint8Array = NOTHING;
  #text = "";

  push(chunk: Uint8Array): string | undefined {
    const end = chunk.indexOf(0x3b);
    this.#text += new TextDecoder().decode(end < 0 ? chunk : chunk.subarray(0, end));
    if (end < 0) return undefined;
    this.rest = chunk.subarray(end + 1);
    return this.#text;
  }

  receiveEof(): void {
    throw new Error("Too early");
  }
}

async function read(first: Uint8Array, ...arrivals: Arrival[]): Promise<string[] | undefined> {
  const transport = new MemoryTransport(...arrivals);
  const beginning = await readBeginning(transport, new BufferPool(), new UpToSemicolon(), first);
  return beginning && [beginning.result, new TextDecoder().decode(beginning.rest)];
}

Deno.test("readBeginning() reads until the parser is done, and keeps what is left", async () => {
  assertEquals(await read(NOTHING, bytes("a"), bytes("b;c")), ["ab", "c"]);
  assertEquals(await read(NOTHING, bytes("ab;")), ["ab", ""]);
});

Deno.test("readBeginning() takes first what was read before", async () => {
  assertEquals(await read(bytes("a"), bytes("b;c")), ["ab", "c"]);
  assertEquals(await read(bytes("ab;c"), new Error("Nobody reads")), ["ab", "c"]);
});

Deno.test("readBeginning() gives nothing when the peer leaves without a byte", async () => {
  assertEquals(await read(NOTHING, null), undefined);
});

Deno.test("readBeginning() fails when the peer leaves too early, or is gone", async () => {
  await assertRejects(() => read(NOTHING, bytes("a"), null), Error, "Too early");
  await assertRejects(() => read(bytes("a"), null), Error, "Too early");
  await assertRejects(() => read(NOTHING, new Error("Reset")), Error, "Reset");
});

Deno.test("readBeginning() gives back a rest that is its receiver's own", async () => {
  const pool = new BufferPool();
  const transport = new MemoryTransport(bytes("a;b"));
  const { rest } = (await readBeginning(transport, pool, new UpToSemicolon(), NOTHING))!;
  pool.acquire(1_024).fill(0);
  assertEquals(new TextDecoder().decode(rest), "b");
});
