// "What runs out next": which limit of the host would be met first, and how to raise it.

import { bytes, count, percent } from "./format.js";
import { make, makeMeter } from "./dom.js";

/**
 * @typedef {import("../../host/capacity.ts").CapacityLimit} CapacityLimit
 * @typedef {import("../../operations/operations.ts").Snapshot} Snapshot
 * @typedef {{ limit: CapacityLimit, connections: number, worker?: number }} Next
 */

/**
 * Finds the limit that would be met first; with workers, in the process that is nearest to its own.
 *
 * @param {Snapshot} snapshot
 * @returns {Next | undefined}
 */
export function findNext({ sum, processes }) {
  const own = sum.report.nextLimit;
  if (own !== undefined) return { limit: own, connections: sum.report.connections };
  /** @type {Next | undefined} */
  let nearest;
  let share = -1;
  for (const { report, worker } of processes) {
    const { nextLimit: limit, connections } = report;
    if (limit === undefined || connections / limit.connections <= share) continue;
    share = connections / limit.connections;
    nearest = { limit, connections, ...worker !== undefined && { worker } };
  }
  return nearest;
}

/**
 * Writes a value of a limit: bytes as such, all else as a count.
 *
 * @param {CapacityLimit} limit
 * @param {number | undefined} value
 */
export function writeValue(limit, value) {
  return limit.unit === "bytes" ? bytes(value) : count(value);
}

/** Shows the limit, and makes the elements anew only when another figure is to be shown. */
export class NextLimit {
  #root;
  #shown = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const next = findNext(snapshot);
    const state = JSON.stringify(next ?? null);
    if (state === this.#shown) return;
    // What a reader selects stays selected while only the figures move.
    const commands = this.#root.querySelector(".commands");
    const wasOpen = commands?.hasAttribute("open") ?? false;
    const hadFocus = commands?.contains(document.activeElement) ?? false;
    this.#shown = state;
    if (next === undefined) {
      this.#root.replaceChildren(
        make("p", { class: "quiet" }, "The host's limits cannot be read here."),
      );
      return;
    }
    const { limit, connections, worker } = next;
    const of = worker === undefined ? "" : ` in worker ${worker}`;
    const fresh = make(
      "details",
      { class: "commands", open: wasOpen },
      make("summary", {}, "How to raise it"),
      makeCommands(limit.raise),
    );
    this.#root.replaceChildren(
      make("p", { class: "limit-name" }, limit.name),
      make(
        "p",
        {},
        "at ",
        make("b", {}, `${count(limit.connections)} connections`),
        of,
      ),
      makeMeter(connections, limit.connections),
      make(
        "p",
        { class: "quiet" },
        `${count(connections)} now, ${percent(connections, limit.connections)}. ` +
          `In use: ${writeValue(limit, limit.used)} of ${writeValue(limit, limit.value)}` +
          `${limit.unit === "bytes" ? "" : ` ${limit.unit}`}.`,
      ),
      make("p", { class: "quiet" }, `Counted: ${limit.reason}.`),
      fresh,
    );
    if (hadFocus) fresh.querySelector("summary")?.focus();
  }
}

/**
 * Makes a block of commands; what follows a `#` explains.
 *
 * @param {readonly string[]} lines
 */
export function makeCommands(lines) {
  return make("pre", {}, make("code", {}, lines.join("\n")));
}
