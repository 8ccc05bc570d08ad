/**
 * `server/net/` is for bytes in and out of TCP and TLS sockets, and the addresses of both ends. It
 * knows no WebSocket.
 *
 * @module
 */

import type { BufferPool } from "./buffer_pool.ts";

/**
 * One accepted byte stream. A `Deno.TcpConn` is one as it stands; TLS has the
 * same shape.
 */
export interface Transport {
  /** The peer's end: the source of the 4-tuple. */
  readonly remoteAddr: Deno.NetAddr;
  /** Our end: the destination of the 4-tuple. */
  readonly localAddr: Deno.NetAddr;
  /** Reads into `buffer`; resolves with the number of bytes, or `null` at the peer's FIN. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`, which must stay as they are meanwhile; resolves with how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Sends FIN: nothing more will be written. */
  closeWrite(): Promise<void>;
  /**
   * Gives the descriptor back at once. Pending reads and writes reject. Throws when closed twice.
   */
  close(): void;
}

/**
 * Writes all of `bytes`; a single write may take only a part.
 *
 * @param transport The transport.
 * @param bytes The bytes; unchanged until the promise resolves.
 * @param progress Called after each write with the bytes that are written so far.
 */
export async function writeAll(
  transport: Pick<Transport, "write">,
  bytes: Uint8Array,
  progress: (written: number) => void = () => {},
): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await transport.write(bytes.subarray(written));
    progress(written);
  }
}

/**
 * Closes a transport that may be closed already.
 *
 * @param transport The transport.
 */
export function closeQuietly(transport: Pick<Transport, "close">): void {
  try {
    transport.close();
  } catch {
    // The descriptor has gone back already, which is all that is wanted.
  }
}

/** The buffer for bytes that a lingering peer still sends, and nobody looks at. */
const LINGER_BUFFER_BYTES = 16_384;

/** The bounds of a lingering end. */
export interface LingerOptions {
  /** The unwanted bytes that are taken at most. */
  readonly maxBytes: number;
  /**
   * Whether the peer is to close first, as a server does (RFC 6455 7.1.1).
   *
   * @default false
   */
  readonly waits?: boolean;
}

/**
 * Shuts the write side and throws away all that the peer still sends, until its FIN or the bound.
 * Closing a socket that holds unread bytes makes the kernel send RST, and that can destroy our last
 * words before the peer has read them. The caller bounds the time by closing the transport.
 *
 * @param transport The transport; the caller still closes it.
 * @param pool Lends the room for the unwanted bytes.
 * @param options The bounds.
 */
export async function linger(
  transport: Pick<Transport, "read" | "closeWrite">,
  pool: BufferPool,
  { maxBytes, waits = false }: LingerOptions,
): Promise<void> {
  const buffer = pool.acquire(LINGER_BUFFER_BYTES);
  try {
    if (!waits) await transport.closeWrite();
    for (let left = maxBytes; left > 0;) {
      const count = await transport.read(buffer);
      if (count === null) return;
      left -= count;
    }
  } catch {
    // The peer reset the connection, or the deadline closed it: there is nobody left to wait for.
  } finally {
    pool.release(buffer);
  }
}
