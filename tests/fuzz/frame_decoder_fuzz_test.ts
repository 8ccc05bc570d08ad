import { assert, assertEquals } from "@std/assert";
import { FrameDecoder } from "../../protocol/mod.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { collectFrames } from "../helpers/collect_frames.ts";
import { randomWire } from "../helpers/random_wire.ts";
import { Random } from "../helpers/random.ts";

const LIMITS = { messageBytes: 2_000, messageFragments: 6 };
const ROUNDS = 1_500;

for (const role of ["server", "client"] as const) {
  Deno.test(`FrameDecoder as ${role} gives the same for every chunking of random and mutated frames`, () => {
    const outcomes = new Map<string, number>();
    for (let seed = 0; seed < ROUNDS; seed++) {
      const wire = randomWire(role, new Random(seed));
      // collectFrames() lets nothing but ProtocolError through, and checks that no more bytes come
      // out than went in.
      const expected = collectFrames(new FrameDecoder({ role, limits: LIMITS }), [wire.slice()]);
      forEveryChunking(wire, (chunks) => {
        const actual = collectFrames(new FrameDecoder({ role, limits: LIMITS }), chunks);
        const { error, frames } = actual;
        assertEquals([error, frames], [expected.error, expected.frames], `Wire of seed ${seed}`);
      }, [seed]);
      const outcome = expected.error ?? "none";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // The input reaches all the rules and passes often enough to get far.
    assert((outcomes.get("none") ?? 0) > ROUNDS / 10, `Outcomes: ${[...outcomes]}`);
    assertEquals(outcomes.size, 12, `Outcomes: ${[...outcomes]}`);
  });
}
