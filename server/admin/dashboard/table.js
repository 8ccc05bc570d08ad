// The table of connections: one page of rows, whatever the number of connections. Its rows are
// written over in place, so that the focus stays where it is while figures come.

import { COLUMNS, endsOf, EXTRA_COLUMNS, linkTo } from "./columns.js";
import { make, setText } from "./dom.js";

/** @typedef {import("../../operations/operations.ts").OperatedConnection} OperatedConnection */

/** The rows of one page, and which of them are selected. */
export class ConnectionTable {
  #head;
  #body;
  #onSort;
  #onSelect;
  /** @type {readonly import("./columns.js").Column[]} */
  #columns = COLUMNS;
  /** @type {typeof EXTRA_COLUMNS} */
  #extras = [];
  /** @type {Set<string>} */
  #selected = new Set();
  /** @type {readonly OperatedConnection[]} */
  #rows = [];
  #all = /** @type {HTMLInputElement} */ (
    make("input", { type: "checkbox", "aria-label": "Select all rows of this page" })
  );
  /** @type {{ sort: string, reverse: boolean }} */
  #order = { sort: "age", reverse: false };

  /**
   * @param {HTMLTableElement} table
   * @param {{ onSort: (sort: string) => void, onSelect: () => void }} handlers
   */
  constructor(table, { onSort, onSelect }) {
    this.#head = /** @type {HTMLElement} */ (table.tHead?.rows[0]);
    this.#body = table.tBodies[0];
    this.#onSort = onSort;
    this.#onSelect = onSelect;
    this.#all.addEventListener("change", () => {
      this.#selected = new Set(this.#all.checked ? this.#rows.map(({ key }) => key) : []);
      this.#showSelection();
    });
    this.#body.addEventListener("change", ({ target }) => {
      if (!(target instanceof HTMLInputElement)) return;
      if (target.checked) this.#selected.add(target.value);
      else this.#selected.delete(target.value);
      this.#showSelection();
    });
    this.#makeHead();
  }

  /** The 4-tuples of the selected rows. */
  get selected() {
    return [...this.#selected];
  }

  /** Selects nothing. */
  clearSelection() {
    this.#selected.clear();
    this.#showSelection();
  }

  /**
   * Shows in which order the rows are.
   *
   * @param {string} sort
   * @param {boolean} reverse
   */
  setOrder(sort, reverse) {
    this.#order = { sort, reverse };
    for (const cell of this.#head.querySelectorAll("th[data-sort]")) {
      const isIt = cell instanceof HTMLElement && cell.dataset.sort === sort;
      if (isIt) cell.setAttribute("aria-sort", reverse ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
  }

  /**
   * Shows a page.
   *
   * @param {readonly OperatedConnection[]} rows
   * @param {number} now The server's time, in ms since the epoch.
   */
  show(rows, now) {
    // Columns only come, so that none moves from page to page.
    const extras = EXTRA_COLUMNS.filter((it) => this.#extras.includes(it) || rows.some(it.has));
    if (extras.length > this.#extras.length) {
      this.#extras = extras;
      this.#columns = [...COLUMNS.slice(0, 3), ...extras, ...COLUMNS.slice(3)];
      this.#makeHead();
      this.#body.replaceChildren();
    }
    this.#rows = rows;
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1);
    const missing = rows.length - this.#body.rows.length;
    this.#body.append(...Array.from({ length: Math.max(0, missing) }, () => this.#makeRow()));
    for (const [index, connection] of rows.entries()) {
      this.#writeRow(this.#body.rows[index], connection, now);
    }
    const present = new Set(rows.map(({ key }) => key));
    for (const key of this.#selected) if (!present.has(key)) this.#selected.delete(key);
    this.#showSelection();
  }

  #makeHead() {
    const cells = this.#columns.map(({ name, sort, number }) => {
      const label = sort === undefined ? name : make("button", { type: "button" }, name);
      if (sort !== undefined && label instanceof HTMLElement) {
        label.addEventListener("click", () => this.#onSort(sort));
      }
      return make("th", { scope: "col", "data-sort": sort, class: number && "number" }, label);
    });
    this.#head.replaceChildren(
      make("th", { class: "pick" }, this.#all),
      make("th", { scope: "col" }, "Source"),
      make("th", { scope: "col" }, "Destination"),
      ...cells,
    );
    this.setOrder(this.#order.sort, this.#order.reverse);
  }

  #makeRow() {
    return make(
      "tr",
      {},
      make("td", { class: "pick" }, make("input", { type: "checkbox" })),
      make("th", { scope: "row", class: "mono" }, make("a")),
      make("td", { class: "mono quiet" }),
      ...this.#columns.map(({ number, wide }) =>
        make("td", { class: number ? "number" : wide ? "cut" : undefined })
      ),
    );
  }

  /**
   * @param {HTMLTableRowElement} row
   * @param {OperatedConnection} connection
   * @param {number} now
   */
  #writeRow(row, connection, now) {
    const [source, destination] = endsOf(connection.key);
    const box = /** @type {HTMLInputElement} */ (row.cells[0].firstElementChild);
    box.value = connection.key;
    box.ariaLabel = `Select ${source}`;
    const link = /** @type {HTMLAnchorElement} */ (row.cells[1].firstElementChild);
    link.href = linkTo(connection.key);
    setText(link, source);
    setText(row.cells[2], destination);
    row.dataset.state = connection.state;
    for (const [index, { write, wide }] of this.#columns.entries()) {
      const text = write(connection, now);
      setText(row.cells[index + 3], text);
      if (wide) row.cells[index + 3].title = text;
    }
  }

  #showSelection() {
    const size = this.#selected.size;
    this.#all.checked = size > 0 && size === this.#rows.length;
    this.#all.indeterminate = size > 0 && size < this.#rows.length;
    for (const row of this.#body.rows) {
      const box = /** @type {HTMLInputElement} */ (row.cells[0].firstElementChild);
      box.checked = this.#selected.has(box.value);
    }
    this.#onSelect();
  }
}
