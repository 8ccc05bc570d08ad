import { assert, assertEquals } from "@std/assert";
import { MessageAssembler, Opcode } from "../protocol/mod.ts";
import { serve } from "../server/server.ts";
import { RawClient } from "./helpers/raw_client.ts";
import { KEY, rawFrame } from "./helpers/raw_frame.ts";

/** An empty binary message in one frame. */
const EMPTY = {
  opcode: Opcode.Binary,
  fin: true,
  first: true,
  last: true,
  frameLength: 0,
  payload: new Uint8Array(0),
};

Deno.test("MessageAssembler.push() takes an empty message when the empty one before was transferred", () => {
  const assembler = new MessageAssembler();
  const { buffer } = assembler.push(EMPTY) as Uint8Array<ArrayBuffer>;
  structuredClone(buffer, { transfer: [buffer] });
  assertEquals(assembler.push(EMPTY), new Uint8Array(0));
});

Deno.test("serve() gives timers a turn when a peer sends many small messages that take long to handle", async () => {
  const flood = 8_192;
  let handled = 0;
  const handledAtTimer = Promise.withResolvers<number>();
  await using server = serve({
    port: 0,
    message() {
      if (handled++ === 0) setTimeout(() => handledAtTimer.resolve(handled));
      // 256 of these take longer than a turn may.
      const end = performance.now() + 0.1;
      while (performance.now() < end);
    },
  });
  using client = await RawClient.open(server.addr);
  await client.send(...Array<Uint8Array>(flood).fill(rawFrame(0x82, new Uint8Array(0), KEY)));
  const before = await handledAtTimer.promise;
  assert(
    before <= 1_024,
    `${before} messages were handled before a timer that was due at the first`,
  );
});
