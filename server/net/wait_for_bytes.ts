import type { BufferPool } from "./buffer_pool.ts";
import type { Transport } from "./transport.ts";

/** The receiver of a parked transport's next bytes. */
export interface Waiter {
  /**
   * The wait is over.
   *
   * @param first The bytes that came, the receiver's own; `undefined` at the end of the transport.
   */
  woken(first: Uint8Array | undefined): void;
}

/**
 * Waits until a transport has bytes, with a small buffer and no stream; this is what most
 * connections do most of the time. A broken transport has ended, as to WebSocket it has.
 *
 * @param transport The source of the bytes.
 * @param pool Lends the buffer.
 * @param waiter Told once.
 */
export function waitForBytes(
  transport: Pick<Transport, "read">,
  pool: BufferPool,
  waiter: Waiter,
): void {
  const buffer = pool.acquireWaiting();
  const wake = (count: number | null): void => {
    const first = count === null ? undefined : buffer.slice(0, count);
    pool.releaseWaiting(buffer);
    waiter.woken(first);
  };
  transport.read(buffer).then(wake, () => wake(null));
}
