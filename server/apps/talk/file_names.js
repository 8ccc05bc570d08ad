// What a peer calls its file, made fit to be shown and to be saved under. Pure.

/** The longest name, in characters. */
const MAX_CHARACTERS = 120;

/** The longest name that the server passes on, in bytes of UTF-8. */
const MAX_BYTES = 255;

/** What Windows keeps for devices, whatever comes behind the dot. */
const DEVICE_REGEXP = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

const NAMELESS = "file";

/**
 * Makes a name safe. What could lead to another folder, hide the true ending or turn the text around it
 * is taken out: separators, control characters, marks of direction, characters without width, dots and
 * spaces at both ends. The ending stays when the name is too long.
 *
 * @param {string} name
 * @returns {string} Never empty; at most 120 characters and 255 bytes in UTF-8.
 */
export function safeName(name) {
  const clean = name
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[/\\:*?"<>|]/g, "_")
    .replaceAll(/^[. ]+|[. ]+$/g, "")
    .replace(DEVICE_REGEXP, "_$&");
  return shorten(clean) || NAMELESS;
}

/** @param {string} name */
function shorten(name) {
  const ending = /\.[^. ]{1,16}$/u.exec(name)?.[0] ?? "";
  const stem = [...name.slice(0, name.length - ending.length)].slice(
    0,
    MAX_CHARACTERS - [...ending].length,
  );
  const encoder = new TextEncoder();
  while (stem.length > 0 && encoder.encode(stem.join("") + ending).length > MAX_BYTES) stem.pop();
  return stem.join("").trimEnd() + ending;
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/**
 * Writes a size for people.
 *
 * @param {number} bytes
 * @returns {string} Such as "20.9 MB".
 */
export function formatSize(bytes) {
  const unit = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  const maximumFractionDigits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(undefined, { maximumFractionDigits })} ${
    unit === 0 && bytes === 1 ? "byte" : UNITS[unit]
  }`;
}
