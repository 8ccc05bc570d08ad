// Questions in a dialog, which the browser makes modal: it keeps the focus inside, Escape says no,
// and the focus goes back to where it was.

import { make } from "./dom.js";

/**
 * Asks something.
 *
 * @param {{ title: string, body: (Node | string)[], yes: string, danger?: boolean,
 *   check?: (values: FormData) => string | undefined }} question What stands in it; `check` tells
 * what is wrong with the answer.
 * @returns {Promise<FormData | undefined>} What was filled in; nothing when the answer is no.
 */
export function ask({ title, body, yes, danger = false, check = () => undefined }) {
  const fault = make("p", { class: "fault", role: "alert", hidden: true });
  // Enter pressed twice does no harm: where the first focus is not asked for, it is on the way out.
  const no = make("button", { type: "button", class: "plain", autofocus: danger }, "Cancel");
  const form = /** @type {HTMLFormElement} */ (make(
    "form",
    {},
    make("h2", { id: "dialog-title" }, title),
    ...body,
    fault,
    make(
      "div",
      { class: "dialog-buttons" },
      no,
      make("button", { type: "submit", class: danger ? "danger" : "main" }, yes),
    ),
  ));
  const dialog = /** @type {HTMLDialogElement} */ (
    make("dialog", { "aria-labelledby": "dialog-title" }, form)
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {FormData | undefined} */
    let answer;
    no.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = new FormData(form);
      const wrong = check(values);
      fault.hidden = wrong === undefined;
      fault.textContent = wrong ?? "";
      if (wrong !== undefined) return;
      answer = values;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
  });
}

/**
 * Makes a field with its label.
 *
 * @param {string} label
 * @param {Record<string, string | boolean | undefined>} attributes Those of the input.
 * @returns {HTMLElement}
 */
export function field(label, attributes) {
  return make("label", { class: "field" }, label, make("input", attributes));
}

/** The longest reason of a Close frame, in bytes (RFC 6455 5.5: 125 less the code). */
const REASON_BYTES = 123;

/** The fields for closing connections. */
export function closeFields() {
  return [
    field("Close code", {
      name: "code",
      type: "number",
      min: "1000",
      max: "4999",
      value: "1001",
      required: true,
    }),
    field("Reason", { name: "reason", placeholder: "none", autocomplete: "off" }),
  ];
}

/**
 * Tells what is wrong with the reason.
 *
 * @param {FormData} values
 */
export function checkReason(values) {
  const { length } = new TextEncoder().encode(String(values.get("reason") ?? ""));
  return length > REASON_BYTES
    ? `The reason is too long: ${length} bytes, and a Close frame holds ${REASON_BYTES}`
    : undefined;
}

/**
 * Reads the fields for closing connections.
 *
 * @param {FormData} values
 * @returns {{ code: number, reason?: string }}
 */
export function closeOrder(values) {
  const reason = String(values.get("reason") ?? "");
  return { code: Number(values.get("code")), ...reason !== "" && { reason } };
}
