// The files that this page sends and receives.

import { FileCard } from "./card.js";
import { formatSize, safeName } from "./file_names.js";
import { encodeImage } from "./frames.js";
import { Receiving } from "./receiving.js";
import { Sending } from "./sending.js";
import { encodeSlice } from "./slices.js";

/** How many files may be coming at once; what comes beyond it is refused. */
const MAX_RECEIVING = 8;

/**
 * How many bytes of files the page holds, those that are coming counted as a whole. What comes beyond it
 * is refused, but a single file may have any size.
 */
const HELD_BYTES = 4 * 1024 ** 3;

/** The pause before something is said again that would have been one message too many, in milliseconds. */
const PAUSE_MS = 200;

/** Why no more comes, to who receives. */
const RECEIVER_REASONS = new Map(
  /** @type {[string, (name: string) => string][]} */ ([
    ["cancelled", (name) => `Cancelled by ${name}`],
    ["left", (name) => `Broken off: ${name} is gone`],
    ["silent", (name) => `Broken off: nothing more came from ${name}`],
    ["slow", () => "Broken off: this connection is too slow"],
    ["lost", () => "Broken off: a part was lost on the way"],
  ]),
);

/** Why no more is wanted, to who sends. */
const SENDER_REASONS = new Map([
  ["nobody", "Nobody else is here to take it"],
  ["many", "Not sent: too many files are on their way, try again in a moment"],
]);

/**
 * @typedef {import("../talk_file_messages.ts").ServerFileMessage} ServerFileMessage
 * @typedef {{ id: number, name: string, sliceBytes: number }} Me
 * @typedef {{ card: FileCard, sending: Sending }} Outgoing
 * @typedef {{ card: FileCard, receiving: Receiving, name: string, size: number, from: number,
 *   dropped?: boolean, url?: string | undefined }} Incoming
 */

/** Sends one file at a time, and receives those of others. */
export class Files {
  #link;
  #log;
  #me;
  /** @type {Map<number, Outgoing>} By the number of the file; at most one. */
  #outgoing = new Map();
  /** @type {Map<string, Incoming>} */
  #incoming = new Map();
  #heldBytes = 0;
  /** @type {Promise<void>} Done when the file before is. */
  #turn = Promise.resolve();

  /**
   * @param {{ link: import("./link.js").Link, log: import("./log.js").MessageLog,
   *   me: () => Me | undefined }} page `me` is unknown while there is no connection.
   */
  constructor({ link, log, me }) {
    this.#link = link;
    this.#log = log;
    this.#me = me;
  }

