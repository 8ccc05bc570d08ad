import { type BufferPool, MIN_BUFFER_BYTES } from "./buffer_pool.ts";
import type { Transport } from "./transport.ts";

/** Parses the beginning of a connection: a PROXY header, or a request's head. */
export interface BeginningParser<T> {
  /** The rest of the chunk that ended it: a view of that chunk. */
  readonly rest: Uint8Array;
  /** Reads the next chunk; returns the result when it is complete. Throws at a fault. */
  push(chunk: Uint8Array): T | undefined;
  /** Says that the transport has ended; throws, as that is too early. */
  receiveEof(): void;
}

/** The parsed beginning of a connection, and the bytes after it. */
export interface Beginning<T> {
  /** The parser's result. */
  readonly result: T;
  /** The bytes after it, the receiver's own. */
  readonly rest: Uint8Array;
}

/**
 * Reads from a transport until a parser is done.
 *
 * @param transport The source of the bytes.
 * @param pool Lends the buffer.
 * @param parser Takes the bytes.
 * @param first Bytes that were read already and come before all others.
 * @returns The parser's result; `undefined` when the peer left without a byte.
 * @throws The errors of the parser and of the transport.
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
