import { assert, assertEquals } from "@std/assert";
import { type Fragment, Opcode, ProtocolError, type Role } from "../../../protocol/mod.ts";
import { ConnectionDeflate } from "../../../server/connection/deflate/connection_deflate.ts";
import { deflateAlone } from "../../../server/connection/deflate/deflate_alone.ts";
import { Inflater } from "../../../server/connection/deflate/inflater.ts";
import { MAX_FINAL_BLOCKS, TAIL } from "../../../server/connection/deflate/message_tail.ts";
import { chunkings } from "../../helpers/chunks.ts";
import { randomMessage, sameBytes } from "../../helpers/deflate_messages.ts";
import { naiveInflate } from "../../helpers/naive_inflate.ts";
import { concat, fromHex } from "../../helpers/notation.ts";
import type { Random } from "../../helpers/random.ts";
import { mutate, some } from "../inputs.ts";
import { codeOf } from "../outcome.ts";
import type { FuzzTarget } from "../target.ts";

/** What the messages below are bounded by, but for bombs. */
const LIMIT = 20_000;

/** The largest piece that comes out. */
const MAX_PIECE = 65_536;

/** Blocks as RFC 7692 7.2.3 has them: one, stored, final, two, none; and what is no block. */
const BLOCKS = [
  ...[
    "f248cdc9c90700",
    "000500faff48656c6c6f00",
    "f348cdc9c9070000",
    "f248050000 00ffffcac9c90700",
  ],
  ...["00", "0300", "", "07", "f348cdc9c90700"],
].map(fromHex);

/** A compressed message, as it comes from a peer; the twin inflates it bit by bit. */
export const inflate: FuzzTarget = {
  name: "inflate",
  make(random) {
    const windowBits = 8 + random.below(8);
    const settings = { windowBits, level: random.below(10), memLevel: 1 + random.below(9) };
    // Bombs: a thousand times as large as they come.
    if (random.oneIn(50)) {
      return deflateAlone(new Uint8Array(random.below(2_000_000)), { ...settings, level: 9 });
    }
    if (random.oneIn(8)) return random.bytes(random.below(100));
    if (random.oneIn(4)) return mutate(concat(some(BLOCKS, random.pick([3, 100]), random)), random);
    const length = random.pick([0, 1, 100, 1_000, random.below(LIMIT)]);
    const payload = deflateAlone(randomMessage(random, length), settings);
    return random.oneIn(3) ? payload.slice() : mutate(payload, random);
  },
  async check(input, random) {
    const limit = random.pick([LIMIT, LIMIT, LIMIT, 1_000, 100_000]);
    const alone = await inflateEveryWay(input, limit, false, random);
    const kept = await inflateEveryWay(input, limit, true, random);
    if (alone.message !== undefined) {
      assert(sameBytes(kept.message!, alone.message), "Other bytes with context takeover");
      if (input.length > 0) checkTwin(input, alone.message);
    }
    // With takeover, what breaks off within a block is not told from what goes on in the next message.
    return alone.message === undefined && kept.message !== undefined
      ? `${alone.outcome}, taken with context takeover`
      : alone.outcome;
  },
};

/** What came of one message. */
interface Outcome {
  /** The code of its error, or `message`. */
  readonly outcome: string;
  /** What it has become. */
  readonly message?: Uint8Array;
}

/** Inflates one message that is cut in several ways, which must make no difference. */
async function inflateEveryWay(
  input: Uint8Array,
  limit: number,
  contextTakeover: boolean,
  random: Random,
): Promise<Outcome> {
  const expected = await inflateIn([input], limit, contextTakeover);
  const ways = chunkings(input, [random.below(1_000)]);
  for (const { name, chunks } of input.length < 300 ? ways.slice(1) : [ways[2]!]) {
    const { message } = await inflateIn(chunks, limit, contextTakeover);
    // Where it is corrupt beyond the limit, either may be seen first.
    assertEquals(message === undefined, expected.message === undefined, `Cut ${name}`);
    assert(message === undefined || sameBytes(message, expected.message!), `Cut ${name}`);
  }
  return expected;
}

