// The elements of the view of one connection. What they show comes later.

import { endsOf, partsOf } from "./columns.js";
import { make } from "./dom.js";

/**
 * Makes the elements for one connection.
 *
 * @param {string} key Its 4-tuple.
 * @returns {HTMLElement[]}
 */
export function makeLayout(key) {
  const [source, destination] = endsOf(key);
  const button = (/** @type {string} */ id, /** @type {string} */ text, type = "") =>
    make("button", { type: "button", id, class: type }, text);
  return [
    make("p", { class: "crumb" }, make("a", { href: "#/connections" }, "All connections")),
    make(
      "div",
      { class: "tuple-head" },
      makeEnd("Source", source),
      make("span", { class: "arrow", "aria-hidden": "true" }, "→"),
      makeEnd("Destination", destination),
      make("span", { class: "spacer" }),
      make("span", { id: "ping-result", class: "quiet", role: "status" }),
      button("ping", "Ping"),
      button("kick", "Close …", "danger"),
    ),
    make("p", { class: "fault", id: "connection-fault", role: "alert", hidden: true }),
    make(
      "div",
      { class: "connection-grid" },
      make(
        "section",
        { class: "card", "aria-labelledby": "record-title" },
        make("h2", { id: "record-title" }, "The connection"),
        make("dl", { class: "facts", id: "record" }),
      ),
      make(
        "section",
        { class: "card", "aria-labelledby": "kernel-title" },
        make("h2", { id: "kernel-title" }, "Its socket in the kernel"),
        make("dl", { class: "facts", id: "kernel" }),
      ),
      make(
        "div",
        { class: "stack" },
        make("div", { class: "card" }),
        make("div", { class: "card" }),
      ),
      makeTap(),
    ),
  ];
}

/**
 * @param {string} name
 * @param {string} end An address and a port.
 */
function makeEnd(name, end) {
  const [address, port] = partsOf(end);
  return make(
    "p",
    { class: "end" },
    make("span", { class: "quiet" }, name),
    make("span", { class: "mono" }, `${address}:`, make("b", {}, port)),
  );
}

function makeTap() {
  const heading = (/** @type {string} */ name, type = "") =>
    make("th", { scope: "col", class: type }, name);
  return make(
    "section",
    { class: "card wide", "aria-labelledby": "tap-title" },
    make("h2", { id: "tap-title" }, "Tap"),
    make(
      "div",
      { class: "bar-row" },
      make(
        "button",
        { type: "button", id: "tap-button", "aria-pressed": "false" },
        "Start the tap",
      ),
      make(
        "label",
        { class: "check" },
        make("input", { type: "checkbox", id: "tap-payload", "aria-describedby": "tap-warning" }),
        " Show payload",
      ),
      make(
        "span",
        { id: "tap-warning", class: "quiet" },
        "Reading payload is written to the audit log.",
      ),
      make("span", { class: "spacer" }),
      make("span", { id: "tap-count", class: "quiet" }, "Nothing is read until it is started."),
    ),
    make("p", { class: "fault", id: "tap-fault", role: "alert", hidden: true }),
    make(
      "div",
      { class: "scroll frames", tabindex: "0", role: "region", "aria-label": "Frames, scrolls" },
      make(
        "table",
        {},
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            heading("Time"),
            heading("Direction"),
            heading("Frame"),
            heading("Length", "number"),
            heading("End"),
            heading("Mask"),
            heading("Payload"),
          ),
        ),
        make("tbody", { id: "tap-rows" }),
      ),
    ),
  );
}
