import { encodeBase64Url as untypedEncode } from "@std/encoding/base64url";
import { decodeBase64Url as untypedDecode } from "@std/encoding/base64url";

const encodeBase64Url: (data: string) => string = untypedEncode;
const decodeBase64Url: (text: string) => Uint8Array = untypedDecode;

/** Far longer than any cursor. */
const MAX_LENGTH = 256;

/**
 * Writes the place where a page ended as an opaque text that is safe in a URL.
 *
 * @param numbers What the place consists of, in the order in which it is read.
 */
export function encodeCursor(numbers: readonly number[]): string {
  return encodeBase64Url(JSON.stringify(numbers));
}

/**
 * Reads what {@linkcode encodeCursor} wrote.
 *
 * @param text What somebody sent.
 * @param length How many numbers it has to hold.
 * @returns The numbers, all finite; `undefined` when the text is no such cursor.
 */
export function decodeCursor(text: string, length: number): number[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  try {
    const numbers: unknown = JSON.parse(new TextDecoder().decode(decodeBase64Url(text)));
    return Array.isArray(numbers) && numbers.length === length && numbers.every(Number.isFinite)
      ? numbers
      : undefined;
  } catch {
    return undefined;
  }
}