/** Inflates one message; the code of its error, or what it becomes. */
async function inflateIn(
  chunks: readonly Uint8Array[],
  limit: number,
  contextTakeover: boolean,
): Promise<Outcome> {
  const inflater = new Inflater({ windowBits: 15, contextTakeover, limit: () => limit });
  const pieces: Uint8Array[] = [];
  const whole = chunks.length === 0 ? [new Uint8Array(0)] : chunks;
  let total = 0;
  try {
    for (const [at, chunk] of whole.entries()) {
      for await (const piece of inflater.inflate(chunk, at === whole.length - 1)) {
        assert(piece.length > 0 && piece.length <= MAX_PIECE, `A piece of ${piece.length} bytes`);
        total += piece.length;
        assert(total <= limit, `${total} bytes came out of a message that may have ${limit}`);
        pieces.push(piece);
      }
    }
    return { outcome: "message", message: concat(pieces) };
  } catch (error) {
    return { outcome: codeOf(error, ProtocolError) };
  } finally {
    inflater.close();
  }
}

/** The twin knows no bounds, and takes more for DEFLATE than zlib does. */
function checkTwin(input: Uint8Array, message: Uint8Array): void {
  let twin: Uint8Array;
  try {
    twin = naiveInflate(concat([input, TAIL])).bytes;
  } catch {
    // Some senders end with a final block and nothing behind it.
    const { bytes, blocks } = naiveInflate(input);
    assert(blocks.length > 0 && blocks.length <= 20 * MAX_FINAL_BLOCKS);
    twin = bytes;
  }
  assert(sameBytes(twin, message), "The twin has other bytes");
}

/** Messages that one end compresses and the other inflates, whatever was agreed on. */
export const deflate: FuzzTarget = {
  name: "deflate",
  make: (random) =>
    randomMessage(
      random,
      random.pick([0, 1, 10, 500, 3_000, random.below(random.pick([5_000, 80_000]))]),
    ),
  async check(input, random) {
    const flag = () => random.oneIn(2);
    const bits = () => 8 + random.below(8);
    const parameters = {
      serverNoContextTakeover: flag(),
      clientNoContextTakeover: flag(),
      serverMaxWindowBits: bits(),
      clientMaxWindowBits: bits(),
    };
    const end = (role: Role) => {
      const settings = {
        threshold: 0,
        windowBits: 15,
        contextTakeover: true,
        level: random.below(10),
        memoryLevel: 1 + random.below(9),
      };
      return new ConnectionDeflate({ role, parameters, settings, limit: () => input.length });
    };
    const [from, to] = random.oneIn(2)
      ? [end("server"), end("client")]
      : [end("client"), end("server")];
    try {
      // The same again, or a part of it: with takeover the window is full of it.
      for (const message of [input, input, input.subarray(random.below(input.length + 1))]) {
        const now = from.deflateNow(message);
        const parts = now === undefined ? await Array.fromAsync(from.deflate(message)) : [now];
        assert(parts.every(({ length }) => length > 0), "A part is empty");
        const inflated = await inflateFragments(to, cutSomehow(concat(parts), random));
        assert(sameBytes(inflated, message), `${inflated.length} other bytes of ${message.length}`);
      }
    } finally {
      from.close();
      to.close();
    }
    return `${parameters.serverNoContextTakeover ? "no " : ""}takeover by the server`;
  },
};

/** Cuts a message into fragments: a large one into as many as a server takes. */
function cutSomehow(payload: Uint8Array, random: Random): Uint8Array[] {
  if (payload.length < 1_000) {
    return random.pick(chunkings(payload, [random.below(1_000)])).chunks;
  }
  const size = 1 + Math.ceil(payload.length / (1 + random.below(1_000)));
  return Array.from(
    { length: Math.ceil(payload.length / size) },
    (_, at) => payload.subarray(at * size, (at + 1) * size),
  );
}

/** Inflates the fragments of one message, which come out as those of a plain one. */
async function inflateFragments(
  to: ConnectionDeflate,
  chunks: readonly Uint8Array[],
): Promise<Uint8Array> {
  const plain: Fragment[] = [];
  for (const [at, payload] of chunks.entries()) {
    const fragment = {
      opcode: at === 0 ? Opcode.Binary : Opcode.Continuation,
      fin: at === chunks.length - 1,
      first: true,
      last: true,
      frameLength: payload.length,
      compressed: true,
      payload,
    };
    for await (const piece of to.inflate(fragment)) plain.push(piece);
  }
  for (const [at, { opcode, fin, compressed }] of plain.entries()) {
    assertEquals(
      [opcode, fin, compressed],
      [at === 0 ? Opcode.Binary : Opcode.Continuation, at === plain.length - 1, false],
    );
  }
  return concat(plain.map(({ payload }) => payload));
}
