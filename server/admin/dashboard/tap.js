// The tap of one connection: its frames as they come, the newest first.

import { byId, make, setText, showFault } from "./dom.js";
import { bytes, clock, count, printable } from "./format.js";

/** The most rows; the oldest go. */
const ROWS = 500;

/** How many bytes of each payload are asked for. */
const PAYLOAD_BYTES = 256;

/** A line of the answer longer than this is none of ours. */
const MAX_LINE = 65_536;

/** @typedef {import("../../operations/operations.ts").TapEvent} TapEvent */

/** Shows the frames of one connection while the reader wants it. */
export class Tap {
  #api;
  #path;
  #button = byId("tap-button", HTMLButtonElement);
  #payload = byId("tap-payload", HTMLInputElement);
  #fault = byId("tap-fault", HTMLElement);
  #body = byId("tap-rows", HTMLElement);
  #count = byId("tap-count", HTMLElement);
  /** @type {AbortController | undefined} */
  #running;
  #frames = 0;
  #dropped = 0;
  /** Events that wait for the next time the page is drawn. @type {TapEvent[]} */
  #waiting = [];
  #drawing = 0;

  /**
   * @param {import("./api.js").Api} api
   * @param {string} key The connection's 4-tuple.
   */
  constructor(api, key) {
    this.#api = api;
    this.#path = `connections/${encodeURIComponent(key)}/tap`;
    this.#button.addEventListener("click", () => {
      if (this.#running === undefined) this.#start();
      else this.stop();
    });
    // What is shown is decided when a tap starts.
    this.#payload.addEventListener("change", () => {
      if (this.#running === undefined) return;
      this.stop();
      this.#start();
    });
  }

  /** Ends the tap. */
  stop() {
    this.#running?.abort();
    this.#running = undefined;
    this.#showState();
  }

  async #start() {
    const running = this.#running = new AbortController();
    this.#showState();
    showFault(this.#fault, undefined);
    const query = this.#payload.checked ? `?payload=true&bytes=${PAYLOAD_BYTES}` : "";
    try {
      const { signal } = running;
      const { body } = await this.#api.request("GET", this.#path + query, { signal });
      if (body !== null) await this.#read(body);
    } catch (error) {
      if (!running.signal.aborted) showFault(this.#fault, error);
    }
    if (running === this.#running) this.stop();
  }

  /** @param {ReadableStream<Uint8Array<ArrayBuffer>>} body JSON lines. */
  async #read(body) {
    let rest = "";
    // Not every browser can iterate over a stream.
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) throw new Error("The tap sent a line that is too long");
      for (const line of lines) if (line !== "") this.#take(JSON.parse(line));
    }
  }

  /** @param {TapEvent} event */
  #take(event) {
    if (event.type === "frame") this.#frames++;
    if (event.type === "dropped") this.#dropped += event.frames;
    this.#waiting.push(event);
    // More than fit are never made into rows.
    if (this.#waiting.length > ROWS) this.#waiting.shift();
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = 0;
    this.#body.prepend(...this.#waiting.map(makeRow).reverse());
    this.#waiting = [];
    while (this.#body.children.length > ROWS) this.#body.lastElementChild?.remove();
    const shown = this.#body.children.length;
    setText(
      this.#count,
      `${count(this.#frames)} frames seen, ${count(this.#dropped)} dropped on the way, ` +
        `the newest ${count(shown)} shown`,
    );
  }

  #showState() {
    const isRunning = this.#running !== undefined;
    setText(this.#button, isRunning ? "Stop the tap" : "Start the tap");
    this.#button.ariaPressed = String(isRunning);
  }
}

/**
 * @param {TapEvent} event
 * @returns {HTMLElement}
 */
function makeRow(event) {
  const time = make("td", { class: "mono" }, clock(event.at, true));
  if (event.type !== "frame") {
    return make("tr", { class: "event" }, time, make("td", { colspan: "6" }, describe(event)));
  }
  const { direction, name, fin, masked, length, closeCode, compressed, text } = event;
  const hex = event.inflatedHex ?? event.hex;
  const payload = make("td", { class: "payload mono" });
  if (compressed) payload.append(event.inflatedHex === undefined ? "compressed " : "inflated ");
  if (text !== undefined) payload.append(make("bdi", {}, printable(text)));
  if (hex !== undefined) {
    payload.append(make("span", { class: "quiet" }, hex.replace(/../g, "$& ").trimEnd()));
  }
  return make(
    "tr",
    { "data-direction": direction },
    time,
    make("td", {}, direction === "in" ? "→ in" : "← out"),
    make("td", {}, closeCode === undefined ? name : `${name} ${closeCode}`),
    make("td", { class: "number" }, bytes(length)),
    make("td", {}, fin ? "fin" : "more follow"),
    make("td", {}, masked ? "masked" : ""),
    payload,
  );
}

/** @param {Exclude<TapEvent, { type: "frame" }>} event */
function describe(event) {
  if (event.type === "dropped") {
    return `${count(event.frames)} frames were left out: this page was too slow`;
  }
  const reason = event.reason === "" ? "" : `, “${printable(event.reason)}”`;
  const rule = event.rule === undefined ? "" : `; the rule broken: ${printable(event.rule)}`;
  return `The connection is over: ${event.code}${reason}${rule}`;
}
