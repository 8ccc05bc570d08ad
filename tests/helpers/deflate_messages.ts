import { ConnectionDeflate } from "../../server/connection/deflate/connection_deflate.ts";
import { Inflater } from "../../server/connection/deflate/inflater.ts";
import { type DeflateOptions, resolveDeflate } from "../../server/connection/deflate/options.ts";
import { concat } from "./notation.ts";
import type { Random } from "./random.ts";

const WORDS = ["fourtuple", "source", "destination", "port", "10.0.0.1", " ", "\n", "{}", "é"];

/**
 * A message that has something for DEFLATE to find: text, noise, and parts of itself from nearby and
 * from far away.
 */
export function randomMessage(random: Random, length: number): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(length);
  const encoder = new TextEncoder();
  for (let at = 0; at < length;) {
    const back = 1 + random.below(random.pick([300, 40_000]));
    const room = length - at;
    const part = random.oneIn(4)
      ? random.bytes(random.below(40))
      : random.oneIn(2) || back > at
      ? encoder.encode(random.pick(WORDS))
      : message.slice(at - back, at - back + random.below(300));
    message.set(part.subarray(0, room), at);
    at += Math.min(part.length, room);
  }
  return message;
}

/** What compresses the messages of a server, with or without context takeover. */
export function connectionDeflate(
  contextTakeover: boolean,
  options: DeflateOptions = {},
): ConnectionDeflate {
  return new ConnectionDeflate({
    role: "server",
    parameters: {
      serverNoContextTakeover: !contextTakeover,
      clientNoContextTakeover: true,
      serverMaxWindowBits: options.windowBits ?? 15,
      clientMaxWindowBits: 15,
    },
    settings: resolveDeflate({ ...options, contextTakeover })!,
    limit: () => Infinity,
  });
}

/** Inflates one message that comes in pieces; what comes out, and in which pieces. */
export async function inflateAll(
  inflater: Inflater,
  chunks: readonly Uint8Array[],
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (const [at, chunk] of chunks.entries()) {
    for await (const piece of inflater.inflate(chunk, at === chunks.length - 1)) pieces.push(piece);
  }
  return pieces;
}

/** Inflates one message with an inflater of its own. */
export async function inflateOnce(
  payload: Uint8Array,
  windowBits = 15,
  limit = Infinity,
): Promise<Uint8Array<ArrayBuffer>> {
  const inflater = new Inflater({ windowBits, contextTakeover: false, limit: () => limit });
  try {
    return concat(await inflateAll(inflater, [payload]));
  } finally {
    inflater.close();
  }
}

/** Whether two byte arrays are the same; quicker than `assertEquals()` where they are large. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
