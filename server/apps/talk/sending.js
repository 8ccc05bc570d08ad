// One file on its way out. The server asks for the slices, and each is read from the disk only then.

import { SliceHash } from "./slice_hash.js";

/**
 * @typedef {object} SendingHost
 * @property {(message: import("../talk_file_messages.ts").ClientFileMessage) => Promise<boolean>} tell
 * Resolves to false when there is no connection any more.
 * @property {(file: number, index: number, bytes: Uint8Array) => void} sendSlice
 * @property {(bytes: number) => void} progress So many bytes are sent.
 * @property {(fault?: string) => void} ended All is sent, or why not. Called once.
 */

/** Sends one file. */
export class Sending {
  /** Tells the file from others of this page. */
  number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  #file;
  #title;
  #sliceBytes;
  #slices;
  /** @type {SendingHost} */
  #host;
  #hash = new SliceHash();
  #sent = 0;
  #asked = 0;
  #busy = false;
  #over = false;

  /**
   * @param {File} file
   * @param {{ title: string, sliceBytes: number }} how Its safe name, and the size of its slices.
   * @param {SendingHost} host
   */
  constructor(file, { title, sliceBytes }, host) {
    this.#file = file;
    this.#title = title;
    this.#sliceBytes = sliceBytes;
    this.#slices = Math.ceil(file.size / sliceBytes);
    this.#host = host;
  }

  /** Announces the file. */
  async begin() {
    const { size, type } = this.#file;
    // Without parameters: the server passes on nothing else.
    const mediaType = type.split(";", 1)[0] ?? "";
    const message = { file: this.number, title: this.#title, mediaType, size };
    await this.#tell({ type: "file", ...message });
    // Nobody asks for what is not there.
    if (this.#slices === 0) await this.#finish();
  }

  /**
   * The server asks for more.
   *
   * @param {number} slices How many it may have by now.
   */
  async more(slices) {
    this.#asked = Math.min(slices, this.#slices);
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#over && this.#sent < this.#asked) await this.#sendNext();
    this.#busy = false;
    if (this.#sent === this.#slices) await this.#finish();
  }

  /**
   * Takes it back.
   *
   * @param {string} [fault] Why, where it is not the person's wish.
   */
  cancel(fault = "Cancelled") {
    if (this.#over) return;
    this.stop(fault);
    this.#host.tell({ type: "file-stop", file: this.number });
  }

  /**
   * No more can be sent.
   *
   * @param {string} fault
   */
  stop(fault) {
    if (this.#over) return;
    this.#over = true;
    this.#host.ended(fault);
  }

  async #sendNext() {
    const at = this.#sent * this.#sliceBytes;
    /** @type {Uint8Array<ArrayBuffer>} */
    let bytes;
    try {
      const slice = this.#file.slice(at, at + this.#sliceBytes);
      bytes = new Uint8Array(await slice.arrayBuffer());
    } catch {
      // It was changed or removed meanwhile.
      this.cancel("The file cannot be read any more");
      return;
    }
    if (this.#over) return;
    this.#hash.add(bytes);
    this.#host.sendSlice(this.number, this.#sent, bytes);
    this.#sent++;
    this.#host.progress(at + bytes.length);
  }

  async #finish() {
    const hash = await this.#hash.finish();
    if (this.#over) return;
    await this.#tell({ type: "file-end", file: this.number, ...hash !== undefined && { hash } });
    if (this.#over) return;
    this.#over = true;
    this.#host.ended();
  }

  /** @param {import("../talk_file_messages.ts").ClientFileMessage} message */
  async #tell(message) {
    if (!await this.#host.tell(message)) this.stop("Not connected");
  }
}
