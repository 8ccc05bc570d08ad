// The list of messages. Everything a peer wrote goes in through textContent, never as HTML.

import { sniffImage } from "./frames.js";

/** The list keeps this many entries, the newest ones. */
const MAX_ENTRIES = 500;

/** Messages of one author closer than this, in milliseconds, stand under one name. */
const GROUP_MS = 3 * 60_000;

/** How near to its end, in pixels, the list counts as read to the end. */
const END_PX = 64;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** @typedef {{ name: string, own: boolean, at: number }} Author */

/** The list of messages on the page. */
export class MessageLog {
  #list;
  #empty;
  #newer;
  /** @type {{ element: HTMLElement, onDropped: (() => void) | undefined }[]} */
  #entries = [];
  /** @type {Author | undefined} The author of the newest entry, unless that is a system line. */
  #last;
  #atEnd = true;
  /** Where the list stood at its last scroll, in pixels. */
  #top = 0;

  /** @param {{ list: HTMLElement, empty: HTMLElement, newer: HTMLButtonElement }} elements */
  constructor({ list, empty, newer }) {
    this.#list = list;
    this.#empty = empty;
    this.#newer = newer;
    list.addEventListener("scroll", () => {
      const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < END_PX;
      // Our own scroll to the end is reported late: an image may have got its size in between, which
      // moves the end away. Only a scroll upwards is the reader's wish to leave it.
      if (isNear || list.scrollTop < this.#top) this.#atEnd = isNear;
      this.#top = list.scrollTop;
      if (this.#atEnd) newer.hidden = true;
    });
    newer.addEventListener("click", () => {
      this.#scrollToEnd();
      list.focus({ preventScroll: true });
    });
    // The keyboard of a phone and a growing message box take room from the list.
    new ResizeObserver(() => this.#atEnd && this.#scrollToEnd()).observe(list);
  }

  /**
   * @param {Author} author
   * @param {string} text
   */
  addText(author, text) {
    this.#addMessage(author, element("p", { className: "bubble", textContent: text }));
  }

  /**
   * Shows an image, or says what it is not.
   *
   * @param {Author} author
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  addImage(author, bytes) {
    const type = sniffImage(bytes);
    if (type === undefined) {
      const textContent = `${bytes.length.toLocaleString()} bytes of unknown type`;
      this.#addMessage(author, element("p", { className: "bubble unknown", textContent }));
      return;
    }
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    const image = element("img", { src: url, alt: `Image from ${author.name}` });
    image.addEventListener("load", () => this.#atEnd && this.#scrollToEnd());
    image.addEventListener("error", () => {
      const textContent = `${bytes.length.toLocaleString()} bytes of a damaged image`;
      link.replaceWith(element("p", { className: "bubble unknown", textContent }));
    });
    const link = element("a", { className: "picture", href: url, target: "_blank" });
    link.rel = "noopener";
    link.append(image);
    this.#addMessage(author, link, () => URL.revokeObjectURL(url));
  }

  /**
   * Shows a file.
   *
   * @param {Author} author
   * @param {HTMLElement} card
   * @param {() => void} onDropped Called when the list lets go of it.
   */
  addFile(author, card, onDropped) {
    this.#addMessage(author, card, onDropped);
  }

  /**
   * Adds a quiet line: who came, who left.
   *
   * @param {string} text
   */
  addLine(text) {
    this.#last = undefined;
    this.#append(element("p", { className: "system", textContent: text }), false);
  }

  /**
   * @param {Author} author
   * @param {HTMLElement} content
   * @param {() => void} [onDropped] Called when the list lets go of it.
   */
  #addMessage(author, content, onDropped) {
    const last = this.#last;
    const follows = last !== undefined && last.name === author.name && last.own === author.own &&
      author.at - last.at < GROUP_MS;
    this.#last = author;
    const head = element("header");
    const name = element("b", { textContent: author.own ? "You" : author.name });
    name.dir = "auto";
    const time = element("time", { textContent: clock.format(author.at) });
    time.dateTime = new Date(author.at).toISOString();
    head.append(name, time);
    const entry = element("article", {
      className: `entry ${author.own ? "own" : "other"}${follows ? " follow" : ""}`,
    });
    entry.append(head, content);
    this.#empty.hidden = true;
    this.#append(entry, author.own, onDropped);
  }

  /**
   * @param {HTMLElement} element
   * @param {boolean} own Whoever speaks wants to see it.
   * @param {() => void} [onDropped]
   */
  #append(element, own, onDropped) {
    this.#list.append(element);
    this.#entries.push({ element, onDropped });
    if (this.#entries.length > MAX_ENTRIES) this.#dropOldest();
    if (this.#atEnd || own) this.#scrollToEnd();
    else this.#newer.hidden = false;
  }

  #dropOldest() {
    const entry = this.#entries.shift();
    entry?.onDropped?.();
    entry?.element.remove();
    // What followed it now stands first and needs its name.
    this.#entries[0]?.element.classList.remove("follow");
  }

  #scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#top = this.#list.scrollTop;
    this.#atEnd = true;
    this.#newer.hidden = true;
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} [properties]
 * @returns {HTMLElementTagNameMap[Name]}
 */
function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
