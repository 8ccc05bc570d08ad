import { isUtf8 } from "node:buffer";
import { Utf8Validator } from "../../protocol/mod.ts";
import { compare } from "./compare.ts";
import { asciiText, concat, cut, mixedText, SIZES } from "./inputs.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });
const KINDS = { "ASCII": asciiText, "mixed text": mixedText } as const;

/** Not UTF-8: a stray byte, an overlong form, a surrogate, a character that is cut off. */
const BROKEN = ["ff", "c0af", "eda080", "e282"].map((hex) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
);

function ours(chunks: readonly Uint8Array[]): boolean {
  const validator = new Utf8Validator();
  for (const chunk of chunks) {
    if (!validator.push(chunk)) return false;
  }
  return validator.complete;
}

/** Decodes too: the platform has no validator that takes pieces. */
function textDecoder(chunks: readonly Uint8Array[]): boolean {
  const [first, ...rest] = chunks;
  try {
    if (rest.length === 0) {
      DECODER.decode(first);
      return true;
    }
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (const chunk of chunks) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

/** The native check that ws uses; it needs the bytes in one piece. */
function native(chunks: readonly Uint8Array[]): boolean {
  return isUtf8(chunks.length === 1 ? chunks[0]! : concat(chunks));
}

function compareValidators(group: string, bytes: Uint8Array, size: number): void {
  compare({
    group: `validate ${group}`,
    input: cut(bytes, size),
    also: BROKEN.map((broken) => cut(concat([bytes, broken]), size)),
    ways: { "Utf8Validator": ours, "TextDecoder": textDecoder, "isUtf8, as in ws": native },
  });
}

for (const [kind, make] of Object.entries(KINDS)) {
  for (const [size, length] of Object.entries(SIZES)) {
    const bytes = ENCODER.encode(make(length));
    compareValidators(`${size} of ${kind}`, bytes, length + 2);
    if (length > 1_024) compareValidators(`${size} of ${kind} in pieces of 1 KiB`, bytes, 1_024);
  }
}
