// The view of limits: what the host allows, what this server allows, and how loud its log is.

import { ask, field } from "./dialog.js";
import { byId, make, makeMeter, setFacts, setText, showFault, toast } from "./dom.js";
import { bytes, count, duration, percent, UNKNOWN } from "./format.js";
import { makeCommands, writeValue } from "./next_limit.js";
import { Poller } from "./poller.js";

/** How often the host is read again, in milliseconds. */
const REFRESH_MS = 5_000;

/** Limits that are off where they are not given, and may be taken away again. */
const OPTIONAL = ["connections", "connectionsPerAddress"];

/** What a server does when a send queue is full. */
const POLICIES = ["close", "drop", "wait"];

/** @typedef {import("../../limits.ts").Limits} Limits */

/** The view of limits. */
export class LimitsView {
  title = "Limits";
  #api;
  #fault = byId("limits-fault", HTMLElement);
  #level = byId("level", HTMLSelectElement);
  #shown = "";
  #poller;

  /** @param {{ api: import("./api.js").Api }} context */
  constructor({ api }) {
    this.#api = api;
    this.#poller = new Poller({
      every: REFRESH_MS,
      read: (signal) => this.#read(signal),
      show: ([host, limits, { level }]) => {
        showFault(this.#fault, undefined);
        this.#drawHost(host);
        this.#drawLimits(limits);
        if (document.activeElement !== this.#level) this.#level.value = level;
        this.#level.disabled = false;
      },
      fail: (error) => showFault(this.#fault, error),
    });
    this.#level.addEventListener("change", () => this.#setLevel());
  }

  show() {
    this.#poller.start();
  }

  hide() {
    this.#poller.stop();
  }

  take() {}

  /** @param {AbortSignal} signal */
  #read(signal) {
    return Promise.all(["host", "limits", "log-level"].map((path) => this.#api.get(path, signal)));
  }

  /** @param {import("../../operations/operations.ts").HostDescription} host */
  #drawHost({ capacity, limits, report }) {
    const body = byId("capacity", HTMLTableElement).tBodies[0];
    const names = capacity.map(({ name }) => name).join();
    // Commands that are open stay open while the figures move.
    if (body.dataset.names !== names) {
      body.dataset.names = names;
      body.replaceChildren(...capacity.map(makeCapacityRow));
    }
    for (const [index, limit] of capacity.entries()) {
      const { cells } = body.rows[index];
      setText(cells[1], count(limit.connections));
      cells[2].replaceChildren(
        make("span", { class: "quiet" }, percent(report.connections, limit.connections)),
        makeMeter(report.connections, limit.connections),
      );
      setText(cells[3], writeValue(limit, limit.used));
      setText(cells[4], writeValue(limit, limit.value));
      const code = cells[6].querySelector("code");
      if (code !== null) setText(code, limit.raise.join("\n"));
    }
    const ports = limits.ephemeralPorts;
    setText(
      byId("ports", HTMLElement),
      ports === undefined
        ? ""
        : `Ports bound a client, not this server: from one address, a client with this host's range ` +
          `of ports (${ports.first} to ${ports.last}) can open ` +
          `${count(ports.last - ports.first + 1)} connections to one address and port. ` +
          `Another address has as many again.`,
    );
    setFacts(byId("host", HTMLElement), hostFacts(limits, report));
  }

  /** @param {Limits} limits */
  #drawLimits(limits) {
    const state = JSON.stringify(limits);
    if (state === this.#shown) return;
    this.#shown = state;
    const names = [...new Set([...Object.keys(limits), ...OPTIONAL])];
    const body = byId("limits-table", HTMLTableElement).tBodies[0];
    const active = document.activeElement?.id;
    body.replaceChildren(...names.map((name) => {
      const value = limits[/** @type {keyof Limits} */ (name)];
      const button = make(
        "button",
        { type: "button", class: "plain", id: `change-${name}`, "aria-label": `Change ${name}` },
        "Change",
      );
      button.addEventListener("click", () => this.#change(name, value));
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, name),
        make("td", { class: "number" }, writeLimit(name, value)),
        make("td", { class: "number" }, button),
      );
    }));
    if (active?.startsWith("change-")) document.getElementById(active)?.focus();
  }

