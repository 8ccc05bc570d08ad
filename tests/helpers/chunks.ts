import { Random } from "./random.ts";

/** One way to cut the same bytes. */
export interface Chunking {
  /** How they are cut, with the seed where there is one. */
  readonly name: string;
  /** Copies, so that a reader may write to them. */
  readonly chunks: Uint8Array<ArrayBuffer>[];
}

/** The ways in which every vector is fed: whole, one byte at a time, and at seeded random cuts. */
export function chunkings(bytes: Uint8Array, seeds: readonly number[] = [1, 2, 3]): Chunking[] {
  return [
    { name: "whole", chunks: [bytes.slice()] },
    { name: "one byte at a time", chunks: Array.from(bytes, (byte) => Uint8Array.of(byte)) },
    ...seeds.map((seed) => randomCuts(bytes, seed)),
  ];
}

/** Runs a check once per chunking; a failure says which, with the seed. */
export function forEveryChunking(
  bytes: Uint8Array,
  check: (chunks: Uint8Array<ArrayBuffer>[]) => void,
  seeds?: readonly number[],
): void {
  for (const { name, chunks } of chunkings(bytes, seeds)) {
    try {
      check(chunks);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}\nThe bytes were fed ${name}`, { cause: error });
    }
  }
}

/** Cuts at random places; empty chunks and chunks that lie unaligned in a larger buffer occur too. */
function randomCuts(bytes: Uint8Array, seed: number): Chunking {
  const random = new Random(seed);
  const longest = random.pick([3, 16, 300]);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(random.below(longest + 1), bytes.length - at);
    const lead = random.below(8);
    const chunk = new Uint8Array(lead + length).subarray(lead);
    chunk.set(bytes.subarray(at, at + length));
    chunks.push(chunk);
    at += length;
  }
  return { name: `at random cuts with seed ${seed}`, chunks };
}
