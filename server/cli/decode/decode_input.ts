/**
 * Reads what `fourtuple decode` is given: bytes, or a text that stands for bytes.
 *
 * @module
 */

import { decodeBase64 as decodeBase64Untyped } from "@std/encoding/base64";
import { decodeBase64Url as decodeBase64UrlUntyped } from "@std/encoding/base64url";
import { decodeHex as decodeHexUntyped } from "@std/encoding/hex";

const decodeHex: (text: string) => Uint8Array<ArrayBuffer> = decodeHexUntyped;
const decodeBase64: (text: string) => Uint8Array<ArrayBuffer> = decodeBase64Untyped;
const decodeBase64Url: (text: string) => Uint8Array<ArrayBuffer> = decodeBase64UrlUntyped;

/** What bytes can come as. */
export const INPUT_FORMATS = ["hex", "base64", "binary"] as const;

/** One of {@linkcode INPUT_FORMATS}. */
export type InputFormat = typeof INPUT_FORMATS[number];

/** Bytes, and what they came as. */
export interface Input {
  /** The bytes, the caller's own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What they came as. */
  readonly format: InputFormat;
}

/**
 * Reads a stream to its end.
 *
 * @param stream The stream.
 * @param most The most bytes.
 * @returns The bytes, the caller's own.
 * @throws {RangeError} When there are more; then the rest is not read.
 */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > most) throw new RangeError(`Input is too long: expected at most ${most} bytes`);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads input in the format it is in. Frames never begin with a visible character, since that would
 * set reserved bits, so text can be told from them; of texts, what is hex is never taken for base64.
 *
 * @param input What was given.
 * @param format What it is; `auto` to find that out.
 * @throws {SyntaxError} When it is in another format, or in none.
 */
export function parseInput(input: Uint8Array<ArrayBuffer>, format: InputFormat | "auto"): Input {
  if (format === "binary") return { bytes: input, format };
  const text = input.some(isNoText) ? undefined : new TextDecoder().decode(input);
  if (format === "auto" && text === undefined) return { bytes: input, format: "binary" };
  // Of nothing but hex digits, an odd number is hex with a problem.
  const hex = format === "hex" || format === "auto" && /^[0-9a-fx\s,:]*$/i.test(text ?? "");
  const bytes = text === undefined ? undefined : hex ? fromHex(text) : fromBase64(text);
  if (bytes !== undefined) return { bytes, format: hex ? "hex" : "base64" };
  throw new SyntaxError(
    hex
      ? "Input is not hex: expected pairs of hex digits"
      : format === "base64"
      ? "Input is not base64"
      : "Cannot tell what the input is: it is neither hex nor base64, and frames do not begin with text",
  );
}

function isNoText(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte > 0x7e;
}

/** Hex digits, with or without `0x`, blanks, commas and colons between bytes. */
function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replaceAll(/(?<![0-9a-z])0x/gi, "").replaceAll(/[\s,:]+/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined;
  return decodeHex(digits);
}

/** Base64 of either alphabet (RFC 4648 4 and 5), with or without padding and blanks. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replaceAll(/\s+/g, "");
  try {
    return /[-_]/.test(digits) ? decodeBase64Url(digits) : decodeBase64(digits);
  } catch {
    return undefined;
  }
}
