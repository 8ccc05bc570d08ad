import { Buffer } from "node:buffer";

/** What ws's `Sender` takes for a socket: what is written to it goes into one buffer. */
export class GatheringSocket {
  readonly #buffer: Buffer;
  #length = 0;

  /** @param room How many bytes may be written between two calls of `take`. */
  constructor(room: number) {
    this.#buffer = Buffer.alloc(room);
  }

  /** Begins a group of writes; here all of them are one. */
  cork(): void {}

  /** Ends a group of writes. */
  uncork(): void {}

  /** Appends bytes, or text in UTF-8. */
  write(data: Uint8Array | string): void {
    if (typeof data === "string") this.#length += this.#buffer.write(data, this.#length);
    else {
      this.#buffer.set(data, this.#length);
      this.#length += data.length;
    }
  }

  /** What was written since the last call; a view, valid until the next write. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