  /**
   * Sends a file, after those before it.
   *
   * @param {File} file
   */
  send(file) {
    let cancelled = false;
    /** @type {Sending | undefined} */
    let sending;
    const title = safeName(file.name);
    const cancel = () => {
      cancelled = true;
      if (sending === undefined) card.end("Cancelled", { failed: true });
      else sending.cancel();
    };
    const card = this.#show({ title, detail: describe(file.size, file.type) }, {
      author: { name: "", own: true, at: Date.now() },
      status: "Waiting",
      onCancel: cancel,
      onDropped: cancel,
    });
    this.#turn = this.#turn.then(async () => {
      if (cancelled) return;
      const me = this.#me();
      if (me === undefined) return card.end("Not connected: not sent", { failed: true });
      await new Promise((resolve) => {
        const started = sending = this.#begin(
          file,
          { title, sliceBytes: me.sliceBytes },
          card,
          () => {
            this.#outgoing.delete(started.number);
            resolve(undefined);
          },
        );
        this.#outgoing.set(started.number, { card, sending: started });
        card.progress(0, file.size, "Sending");
        started.begin();
      });
    });
  }

  /**
   * @param {File} file
   * @param {{ title: string, sliceBytes: number }} how
   * @param {FileCard} card
   * @param {() => void} done
   */
  #begin(file, how, card, done) {
    return new Sending(file, how, {
      tell: (message) => this.#tell(message),
      sendSlice: (number, index, bytes) => {
        // The server puts the nickname there that it knows.
        const name = this.#me()?.name;
        if (name === undefined) return;
        this.#link.sendSlice(encodeImage(name, encodeSlice(number, index, bytes)));
      },
      progress: (bytes) => card.progress(bytes, file.size, "Sending"),
      ended: (fault) => {
        card.end(fault ?? "Sent", { failed: fault !== undefined });
        done();
      },
    });
  }

  /** @param {ServerFileMessage} message */
  receive(message) {
    switch (message.type) {
      case "file":
        return this.#announced(message);
      case "file-more":
        return void this.#outgoing.get(message.file)?.sending.more(message.slices);
      case "file-end":
        return void this.#finish(keyOf(message), message.hash);
      case "file-stop": {
        const key = keyOf(message);
        const incoming = this.#incoming.get(key);
        if (incoming === undefined) {
          const reason = SENDER_REASONS.get(message.reason) ?? "Broken off by the server";
          return this.#outgoing.get(message.file)?.sending.stop(reason);
        }
        const reason = RECEIVER_REASONS.get(message.reason)?.(incoming.name) ?? "Broken off";
        return this.#breakOff(key, reason);
      }
    }
  }

  /**
   * Takes a slice of somebody's file.
   *
   * @param {{ id: number, file: number, index: number, bytes: Uint8Array<ArrayBuffer> }} slice
   */
  receiveSlice({ id, file, index, bytes }) {
    const key = keyOf({ id, file });
    const incoming = this.#incoming.get(key);
    // It was on its way when this page wanted no more.
    if (incoming === undefined) return;
    const { receiving, card, size } = incoming;
    if (!receiving.add(index, bytes)) {
      this.#refuse(id, file);
      return this.#breakOff(key, "Broken off: a part is missing");
    }
    card.progress(receiving.bytes, size, "Receiving");
  }

  /**
   * Somebody has left.
   *
   * @param {number} id
   */
  left(id) {
    for (const [key, { from, name }] of this.#incoming) {
      if (from === id) this.#breakOff(key, `Broken off: ${name} is gone`);
    }
  }

  /** The connection is lost, and with it all that was on its way. */
  disconnected() {
    const reason = "Broken off: the connection was lost";
    for (const { sending } of this.#outgoing.values()) sending.stop(reason);
    for (const key of this.#incoming.keys()) this.#breakOff(key, reason);
  }

  /** @param {Extract<ServerFileMessage, { type: "file" }>} message */
  #announced({ id, name, file, title: given, mediaType, size, sliceBytes, at }) {
    const title = safeName(given);
    const key = keyOf({ id, file });
    const isFull = this.#incoming.size === MAX_RECEIVING ||
      (this.#heldBytes > 0 && this.#heldBytes + size > HELD_BYTES);
    const cancel = () => {
      this.#refuse(id, file);
      this.#breakOff(key, "Cancelled");
    };
    const card = this.#show({ title, detail: describe(size, mediaType) }, {
      author: { name, own: false, at },
      status: "Receiving",
      onCancel: cancel,
      onDropped: () => {
        incoming.dropped = true;
        if (this.#incoming.get(key) === incoming) cancel();
        this.#release(incoming);
      },
    });
    /** @type {Incoming} */
    const incoming = { card, receiving: new Receiving({ size, sliceBytes }), name, size, from: id };
    if (isFull) {
      this.#refuse(id, file);
      return card.end("Refused: this page holds as much as it can", { failed: true });
    }
    this.#breakOff(key, "Broken off");
    this.#heldBytes += size;
    this.#incoming.set(key, incoming);
    card.progress(0, size, "Receiving");
  }

  /**
   * @param {string} key
   * @param {string | undefined} hash
   */
  async #finish(key, hash) {
    const incoming = this.#incoming.get(key);
    if (incoming === undefined) return;
    this.#incoming.delete(key);
    const { card, receiving, size } = incoming;
    const whole = await receiving.finish(hash);
    if (whole === undefined || incoming.dropped) {
      this.#heldBytes -= size;
      return card.end("Damaged: this is not what was sent", { failed: true });
    }
    incoming.url = URL.createObjectURL(whole.blob);
    const status = whole.checked
      ? "Complete, SHA-256 checked"
      : "Complete, not checked: that needs https";
    card.end(status, { url: incoming.url });
  }

  /**
   * Lets go of a file that is complete.
   *
   * @param {Incoming} incoming
   */
  #release(incoming) {
    if (incoming.url === undefined) return;
    URL.revokeObjectURL(incoming.url);
    incoming.url = undefined;
    this.#heldBytes -= incoming.size;
  }

  /**
   * Lets go of a file that will never be complete.
   *
   * @param {string} key
   * @param {string} status
   */
  #breakOff(key, status) {
    const incoming = this.#incoming.get(key);
    if (incoming === undefined) return;
    this.#incoming.delete(key);
    this.#heldBytes -= incoming.size;
    incoming.card.end(status, { failed: true });
  }

  /**
   * @param {number} of
   * @param {number} file
   */
  #refuse(of, file) {
    this.#tell({ type: "file-stop", file, of });
  }

  /**
   * Says something, in a moment where it would be one message too many now.
   *
   * @param {import("../talk_file_messages.ts").ClientFileMessage} message
   * @returns {Promise<boolean>} False when there is no connection any more.
   */
  async #tell(message) {
    const me = this.#me();
    for (;;) {
      // The files of a connection end with it: the next one knows nothing of them.
      if (me === undefined || this.#me()?.id !== me.id) return false;
      const outcome = this.#link.send(JSON.stringify(message));
      if (outcome !== "too fast") return outcome === "sent";
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /**
   * @param {{ title: string, detail: string }} file
   * @param {{ author: import("./log.js").Author, status: string, onCancel: () => void,
   *   onDropped: () => void }} how
   * @returns {FileCard}
   */
  #show(file, { author, status, onCancel, onDropped }) {
    const card = new FileCard({ ...file, status, onCancel });
    this.#log.addFile(author, card.element, onDropped);
    return card;
  }
}

/** @param {{ id: number, file: number }} file */
function keyOf({ id, file }) {
  return `${id}/${file}`;
}

/**
 * @param {number} size
 * @param {string} mediaType
 */
function describe(size, mediaType) {
  return [formatSize(size), mediaType].filter((part) => part !== "").join(" · ");
}
