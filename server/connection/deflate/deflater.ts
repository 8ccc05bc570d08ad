import {
  canKeepWindow,
  deflatedNothing,
  type DeflateSettings,
  deflateSliced,
} from "./deflate_alone.ts";
import { PartGatherer } from "./part_gatherer.ts";
import { CONTEXT_CHUNK_BYTES, ZlibFailure, ZlibStream } from "./zlib_stream.ts";

/**
 * Deflates the messages of one connection that keeps its window from one to the next (RFC 7692
 * 7.2.3.2). They go out in the order in which they were given to it, since the peer's window follows.
 */
export class Deflater {
  readonly #settings: DeflateSettings;
  #stream: ZlibStream | undefined = undefined;
  #closed = false;
  /** Settles when all messages so far are deflated. */
  #queue: Promise<unknown> = Promise.resolve();

  /**
   * Makes the deflater of one connection; it sets nothing aside before the first message.
   *
   * @param settings The window that was negotiated for our direction, and the effort.
   */
  constructor(settings: DeflateSettings) {
    this.#settings = settings;
  }

  /**
   * Deflates the next message. Every one that was deflated must be sent, in this order.
   *
   * @param message Bytes, left alone until the promise settles, or a text. Messages wait for each
   * other: how many bytes of them may wait is for the caller to bound.
   * @returns The payload of the compressed message in parts of 64 KiB, the last one shorter but not
   * empty.
   * @throws {ZlibFailure} When it was closed before the message was done.
   */
  deflate(message: string | Uint8Array): Promise<Uint8Array<ArrayBuffer>[]> {
    const deflated = this.#queue.then(() => this.#deflate(message));
    // Not the promise itself, which would keep the last message as long as the connection is idle.
    this.#queue = deflated.then(() => {}, () => {});
    return deflated;
  }

  /** Frees everything; messages that wait are given up with an error. */
  close(): void {
    this.#closed = true;
    this.#stream?.close();
    this.#stream = undefined;
  }

  async #deflate(message: string | Uint8Array): Promise<Uint8Array<ArrayBuffer>[]> {
    if (this.#closed) throw new ZlibFailure();
    if (message.length === 0) return [deflatedNothing()];
    if (!canKeepWindow(this.#settings.windowBits)) {
      return await Array.fromAsync(deflateSliced(message, this.#settings));
    }
    this.#stream ??= ZlibStream.deflating({ ...this.#settings, chunkSize: CONTEXT_CHUNK_BYTES });
    const gatherer = new PartGatherer();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this.#stream.writeSliced(message)) {
      parts.push(...gatherer.push(piece));
    }
    parts.push(gatherer.rest());
    return parts;
  }
}
