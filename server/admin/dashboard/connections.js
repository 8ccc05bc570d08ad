// The view of all connections: filter, order and page of the table, and closing many at once.

import { ask, checkReason, closeFields, closeOrder } from "./dialog.js";
import { byId, make, setText, showFault, toast } from "./dom.js";
import { count, counted } from "./format.js";
import { Poller } from "./poller.js";
import { ConnectionTable } from "./table.js";

/** How often the page of the table is read again, in milliseconds. */
const REFRESH_MS = 2_000;

const CONDITIONS = /** @type {const} */ (["source", "path", "subprotocol", "state", "worker"]);

/** The view of all connections. */
export class Connections {
  title = "Connections";
  #api;
  #live;
  #form = byId("filters", HTMLFormElement);
  #fault = byId("connections-fault", HTMLElement);
  #refresh = byId("refresh", HTMLInputElement);
  #buttons = {
    first: byId("first", HTMLButtonElement),
    previous: byId("previous", HTMLButtonElement),
    next: byId("next-page", HTMLButtonElement),
    selected: byId("kick-selected", HTMLButtonElement),
    all: byId("kick-all", HTMLButtonElement),
  };
  #table;
  #query = new URLSearchParams();
  /** Where each page up to this one begins; the first has no cursor. @type {string[]} */
  #cursors = [""];
  /** @type {string | null} */
  #next = null;
  #poller;

  /** @param {{ api: import("./api.js").Api, live: import("./live.js").Live }} context */
  constructor({ api, live }) {
    this.#api = api;
    this.#live = live;
    this.#poller = new Poller({
      every: REFRESH_MS,
      read: (signal) => this.#read(signal),
      show: (page) => this.#showPage(page),
      fail: (error) => {
        showFault(this.#fault, error);
        // What would match is not known.
        this.#buttons.all.disabled = true;
      },
      isWanted: () => this.#refresh.checked,
    });
    this.#table = new ConnectionTable(byId("table", HTMLTableElement), {
      onSort: (sort) => this.#sortBy(sort),
      onSelect: () => this.#showSelection(),
    });
    const { first, previous, next, selected, all } = this.#buttons;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go();
    });
    // The fields are empty only after the event.
    this.#form.addEventListener("reset", () => setTimeout(() => this.#go()));
    this.#form.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLSelectElement) this.#go();
    });
    first.addEventListener("click", () => this.#turn([""]));
    previous.addEventListener("click", () => this.#turn(this.#cursors.slice(0, -1)));
    next.addEventListener("click", () => this.#turn([...this.#cursors, this.#next ?? ""]));
    selected.addEventListener("click", () => this.#closeSelected());
    all.addEventListener("click", () => this.#closeAll());
  }

  /**
   * @param {string} _rest
   * @param {URLSearchParams} query What the address says: filter and order.
   */
  show(_rest, query) {
    this.#query = query;
    for (const name of [...CONDITIONS, "limit"]) {
      const input = this.#form.elements.namedItem(name);
      if (input instanceof HTMLInputElement) input.value = query.get(name) ?? "";
      if (input instanceof HTMLSelectElement) {
        input.value = query.get(name) ?? (name === "limit" ? "100" : "");
      }
    }
    this.#table.setOrder(query.get("sort") ?? "age", query.get("reverse") === "true");
    this.#turn([""]);
  }

  hide() {
    this.#poller.stop();
  }

  /** @param {import("../../operations/operations.ts").Snapshot} snapshot */
  take({ processes }) {
    byId("filter-worker", HTMLElement).hidden = processes.every((it) => it.worker === undefined);
  }

  /** Goes to the address that has the fields' filter and the present order. */
  #go(order = { sort: this.#query.get("sort"), reverse: this.#query.get("reverse") }) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(this.#form)) {
      if (value !== "" && !(name === "limit" && value === "100")) query.set(name, String(value));
    }
    if (order.sort !== null) query.set("sort", order.sort);
    if (order.reverse !== null) query.set("reverse", order.reverse);
    const hash = query.size === 0 ? "#/connections" : `#/connections?${query}`;
    if (location.hash === hash) this.#turn([""]);
    else location.hash = hash;
  }

  /** @param {string} sort The column that was pressed; the present one turns round. */
  #sortBy(sort) {
    const isSame = (this.#query.get("sort") ?? "age") === sort;
    const reverse = isSame && this.#query.get("reverse") !== "true";
    this.#go({ sort, reverse: reverse ? "true" : null });
  }

  /** @param {string[]} cursors Those of the pages up to the wanted one. */
  #turn(cursors) {
    this.#cursors = cursors;
    this.#table.clearSelection();
    this.#poller.start();
  }

  /** @param {AbortSignal} signal */
  #read(signal) {
    const query = new URLSearchParams(this.#query);
    const cursor = this.#cursors.at(-1) ?? "";
    if (cursor !== "") query.set("cursor", cursor);
    return this.#api.get(`connections?${query}`, signal);
  }

  /**
   * @param {{ connections: import("../../operations/operations.ts").OperatedConnection[], matched: number,
   *   total: number, next: string | null }} page
   */
  #showPage({ connections, matched, total, next: cursor }) {
    showFault(this.#fault, undefined);
    this.#next = cursor;
    this.#table.show(connections, this.#live.now);
    const size = Number(this.#query.get("limit") ?? 100);
    const from = (this.#cursors.length - 1) * size;
    const rows = connections.length === 0
      ? "None"
      : `${count(from + 1)} to ${count(from + connections.length)}`;
    setText(byId("matched", HTMLElement), `${count(matched)} match, of ${count(total)} in all`);
    const pages = Math.max(1, Math.ceil(matched / size));
    setText(
      byId("page-at", HTMLElement),
      `${rows} · page ${count(this.#cursors.length)} of ${count(pages)}`,
    );
    const { first, previous, next, all } = this.#buttons;
    const isFirst = this.#cursors.length === 1;
    const isLast = this.#next === null;
    const active = document.activeElement;
    first.disabled = previous.disabled = isFirst;
    next.disabled = isLast;
    // A button that becomes disabled while it has the focus would lose the reader's place.
    if (isLast && active === next) previous.focus();
    if (isFirst && (active === first || active === previous)) next.focus();
    all.disabled = matched === 0;
    setText(all, `Close all ${count(matched)} that match`);
  }

  #showSelection() {
    const { length } = this.#table.selected;
    this.#buttons.selected.disabled = length === 0;
    setText(this.#buttons.selected, length === 0 ? "Close selected" : `Close selected ${length}`);
  }

  /** The filter as the server wants it for closing. */
  #match() {
    /** @type {Record<string, string | number>} */
    const match = {};
    for (const name of CONDITIONS) {
      const value = this.#query.get(name);
      if (value !== null) match[name] = name === "worker" ? Number(value) : value;
    }
    return Object.keys(match).length === 0 ? { all: true } : { match };
  }

  async #closeAll() {
    const match = this.#match();
    await this.#confirm(
      (order) => this.#api.act("POST", "connections/close", { ...match, ...order }),
      "all" in match ? "No filter is set: this means everybody." : "All that match the filter.",
    );
  }

  async #closeSelected() {
    const match = { keys: this.#table.selected };
    await this.#confirm(
      (order) => this.#api.act("POST", "connections/close", { match, ...order }),
      "Those that are selected.",
    );
  }

  /**
   * Tries it without doing it, says how many it would be, and does it when the answer is yes.
   *
   * @param {(order: object) => Promise<{ closed: number, examples: string[],
   *   missing?: number[] }>} close
   * @param {string} which
   */
  async #confirm(close, which) {
    try {
      const { closed, examples, missing } = await close({ dryRun: true });
      const silence = silenceText(missing);
      if (closed === 0) return toast(silence || "None of them is open any more");
      const what = counted(closed, "connection");
      const more = closed - Math.min(closed, examples.length, 10);
      const values = await ask({
        title: `Close ${what}?`,
        body: [
          make("p", {}, which),
          make(
            "ul",
            { class: "examples mono" },
            ...examples.slice(0, 10).map((key) => make("li", {}, key)),
            ...more > 0 ? [make("li", { class: "quiet" }, `and ${count(more)} more`)] : [],
          ),
          ...silence === "" ? [] : [make("p", { class: "fault" }, silence)],
          ...closeFields(),
        ],
        yes: `Close ${what}`,
        danger: true,
        check: checkReason,
      });
      if (values === undefined) return;
      const done = await close(closeOrder(values));
      const left = silenceText(done.missing);
      toast(`${counted(done.closed, "connection")} told to close${left && `. ${left}`}`);
      this.#table.clearSelection();
      this.#poller.start();
    } catch (error) {
      showFault(this.#fault, error);
    }
  }
}

/**
 * Says which workers have not answered; nothing when all have.
 *
 * @param {readonly number[]} missing
 */
function silenceText(missing = []) {
  if (missing.length === 0) return "";
  const who = missing.length === 1 ? "Worker" : "Workers";
  const [verb, whose] = missing.length === 1 ? ["does", "its"] : ["do", "their"];
  return `${who} ${missing.join(", ")} ${verb} not answer: ${whose} connections are left out`;
}
