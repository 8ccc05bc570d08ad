/**
 * How figures are written for people, on the terminal and in the report alike.
 *
 * @module
 */

/** What stands where a figure could not be read. */
export const ABSENT = "–";

/**
 * Writes a figure with separators between thousands.
 *
 * @param value The figure, if it is known.
 * @param digits Digits after the point.
 */
export function formatFigure(value: number | undefined, digits = 0): string {
  if (value === undefined) return ABSENT;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/**
 * Writes a size of memory.
 *
 * @param bytes The size.
 */
export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${formatFigure(bytes / 2 ** 30, 1)} GiB`;
  return `${formatFigure(bytes / 2 ** 20)} MiB`;
}

/**
 * Writes how long something takes, in the two largest units: `7 s`, `12 min 30 s`, `1 h 2 min`.
 *
 * @param seconds How long.
 */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${formatFigure(Math.floor(whole / 3600))} h ${Math.floor(whole / 60) % 60} min`;
}

/**
 * Writes how many there are of something.
 *
 * @param count How many.
 * @param one What one of them is called.
 * @param many What several are called.
 */
export function formatCount(count: number, one: string, many: string = `${one}s`): string {
  return `${formatFigure(count)} ${count === 1 ? one : many}`;
}
