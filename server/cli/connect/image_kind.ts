/**
 * Recognises images by their first bytes, alone and in the messages of the talk app.
 *
 * @module
 */

/** A name and how the files begin: text, where `.` stands for any byte. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ["PNG", "\x89PNG\r\n\x1a\n"],
  ["JPEG", "\xff\xd8\xff"],
  ["GIF", "GIF87a"],
  ["GIF", "GIF89a"],
  ["WebP", "RIFF....WEBP"],
  ["AVIF", "....ftypavif"],
  ["HEIC", "....ftypheic"],
  ["BMP", "BM....\0\0\0\0"],
  ["TIFF", "II*\0"],
  ["TIFF", "MM\0*"],
];

/** An image in a message of the talk app: one length byte, the sender's nickname, then the image. */
export interface TalkImage {
  /** The nickname; it comes from the peer. */
  readonly name: string;
  /** What kind it is, such as `PNG`. */
  readonly kind: string;
  /** Its size in bytes, without what stands before it. */
  readonly length: number;
}

const DECODER = new TextDecoder("utf-8", { fatal: true });

/**
 * Says what kind of image some bytes begin like.
 *
 * @param bytes The file.
 * @returns Such as `PNG`; `undefined` where it is none that is known.
 */
export function imageKind(bytes: Uint8Array): string | undefined {
  return BEGINNINGS.find(([, beginning]) =>
    bytes.length > beginning.length &&
    Array.from(beginning).every((character, at) =>
      character === "." || character.charCodeAt(0) === bytes[at]
    )
  )?.[0];
}

/**
 * Reads a binary message as one of the talk app.
 *
 * @param message The message.
 * @returns What it holds; `undefined` where it has no nickname in front, or no image behind it.
 */
export function talkImage(message: Uint8Array): TalkImage | undefined {
  const end = 1 + (message[0] ?? 0);
  const image = message.subarray(end);
  const kind = imageKind(image);
  if (kind === undefined || end === 1) return undefined;
  try {
    return { name: DECODER.decode(message.subarray(1, end)), kind, length: image.length };
  } catch {
    return undefined; // it only looks like one
  }
}
