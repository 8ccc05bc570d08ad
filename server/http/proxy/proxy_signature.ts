const CR = 0x0d;

/** Version 1: `PROXY` and a space. */
const LINE: Uint8Array = new TextEncoder().encode("PROXY ");

/** Version 2: twelve bytes that no other protocol begins with. */
const BLOCK: Uint8Array = new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n");

/**
 * So many bytes in a row are no chance: of HTTP none begins with two empty lines, or with `PROX`.
 */
const LIKELY = 4;

/** Compares the first bytes of a connection with those that a PROXY header begins with. */
export class ProxySignature {
  #expected = LINE;
  #matched = 0;
  #failed = false;

  /** The version of the header, when its signature has come. */
  get version(): 1 | 2 | undefined {
    if (this.#matched < this.#expected.length) return undefined;
    return this.#expected === LINE ? 1 : 2;
  }

  /** Whether the bytes so far are the beginning of a PROXY header, and hardly of anything else. */
  get likely(): boolean {
    return !this.#failed && this.#matched >= LIKELY;
  }

  /**
   * Compares the next byte.
   *
   * @returns Whether it belongs to a signature, or comes after one that has been there.
   */
  push(byte: number): boolean {
    if (this.#failed) return false;
    if (this.#matched === 0) this.#expected = byte === CR ? BLOCK : LINE;
    if (this.#matched === this.#expected.length) return true;
    if (byte === this.#expected[this.#matched]) this.#matched++;
    else this.#failed = true;
    return !this.#failed;
  }

  /** Compares as many of the next bytes as matter. */
  look(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#failed; at++) {
      if (this.version !== undefined) return;
      this.push(chunk[at]!);
    }
  }
}
