import { assert, assertEquals } from "@std/assert";
import { FrameDecoder, type Role } from "../../../protocol/mod.ts";
import { runDecode } from "../../../server/cli/decode/decode.ts";
import { parseInput } from "../../../server/cli/decode/decode_input.ts";
import { chunkings } from "../../helpers/chunks.ts";
import { collectFrames } from "../../helpers/collect_frames.ts";
import { toHex } from "../../helpers/notation.ts";
import { randomWire } from "../../helpers/random_wire.ts";
import { written } from "../../helpers/written.ts";
import { bytesOf, mutate, spoil } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

const UNBOUNDED = { messageBytes: Infinity, messageFragments: Infinity };

/** What `fourtuple decode` is given: frames as they are, or a text that stands for them. */
export const decodeInput: FuzzTarget = {
  name: "decode-input",
  make(random) {
    const wire = randomWire(random.pick<Role>(["server", "client"]), random);
    switch (random.below(4)) {
      case 0:
        return spoil(bytesOf(toHex(wire)), random);
      case 1:
        return spoil(bytesOf(btoa(String.fromCharCode(...wire))), random);
      case 2:
        return mutate(
          bytesOf(`0x${toHex(wire).replaceAll(" ", random.pick([", 0x", ":"]))}`),
          random,
        );
      default:
        return wire;
    }
  },
  async check(input, random) {
    const role = random.pick<Role>(["server", "client"]);
    const ways = chunkings(input, [random.below(1_000)]);
    // A stream of single bytes takes its time.
    const { chunks } = random.pick(input.length < 100 ? ways : [ways[0]!, ways[2]!]);
    const stream = () => ReadableStream.from(chunks);
    const run = (...args: string[]) =>
      written((io) => runDecode(["--role", role, ...args], io, stream));
    const { code, out, err } = await run();
    // Nothing of the peer's reaches the terminal as it is: letters of all scripts do.
    assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(`${out}${err}`.replaceAll("\n", "")), out + err);
    const json = await run("--json");
    assertEquals(json.code, code);
    for (const line of json.out.split("\n").slice(0, -1)) JSON.parse(line);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      ({ bytes } = parseInput(input.slice(), "auto"));
    } catch (error) {
      assertEquals([code, out], [1, ""]);
      return codeOf(error, SyntaxError);
    }
    const { error, frames } = collectFrames(new FrameDecoder({ role, limits: UNBOUNDED }), [bytes]);
    if (code === 0) assert(error === undefined && frames.length > 0);
    const [, broken] = /breaks a rule: (\w+)/.exec(out) ?? [];
    // The decoder stops at the first rule too, unless a message's end showed an earlier one.
    if (error !== undefined) assert(broken !== undefined, out);
    return broken ?? (code === 0 ? "frames" : "cut off");
  },
};
