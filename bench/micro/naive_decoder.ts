/** A frame as the twin of the decoder gives it. */
export interface NaiveFrame {
  /** FIN. */
  readonly fin: boolean;
  /** The opcode. */
  readonly opcode: number;
  /** The unmasked payload, in bytes of its own. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The obvious decoder of masked frames: it waits for whole frames, copies, and checks no rule. */
export class NaiveDecoder {
  #pending = new Uint8Array(0);

  /** Takes the next bytes and returns the frames that they complete. */
  push(chunk: Uint8Array): NaiveFrame[] {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const view = new DataView(bytes.buffer);
    const frames: NaiveFrame[] = [];
    let at = 0;
    while (bytes.length - at >= 2) {
      let length = bytes[at + 1]! & 0x7f;
      let start = at + 6;
      if (length === 126) {
        start += 2;
        if (start > bytes.length) break;
        length = view.getUint16(at + 2);
      } else if (length === 127) {
        start += 8;
        if (start > bytes.length) break;
        length = Number(view.getBigUint64(at + 2));
      }
      if (start + length > bytes.length) break;
      const key = bytes.subarray(start - 4, start);
      const payload = bytes.slice(start, start + length);
      for (let i = 0; i < length; i++) payload[i]! ^= key[i % 4]!;
      frames.push({ fin: bytes[at]! >= 0x80, opcode: bytes[at]! & 0x0f, payload });
      at = start + length;
    }
    this.#pending = bytes.slice(at);
    return frames;
  }
}
