// The view of one connection: its record and its socket, how they went, its frames, and what can be
// done to it.

import { ApiError } from "./api.js";
import { Chart } from "./chart.js";
import { kernelFacts, recordFacts } from "./connection_facts.js";
import { makeLayout } from "./connection_layout.js";
import { ask, checkReason, closeFields, closeOrder } from "./dialog.js";
import { byId, make, setFacts, setText, showFault, toast } from "./dom.js";
import * as format from "./format.js";
import { Poller } from "./poller.js";
import { Series } from "./series.js";
import { Tap } from "./tap.js";

/** How often the connection is read again, in milliseconds. */
const REFRESH_MS = 1_000;

/** Ten minutes. */
const ROWS = 620;

/** @typedef {import("../../operations/operations.ts").OperatedDescription} OperatedDescription */

/** The view of one connection. */
export class ConnectionView {
  title = "Connection";
  #api;
  #live;
  #root = byId("connection", HTMLElement);
  #key = "";
  #poller;
  /** @type {Tap | undefined} */
  #tap;
  /** @type {{ at: number, description: OperatedDescription } | undefined} What was shown last. */
  #before;
  #rates = new Series(2, ROWS);
  #queues = new Series(3, ROWS);
  /** @type {Chart[]} */
  #charts = [];

  /** @param {{ api: import("./api.js").Api, live: import("./live.js").Live }} context */
  constructor({ api, live }) {
    this.#api = api;
    this.#live = live;
    this.#poller = new Poller({
      every: REFRESH_MS,
      read: (signal) => api.get(this.#path, signal),
      show: (description) => {
        showFault(this.#fault, undefined);
        this.#draw(description);
      },
      fail: (error) => this.#fail(error),
    });
  }

  /** @param {string} key The 4-tuple. */
  show(key) {
    this.#key = key;
    // The address may be anybody's words.
    const shown = format.printable(key);
    this.title = `Connection ${shown}`;
    this.#before = undefined;
    this.#rates = new Series(2, ROWS);
    this.#queues = new Series(3, ROWS);
    this.#build(shown);
    this.#tap = new Tap(this.#api, key);
    this.#poller.start();
  }

  hide() {
    this.#poller.stop();
    this.#tap?.stop();
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
    this.#root.replaceChildren();
  }

  take() {}

  /** @param {string} shown The 4-tuple. */
  #build(shown) {
    this.#root.replaceChildren(...makeLayout(shown));
    const [rates, queues] = this.#root.querySelectorAll(".stack > .card");
    this.#charts = [
      new Chart(/** @type {HTMLElement} */ (rates), {
        title: "Bytes while this page is open",
        height: 110,
        lines: [{ label: "in", color: "one" }, { label: "out", color: "two" }],
        write: format.bytesPerSecond,
      }),
      new Chart(/** @type {HTMLElement} */ (queues), {
        title: "Bytes that wait",
        height: 110,
        lines: [
          { label: "to send", color: "one" },
          { label: "kernel out", color: "two" },
          { label: "kernel in", color: "three" },
        ],
        write: format.bytes,
      }),
    ];
    byId("ping", HTMLButtonElement).addEventListener("click", () => this.#ping());
    byId("kick", HTMLButtonElement).addEventListener("click", () => this.#close());
  }

  get #path() {
    return `connections/${encodeURIComponent(this.#key)}`;
  }

  /** @param {unknown} error */
  #fail(error) {
    // Neither a connection that is over nor a text that is no 4-tuple comes back.
    const status = error instanceof ApiError ? error.status : 0;
    showFault(this.#fault, status === 404 ? this.#farewell() : error);
    if (status !== 404 && status !== 400) return;
    this.#end();
    if (status === 404 && this.#before !== undefined) {
      const { at, description } = this.#before;
      setFacts(byId("record", HTMLElement), recordFacts(description, at, "over"));
    }
  }

  /** What is said of a connection that is not there. */
  #farewell() {
    return this.#before === undefined
      ? "There is no such connection."
      : "This connection is over. What is shown is the last that was known.";
  }

  #end() {
    this.#poller.stop();
    this.#root.dataset.stale = "";
    for (const id of ["ping", "kick"]) byId(id, HTMLButtonElement).disabled = true;
  }

  get #fault() {
    return byId("connection-fault", HTMLElement);
  }

  /** @param {OperatedDescription} description */
  #draw(description) {
    delete this.#root.dataset.stale;
    const { now } = this.#live;
    const { bytesIn, bytesOut, kernel } = description;
    setFacts(byId("record", HTMLElement), recordFacts(description, now));
    setFacts(byId("kernel", HTMLElement), kernelFacts(kernel));
    const before = this.#before;
    const seconds = (now - (before?.at ?? now)) / 1000;
    this.#before = { at: now, description };
    if (before !== undefined && seconds > 0) {
      this.#rates.push(now, [
        (bytesIn - before.description.bytesIn) / seconds,
        (bytesOut - before.description.bytesOut) / seconds,
      ]);
    }
    this.#queues.push(now, [description.queuedBytes, kernel?.sendQueue, kernel?.receiveQueue]);
    this.#charts[0].show(this.#rates.columns);
    this.#charts[1].show(this.#queues.columns);
  }

  async #ping() {
    const result = byId("ping-result", HTMLElement);
    setText(result, "Waiting for the pong");
    try {
      const { roundTrip, failure } = await this.#api.act("POST", `${this.#path}/ping`, {});
      if (failure === undefined) setText(result, `Pong after ${format.milliseconds(roundTrip)}`);
      else setText(result, failure === "unanswered" ? "No pong came" : "The ping was not sent");
    } catch (error) {
      setText(result, "");
      showFault(this.#fault, error);
    }
  }

  async #close() {
    const values = await ask({
      title: "Close this connection?",
      body: [make("p", { class: "mono" }, this.#key), ...closeFields()],
      yes: "Close it",
      danger: true,
      check: checkReason,
    });
    if (values === undefined) return;
    try {
      const { closed, missing } = await this.#api.act(
        "POST",
        `${this.#path}/close`,
        closeOrder(values),
      );
      toast(
        closed > 0
          ? "The connection was told to close"
          : missing === undefined
          ? "It is closing already"
          : "The worker that may have it does not answer",
      );
    } catch (error) {
      showFault(this.#fault, error);
    }
  }
}