  /**
   * @param {string} name
   * @param {string | number | undefined} value
   */
  async #change(name, value) {
    const isOptional = OPTIONAL.includes(name);
    const attributes = { name: "value", autocomplete: "off", autofocus: true };
    const values = await ask({
      title: `Change ${name}`,
      body: [
        make("p", {}, `Now ${writeLimit(name, value)}. It holds at once, for all connections.`),
        name === "whenFull" ? makePolicies(String(value)) : field(unitOf(name), {
          ...attributes,
          type: "number",
          min: "0",
          step: "1",
          required: !isOptional,
          value: value === undefined ? "" : String(value),
          placeholder: isOptional ? "as it was at the start" : undefined,
        }),
      ],
      yes: "Change it",
    });
    if (values === undefined) return;
    const text = String(values.get("value"));
    const wanted = text === "" ? null : name === "whenFull" ? text : Number(text);
    try {
      this.#drawLimits(await this.#api.act("PATCH", "limits", { [name]: wanted }));
      showFault(this.#fault, undefined);
      toast(`${name} is changed`);
    } catch (error) {
      showFault(this.#fault, error);
    }
  }

  async #setLevel() {
    try {
      await this.#api.act("PUT", "log-level", { level: this.#level.value });
      toast(`The log tells ${this.#level.value} and what is graver`);
    } catch (error) {
      showFault(this.#fault, error);
    }
  }
}

/** @param {import("../../host/capacity.ts").CapacityLimit} limit */
function makeCapacityRow({ name, unit, reason, raise }) {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, name),
    make("td", { class: "number strong" }),
    make("td", { class: "meter-cell" }),
    make("td", { class: "number" }),
    make("td", { class: "number" }),
    make("td", {}, unit, make("div", { class: "quiet" }, reason)),
    make("td", {}, make("details", {}, make("summary", {}, "Commands"), makeCommands(raise))),
  );
}

/** @param {string} chosen */
function makePolicies(chosen) {
  const options = POLICIES.map((it) => make("option", { selected: it === chosen }, it));
  return make("label", { class: "field" }, "Policy", make("select", { name: "value" }, ...options));
}

/** @param {string} name */
function unitOf(name) {
  if (/Bytes$/.test(name)) return "Bytes";
  return /(Timeout|Interval)$/.test(name) ? "Milliseconds" : "Count";
}

/**
 * Writes a limit: exactly, and roughly behind it where that reads better.
 *
 * @param {string} name
 * @param {string | number | undefined} value
 */
function writeLimit(name, value) {
  if (value === undefined) return name === "connections" ? "by the descriptors" : "off";
  if (typeof value === "string") return value;
  const unit = unitOf(name);
  if (unit === "Bytes") return `${count(value)} B`;
  if (unit === "Milliseconds") {
    return value < 1000 ? `${count(value)} ms` : `${count(value)} ms, ${duration(value)}`;
  }
  return count(value);
}

/**
 * @param {import("../../host/host.ts").HostLimits} limits
 * @param {import("../../operations/operations.ts").HostDescription["report"]} report
 * @returns {[string, string][]}
 */
function hostFacts(limits, { hostTcp }) {
  const { descriptors, parentDescriptors, nrOpen, fileMax, filesOpen } = limits;
  const two = (/** @type {{ soft?: number, hard?: number } | undefined} */ it) =>
    it === undefined ? UNKNOWN : `${count(it.soft)}, hard ${count(it.hard)}`;
  return [
    ["Descriptors of a process", two(descriptors)],
    ["Those of its parent", two(parentDescriptors)],
    ["fs.nr_open", count(nrOpen)],
    ["Open files of the host", `${count(filesOpen)} of ${count(fileMax)}`],
    ["TCP sockets of the host", count(hostTcp?.sockets)],
    ["Bytes in their buffers", bytes(hostTcp?.bytes)],
    ["net.core.somaxconn", count(limits.somaxconn)],
    ["Memory", bytes(limits.memoryTotal)],
    ["Memory available", bytes(limits.memoryAvailable)],
  ];
}
