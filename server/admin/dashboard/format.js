// How figures are written: with thousands separators and units. Pure.

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SIGNIFICANT = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Written where a figure is not known. */
export const UNKNOWN = "–";

/**
 * Writes a count: "65,535".
 *
 * @param {number | null | undefined} value
 */
export function count(value) {
  return known(value) ? WHOLE.format(value) : UNKNOWN;
}

/**
 * Writes a count and what it counts: "1 connection", "2 connections".
 *
 * @param {number} value
 * @param {string} noun
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

const BYTE_UNITS = ["KiB", "MiB", "GiB", "TiB"];

/**
 * Writes a count short enough for an axis: "65.5k".
 *
 * @param {number} value
 */
export function short(value) {
  return scaled(value, ["", "k", "M", "G", "T"], "");
}

/**
 * Writes a number of bytes as the commands do: "512 B", "1.5 KiB".
 *
 * @param {number | null | undefined} value
 */
export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  if (Math.abs(value) < 1024) return `${WHOLE.format(value)} B`;
  let unit = -1;
  // What would round to 1024.0 has the next unit.
  do {
    value /= 1024;
    unit++;
  } while (Math.abs(value) >= 1023.95 && unit < BYTE_UNITS.length - 1);
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/**
 * Writes how many a second: "1,234/s", below ten with a decimal.
 *
 * @param {number | null | undefined} value
 */
export function perSecond(value) {
  if (!known(value)) return UNKNOWN;
  return `${value < 10 ? SIGNIFICANT.format(Math.round(value * 10) / 10) : WHOLE.format(value)}/s`;
}

/**
 * Writes bytes a second: "1.5 KiB/s".
 *
 * @param {number | null | undefined} value
 */
export function bytesPerSecond(value) {
  return known(value) ? `${bytes(value)}/s` : UNKNOWN;
}

/**
 * Writes a short time, given in milliseconds: "0.42 ms", "1.2 s".
 *
 * @param {number | null | undefined} value
 */
export function milliseconds(value) {
  if (!known(value)) return UNKNOWN;
  return value < 1000
    ? `${SIGNIFICANT.format(Math.round(100 * value) / 100)} ms`
    : `${SIGNIFICANT.format(value / 1000)} s`;
}

const STEPS = /** @type {const} */ ([["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]]);

/**
 * Writes how long something has been, given in milliseconds, in its two greatest units: "3 h 12 min".
 *
 * @param {number | null | undefined} value
 */
export function duration(value) {
  if (!known(value)) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(value / 1000));
  const at = STEPS.findIndex(([, length]) => seconds >= length);
  if (at === -1) return "0 s";
  const [unit, length] = STEPS[at];
  const text = `${WHOLE.format(Math.floor(seconds / length))} ${unit}`;
  const next = STEPS[at + 1];
  return next === undefined
    ? text
    : `${text} ${Math.floor((seconds % length) / next[1])} ${next[0]}`;
}

/**
 * Writes a share: "50 %", "0.4 %".
 *
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  const share = whole > 0 ? 100 * part / whole : 0;
  return `${share < 10 ? SIGNIFICANT.format(Math.round(share * 10) / 10) : WHOLE.format(share)} %`;
}

/**
 * Writes a time of the day in the reader's zone: "14:03:22", or with its thousandths.
 *
 * @param {number} at In ms since the epoch.
 * @param {boolean} fine Whether thousandths are wanted.
 */
export function clock(at, fine = false) {
  const date = new Date(at);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return fine ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** Controls, and what would reorder, hide or break the text around it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Makes text of a peer fit to be shown: what cannot be seen, or turns other text around, is written
 * as its code point, "\u{202e}".
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replace(UNSEEN, (it) => `\\u{${it.codePointAt(0)?.toString(16)}}`);
}

/**
 * Tells whether a figure is there.
 *
 * @param {number | null | undefined} value
 * @returns {value is number}
 */
function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * @param {number} value
 * @param {readonly string[]} units Each a thousand times the one before.
 * @param {string} gap What is between number and unit.
 */
function scaled(value, units, gap) {
  let unit = 0;
  // 999.5 would be written "1,000" with three digits.
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${SIGNIFICANT.format(value)}${gap}${units[unit]}`;
}
