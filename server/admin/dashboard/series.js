// Figures over time, as charts take them: columns of a fixed greatest length. Pure.

/** A pause longer than this, in seconds, is a gap in the line and not a slope. */
const GAP_SECONDS = 5;

/** Columns that belong together: one of times and one for each figure. The oldest row makes room. */
export class Series {
  /** @type {(number | null)[][]} */
  #columns;
  #length;

  /**
   * @param {number} figures How many figures a row has.
   * @param {number} length The most rows.
   */
  constructor(figures, length) {
    this.#columns = Array.from({ length: figures + 1 }, () => []);
    this.#length = length;
  }

  /** The columns: times in seconds since the epoch, then the figures. Not to be changed. */
  get columns() {
    return this.#columns;
  }

  /**
   * Adds a row. One that is not later than the last is left out.
   *
   * @param {number} at In ms since the epoch.
   * @param {(number | undefined)[]} figures A figure that is not known leaves a gap.
   */
  push(at, figures) {
    const seconds = at / 1000;
    const last = this.#columns[0].at(-1) ?? -Infinity;
    if (seconds <= last) return;
    if (seconds - last > GAP_SECONDS && last > 0) this.#add(last + 0.001, []);
    this.#add(seconds, figures);
  }

  /**
   * @param {number} seconds
   * @param {(number | undefined)[]} figures
   */
  #add(seconds, figures) {
    for (const [index, column] of this.#columns.entries()) {
      column.push(index === 0 ? seconds : figures[index - 1] ?? null);
      if (column.length > this.#length) column.shift();
    }
  }
}

/**
 * @typedef {{ opened: number, messagesIn: number, messagesOut: number, bytesIn: number,
 *   bytesOut: number }} Rates
 *   What happened in each second.
 */

/**
 * Computes what happened in each second between two snapshots.
 *
 * @param {{ at: number, totals: Rates } | undefined} before
 * @param {{ at: number, totals: Rates }} now
 * @returns {Rates | undefined} Nothing where there is no time between them, or a counter went back,
 * since a worker has gone.
 */
export function ratesBetween(before, now) {
  const seconds = (now.at - (before?.at ?? now.at)) / 1000;
  if (before === undefined || seconds <= 0) return undefined;
  const names = /** @type {const} */ ([
    "opened",
    "messagesIn",
    "messagesOut",
    "bytesIn",
    "bytesOut",
  ]);
  const rates = names.map((
    name,
  ) => /** @type {const} */ ([name, (now.totals[name] - before.totals[name]) / seconds]));
  if (rates.some(([, rate]) => rate < 0)) return undefined;
  return /** @type {Rates} */ (Object.fromEntries(rates));
}

/** The longest span of a chart's time axis, in minutes. */
const MAX_MINUTES = 10;

/**
 * Chooses what a chart's time axis shows: up to the last time, and back in whole minutes as far as the
 * figures go.
 *
 * @param {number} first In seconds.
 * @param {number} last In seconds.
 * @returns {[number, number]}
 */
export function timeSpan(first, last) {
  const minutes = Math.min(MAX_MINUTES, Math.max(1, Math.ceil((last - first) / 60)));
  return [last - 60 * minutes, last];
}

/**
 * Chooses how high a chart's scale goes: a little over the figures, and over the mark too as soon as
 * they are within a tenth of it. Below that the mark would flatten them, so it is only named.
 *
 * @param {number} most The greatest figure.
 * @param {number | undefined} mark A limit.
 * @returns {number}
 */
export function scaleTop(most, mark) {
  const reach = mark !== undefined && most >= mark / 10 ? Math.max(most, mark) : most;
  return Math.max(4, reach * 1.12);
}
