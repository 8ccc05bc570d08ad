// The overview: what the server holds and does, over the last ten minutes.

import { Chart } from "./chart.js";
import { byId, setFacts, setText } from "./dom.js";
import * as format from "./format.js";
import { NextLimit } from "./next_limit.js";
import { ratesBetween, Series } from "./series.js";

/** Snapshots nearer to each other than this, in milliseconds, would make spikes of chance. */
const MIN_MS = 500;

/** Ten minutes at one a second, and room for gaps. */
const ROWS = 620;

/** What people take for the limit of a server: the ports that one address has. */
const PORTS = { value: 65_535, label: "65,535 ports" };

/** @typedef {import("../../operations/operations.ts").Snapshot} Snapshot */

/** The view of the whole server. */
export class Overview {
  title = "Overview";
  #live;
  #next = new NextLimit(byId("next", HTMLElement));
  /** @type {Snapshot | undefined} */
  #before;
  /** @type {import("./series.js").Rates | undefined} */
  #rates;
  #isShown = false;
  /** connections; descriptors; resident memory; messages in, out; bytes in, out */
  #series = [1, 1, 1, 2, 2].map((figures) => new Series(figures, ROWS));
  /** @type {Chart[]} */
  #charts = [];

  /** @param {{ live: import("./live.js").Live }} context */
  constructor({ live }) {
    this.#live = live;
  }

  show() {
    this.#isShown = true;
    // Made when there is room for them: what is hidden has no width.
    if (this.#charts.length === 0) this.#makeCharts();
    if (this.#live.last !== undefined) this.#draw(this.#live.last);
  }

  hide() {
    this.#isShown = false;
  }

  /**
   * Takes a snapshot, shown or not, so that no chart has a gap where another view was open.
   *
   * @param {Snapshot} snapshot
   */
  take(snapshot) {
    if (snapshot.at - (this.#before?.at ?? -Infinity) >= MIN_MS) this.#record(snapshot);
    if (this.#isShown) this.#draw(snapshot);
  }

  /** @param {Snapshot} snapshot */
  #record(snapshot) {
    const { at, sum: { report, totals } } = snapshot;
    const before = this.#before && { at: this.#before.at, totals: this.#before.sum.totals };
    const rates = this.#rates = ratesBetween(before, { at, totals });
    this.#before = snapshot;
    const rows = [
      [report.connections],
      [report.descriptors?.open],
      [report.memory.resident],
      [rates?.messagesIn, rates?.messagesOut],
      [rates?.bytesIn, rates?.bytesOut],
    ];
    for (const [index, row] of rows.entries()) this.#series[index].push(at, row);
  }

  #makeCharts() {
    const place = (/** @type {string} */ name) => byId(`chart-${name}`, HTMLElement);
    const both = [{ label: "in", color: "one" }, { label: "out", color: "two" }];
    const only = (/** @type {string} */ label) => [{ label, color: "one" }];
    const { count, short, bytes, perSecond, bytesPerSecond } = format;
    this.#charts = [
      new Chart(place("connections"), {
        title: "Connections",
        height: 220,
        lines: only("connections"),
        write: count,
        axis: short,
      }),
      new Chart(place("descriptors"), {
        title: "Descriptors",
        lines: only("descriptors"),
        write: count,
        axis: short,
      }),
      new Chart(place("memory"), { title: "Memory", lines: only("resident"), write: bytes }),
      new Chart(place("messages"), {
        title: "Messages",
        lines: both,
        write: perSecond,
        axis: (value) => `${short(value)}/s`,
      }),
      new Chart(place("bytes"), { title: "Bytes", lines: both, write: bytesPerSecond }),
    ];
  }

  /** @param {Snapshot} snapshot */
  #draw(snapshot) {
    this.#drawTiles(snapshot);
    this.#next.show(snapshot);
    const soft = snapshot.sum.report.descriptors?.soft;
    const limit = soft === undefined
      ? undefined
      : { value: soft, label: `limit ${format.count(soft)}` };
    const marks = [PORTS, limit];
    for (const [index, chart] of this.#charts.entries()) {
      chart.show(this.#series[index].columns, marks[index]);
    }
    setFacts(byId("ends", HTMLElement), factsSinceStart(snapshot));
  }

  /** @param {Snapshot} snapshot */
  #drawTiles({ sum: { report, totals, measured } }) {
    const set = (/** @type {string} */ name, /** @type {string} */ text) =>
      setText(byId(`now-${name}`, HTMLElement), text);
    const { descriptors, memory } = report;
    const rates = this.#rates;
    set("connections", format.count(report.connections));
    set("opened", `${format.perSecond(rates?.opened)} opened`);
    set("messages-in", format.perSecond(rates?.messagesIn));
    set("bytes-in", format.bytesPerSecond(rates?.bytesIn));
    set("messages-out", format.perSecond(rates?.messagesOut));
    set("bytes-out", format.bytesPerSecond(rates?.bytesOut));
    set("memory", format.bytes(memory.resident));
    set(
      "memory-each",
      memory.perConnection === undefined
        ? "each: from 100 on"
        : `${format.bytes(memory.perConnection)} per connection`,
    );
    set("descriptors", format.count(descriptors?.open));
    set(
      "descriptors-limit",
      descriptors?.soft === undefined ? "limit not known" : `of ${format.count(descriptors.soft)}`,
    );
    set("delay", format.milliseconds(1000 * measured.loopDelay.mean));
    set("delay-max", `${format.milliseconds(1000 * measured.loopDelay.max)} at most`);
    set("queued", format.bytes(report.queuedBytes));
    set("dropped", `${format.counted(totals.messagesDropped, "message")} dropped`);
  }
}

/**
 * Lists what was counted since the start.
 *
 * @param {Snapshot} snapshot
 * @returns {[string, string][]}
 */
function factsSinceStart({ at, processes, sum: { totals, measured, report } }) {
  const { count } = format;
  const first = Math.min(...processes.map(({ since }) => since));
  const closes = (/** @type {Readonly<Record<string, number>>} */ counts) =>
    listed(
      Object.entries(counts).map(([code, times]) =>
        `${code === "none" ? "no code" : code}: ${count(times)}`
      ),
    );
  return [
    ["Serving for", processes.length === 0 ? format.UNKNOWN : format.duration(at - first)],
    ["Accepted", count(totals.accepted)],
    ["Opened", count(totals.opened)],
    ["Ended", count(totals.closed)],
    ["Plain requests", count(totals.requests)],
    ["Handshakes under way", count(report.exchanges)],
    ["Source addresses", count(report.sourceAddresses)],
    ["Server ports", count(report.serverPorts)],
    ["Messages in", count(totals.messagesIn)],
    ["Messages out", count(totals.messagesOut)],
    ["Bytes in", format.bytes(totals.bytesIn)],
    ["Bytes out", format.bytes(totals.bytesOut)],
    ["Too slow, closed", count(measured.slowClosed)],
    ["Message took too long, closed", count(measured.unfinishedLate)],
    ["Unfinished messages full, closed", count(measured.unfinishedFull)],
    ["Peers lost", count(measured.peersLost)],
    ["Forwarded headers ignored", count(totals.spoofed)],
    ["Forwarded headers malformed", count(totals.forwardedMalformed)],
    ["Refused", listed(Object.entries(totals.refused).map(([why, n]) => `${why}: ${count(n)}`))],
    ["Closed by us", closes(measured.closes.us)],
    ["Closed by peers", closes(measured.closes.peer)],
  ];
}

/** @param {string[]} parts */
function listed(parts) {
  return parts.length === 0 ? "none" : parts.map(format.printable).join(", ");
}
