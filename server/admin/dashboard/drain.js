// The view that drains the server, and shows how far that is.

import { ask, field } from "./dialog.js";
import { byId, make, setText, showFault } from "./dom.js";
import { counted, duration } from "./format.js";
import { Poller } from "./poller.js";

/** How often progress is read, in milliseconds. */
const REFRESH_MS = 1_000;

/** What has to be typed. */
const WORD = "drain";

/** The view that drains the server. */
export class Drain {
  title = "Drain";
  #api;
  #live;
  #form = byId("drain-form", HTMLFormElement);
  #fault = byId("drain-fault", HTMLElement);
  #poller;

  /** @param {{ api: import("./api.js").Api, live: import("./live.js").Live }} context */
  constructor({ api, live }) {
    this.#api = api;
    this.#live = live;
    this.#poller = new Poller({
      every: REFRESH_MS,
      read: (signal) => api.get("drain", signal),
      show: (progress) => {
        showFault(this.#fault, undefined);
        this.#draw(progress);
      },
      fail: (error) => showFault(this.#fault, error),
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#drain();
    });
  }

  show() {
    this.#poller.start();
  }

  hide() {
    this.#poller.stop();
  }

  take() {}

  async #drain() {
    const seconds = Number(new FormData(this.#form).get("deadline"));
    const connections = this.#live.last?.sum.report.connections ?? 0;
    const values = await ask({
      title: "Drain the server?",
      body: [
        make(
          "p",
          {},
          `${counted(connections, "connection")} will be told to go; those left after ` +
            `${duration(1000 * seconds)} are cut. New ones are refused from now on.`,
        ),
        field(`Type “${WORD}” to go on`, {
          name: "word",
          autofocus: true,
          autocomplete: "off",
          autocapitalize: "none",
          spellcheck: "false",
          required: true,
        }),
      ],
      yes: "Drain",
      danger: true,
      check: (form) =>
        String(form.get("word")).trim().toLowerCase() === WORD ? undefined : `Type “${WORD}”`,
    });
    if (values === undefined) return;
    try {
      this.#draw(await this.#api.act("POST", "drain", { deadline: Math.round(1000 * seconds) }));
    } catch (error) {
      showFault(this.#fault, error);
    }
  }

  /** @param {import("../../operations/operations.ts").DrainProgress} progress */
  #draw({ began, deadline, connections = 0, left, result }) {
    this.#form.hidden = began !== undefined;
    byId("drain-progress", HTMLElement).hidden = began === undefined;
    if (began === undefined) return;
    const bar = byId("drain-bar", HTMLProgressElement);
    // Of no connection, all have gone.
    bar.max = Math.max(1, connections);
    bar.value = connections === 0 ? 1 : Math.max(0, connections - left);
    setText(
      byId("drain-text", HTMLElement),
      result === undefined
        ? `${counted(left, "connection")} of ${connections.toLocaleString("en-US")} left`
        : `Drained: ${counted(result.closed, "connection")} closed, ` +
          `${counted(result.cut, "connection")} cut`,
    );
    const rest = (deadline ?? began) - this.#live.now;
    if (result !== undefined) this.#poller.stop();
    setText(
      byId("drain-rest", HTMLElement),
      result !== undefined
        ? "The server has stopped."
        : rest > 0
        ? `What is left is cut in ${duration(rest)}.`
        : "The deadline is over: what is left is being cut.",
    );
  }
}
