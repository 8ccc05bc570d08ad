// The view of the processes: one, or the workers that share the port.

import { byId, make, setText } from "./dom.js";
import * as format from "./format.js";
import { ratesBetween } from "./series.js";

/**
 * @typedef {import("../../operations/operations.ts").ProcessSnapshot} ProcessSnapshot
 * @typedef {import("../../operations/operations.ts").Snapshot} Snapshot
 * @typedef {import("./series.js").Rates} Rates
 */

/**
 * The columns: a heading, and what a row has there.
 *
 * @type {readonly [string, (process: ProcessSnapshot, rates: Rates | undefined, now: number) => string][]}
 */
const COLUMNS = [
  ["Process", ({ pid }) => String(pid)],
  ["Up", ({ since }, _, now) => format.duration(now - since)],
  ["Connections", ({ report }) => format.count(report.connections)],
  ["Opened", (_, rates) => format.perSecond(rates?.opened)],
  ["Messages in", (_, rates) => format.perSecond(rates?.messagesIn)],
  ["Messages out", (_, rates) => format.perSecond(rates?.messagesOut)],
  ["Bytes in", (_, rates) => format.bytesPerSecond(rates?.bytesIn)],
  ["Bytes out", (_, rates) => format.bytesPerSecond(rates?.bytesOut)],
  ["Queued", ({ report }) => format.bytes(report.queuedBytes)],
  ["Memory", ({ report }) => format.bytes(report.memory.resident)],
  ["Each", ({ report }) => format.bytes(report.memory.perConnection)],
  [
    "Descriptors",
    ({ report: { descriptors } }) =>
      `${format.count(descriptors?.open)} of ${format.count(descriptors?.soft)}`,
  ],
  ["Loop delay", ({ measured: { loopDelay } }) => format.milliseconds(1000 * loopDelay.mean)],
  ["at most", ({ measured: { loopDelay } }) => format.milliseconds(1000 * loopDelay.max)],
];

/** The view of the processes. */
export class Workers {
  title = "Workers";
  #live;
  #body;
  #isShown = false;
  /** @type {Map<number, { at: number, totals: ProcessSnapshot["totals"] }>} */
  #before = new Map();

  /** @param {{ live: import("./live.js").Live }} context */
  constructor({ live }) {
    this.#live = live;
    const table = byId("processes", HTMLTableElement);
    this.#body = table.tBodies[0];
    table.tHead?.rows[0].append(
      make("th", { scope: "col" }, "Worker"),
      ...COLUMNS.map(([name]) => make("th", { scope: "col", class: "number" }, name)),
    );
  }

  show() {
    this.#isShown = true;
    if (this.#live.last !== undefined) this.#draw(this.#live.last);
  }

  hide() {
    this.#isShown = false;
  }

  /** @param {Snapshot} snapshot */
  take(snapshot) {
    if (this.#isShown) this.#draw(snapshot);
    this.#before = new Map(
      snapshot.processes.map(({ pid, totals }) => [pid, { at: snapshot.at, totals }]),
    );
  }

  /** @param {Snapshot} snapshot */
  #draw({ at, processes, supervisor, missing = [] }) {
    while (this.#body.rows.length > processes.length) this.#body.deleteRow(-1);
    for (const [index, process] of processes.entries()) {
      let row = this.#body.rows[index];
      if (row === undefined) {
        row = this.#body.insertRow();
        row.append(
          make("th", { scope: "row" }),
          ...COLUMNS.map(() => make("td", { class: "number" })),
        );
      }
      const { pid, totals, worker } = process;
      const rates = ratesBetween(this.#before.get(pid), { at, totals });
      setText(row.cells[0], worker === undefined ? "the server" : `worker ${worker}`);
      for (const [column, [, write]] of COLUMNS.entries()) {
        setText(row.cells[column + 1], write(process, rates, at));
      }
    }
    setText(
      byId("supervisor", HTMLElement),
      supervisor === undefined
        ? "The server runs as one process. With --workers N, N processes share the port."
        : `The process that starts the workers is ${supervisor.pid}: ` +
          `${format.bytes(supervisor.resident)} resident, ` +
          `${format.counted(supervisor.relayDropped, "message")} between workers dropped, ` +
          `${supervisor.serving} of ${format.counted(supervisor.desired, "worker")} serving, ` +
          `${format.counted(supervisor.restarts, "restart")}.` +
          (missing.length === 0 ? "" : ` No answer from worker ${missing.join(", ")}.`),
    );
  }
}
