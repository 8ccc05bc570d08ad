import { BufferPool } from "../../server/net/buffer_pool.ts";

/**
 * A pool that notices what would leak one connection's bytes into another: a buffer that is released
 * twice, and, by overwriting what is released, one that is used afterwards.
 */
export class StrictPool extends BufferPool {
  /** The buffers that are lent. */
  readonly lent = new Set<Uint8Array>();
  /** The sizes that were lent, in order. */
  readonly sizes: number[] = [];

  override acquire(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = super.acquire(bytes);
    this.lent.add(buffer);
    this.sizes.push(buffer.length);
    return buffer;
  }

  override release(buffer: Uint8Array<ArrayBuffer>): void {
    if (!this.lent.delete(buffer)) throw new Error("A buffer was released that was not lent");
    buffer.fill(0xee);
    super.release(buffer);
  }
}
