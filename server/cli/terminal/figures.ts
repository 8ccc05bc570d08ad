/**
 * Writes figures for people.
 *
 * @module
 */

/** Writes a number with its thousands apart: `65,535`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Writes a number of things: `1 connection`, `2,000 connections`. */
export function countOf(value: number, one: string, more: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

const BYTE_UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** Writes a number of bytes in the unit that fits: `512 B`, `1.5 KiB`, `20.0 GiB`. */
export function bytes(value: number): string {
  if (value < 1024) return `${count(value)} B`;
  let rest = value / 1024;
  let unit = 0;
  // What would round to 1024.0 has the next unit.
  while (rest >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${rest.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Writes a time in the two units that say most: `5s`, `3m02s`, `1h05m`, `2d03h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${count(Math.floor(hours / 24))}d${two(hours % 24)}h`;
}

/** Writes a time that is short: `0.4 ms`, `120 ms`, `2.5 s`. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : count(value)} ms`;
}

/** Writes a time of the day, in UTC as log lines have it: `12:34:56.789`. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "-" : date.toISOString().slice(11, 23);
}

/** Writes a share of a whole: `62%`; a dash where there is no whole. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.floor(100 * part / whole)}%` : "-";
}

/**
 * Says which workers have not answered.
 *
 * @param workers Their numbers; at least one.
 * @param what What of theirs is left out.
 * @returns One line, without a line feed.
 */
export function silenceText(workers: Iterable<number>, what: string): string {
  const names = [...workers].sort((a, b) => a - b);
  const who = names.length === 1 ? "worker" : "workers";
  const whose = names.length === 1 ? "its" : "their";
  return `No answer from ${who} ${names.join(", ")}: ${whose} ${what} are left out`;
}
