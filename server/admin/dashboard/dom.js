// Finding and making elements. Text is always text: nothing here can become HTML.

/**
 * @template {Element} T
 * @param {string} id
 * @param {{ new (): T }} type What it has to be.
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`No ${type.name} "${id}" on the page`);
  return found;
}

/**
 * Makes an element.
 *
 * @param {string} name Its tag.
 * @param {Record<string, string | boolean | undefined>} attributes Those that are false or undefined
 * are left out.
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(attribute, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * Writes text where it has changed: what has not keeps a reader's selection.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows how much of something is in use, as a bar beside which the figures stand.
 *
 * @param {number} part
 * @param {number} whole
 * @returns {HTMLElement}
 */
export function makeMeter(part, whole) {
  const meter = make("div", { class: "meter", "aria-hidden": "true" }, make("i"));
  setMeter(meter, part, whole);
  return meter;
}

/**
 * @param {HTMLElement} meter As makeMeter() made it.
 * @param {number} part
 * @param {number} whole
 */
export function setMeter(meter, part, whole) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  const bar = /** @type {HTMLElement} */ (meter.firstElementChild);
  bar.style.width = `${100 * share}%`;
  meter.dataset.level = share >= 0.9 ? "high" : share >= 0.7 ? "raised" : "low";
}

/**
 * Fills a definition list, keeping the elements that are there.
 *
 * @param {HTMLElement} list A `dl`.
 * @param {(readonly [term: string, text: string, mono?: boolean])[]} facts
 */
export function setFacts(list, facts) {
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  for (const [index, [term, text, mono = false]] of facts.entries()) {
    let row = list.children[index];
    if (row === undefined) {
      row = make("div", {}, make("dt"), make("dd"));
      list.append(row);
    }
    setText(row.children[0], term);
    setText(row.children[1], text);
    row.children[1].classList.toggle("mono", mono);
  }
}

/**
 * Shows what went wrong, or takes it away.
 *
 * @param {HTMLElement} place
 * @param {unknown} fault An error, or undefined.
 */
export function showFault(place, fault) {
  place.hidden = fault === undefined;
  setText(place, fault instanceof Error ? fault.message : String(fault ?? ""));
}

/**
 * Says in a corner what came of something; it goes by itself. At most four stand at once.
 *
 * @param {string} text
 */
export function toast(text) {
  const toasts = byId("toasts", HTMLElement);
  const line = make("p", {}, text);
  toasts.append(line);
  while (toasts.children.length > 4) toasts.firstElementChild?.remove();
  setTimeout(() => line.remove(), 8_000);
}
