import type { Role } from "../../protocol/mod.ts";

/** Bytes from hex digits; spaces and line breaks part the fields. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const digits = hex.replaceAll(/\s/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new Error(`Not hex: "${hex}"`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Each byte in hex, behind a space. */
const PAIRS = Array.from({ length: 256 }, (_, byte) => ` ${byte.toString(16).padStart(2, "0")}`);

/** Hex digits in pairs, parted by spaces. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += PAIRS[byte]!;
  return text.slice(1);
}

/**
 * Bytes from binary digits; spaces part the fields. An `M` is the MASK bit as a reader in this role
 * demands it.
 */
export function fromBits(bits: string, role: Role): Uint8Array<ArrayBuffer> {
  const digits = bits.replaceAll(" ", "").replaceAll("M", role === "server" ? "1" : "0");
  if (digits.length % 8 !== 0 || /[^01]/.test(digits)) throw new Error(`Not bits: "${bits}"`);
  return Uint8Array.from(digits.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
}

/** One array out of several. */
export function concat(parts: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const list = [...parts];
  const whole = new Uint8Array(list.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of list) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
