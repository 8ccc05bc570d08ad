import { type BufferPool, MIN_BUFFER_BYTES } from "./buffer_pool.ts";
import type { Transport } from "./transport.ts";

/** Reads what a connection begins with: a PROXY header, or a request's head. */
export interface BeginningParser<T> {
  /** What follows in the chunk that ended it: a view of that chunk. */
  readonly rest: Uint8Array;
  /** Reads the next chunk; returns what was read when it is complete. Throws at a fault. */
  push(chunk: Uint8Array): T | undefined;
  /** Says that the transport has ended; throws, as that is too early. */
  receiveEof(): void;
}

/** What a connection begins with, and what came behind it. */
export interface Beginning<T> {
  /** What the parser made. */
  readonly result: T;
  /** The bytes behind it, the receiver's own. */
  readonly rest: Uint8Array;
}

/**
 * Reads from a transport until a parser is done.
 *
 * @param transport Where the bytes come from.
 * @param pool Lends the buffer.
 * @param parser Takes the bytes.
 * @param first Bytes that were read already and come before all others.
 * @returns What the parser made; `undefined` when the peer left without a byte.
 * @throws What the parser throws, and what the transport rejects with.
 */
export async function readBeginning<T>(
  transport: Pick<Transport, "read">,
  pool: BufferPool,
  parser: BeginningParser<T>,
  first: Uint8Array,
): Promise<Beginning<T> | undefined> {
  const buffer = pool.acquire(MIN_BUFFER_BYTES);
  try {
    let chunk = first;
    for (let begun = first.length > 0;; begun = true) {
      if (begun) {
        const result = parser.push(chunk);
        if (result !== undefined) return { result, rest: parser.rest.slice() };
      }
      const count = await transport.read(buffer);
      if (count === null) {
        if (begun) parser.receiveEof(); // throws
        return undefined;
      }
      chunk = buffer.subarray(0, count);
    }
  } finally {
    pool.release(buffer);
  }
}
