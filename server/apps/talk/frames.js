// The binary message of the talk page: one length byte, that many bytes of nickname in UTF-8, then
// the bytes of the image. Pure, so that the tests run it outside a browser.

/** The longest nickname, in bytes of UTF-8: its length travels in one byte. */
export const NICKNAME_BYTES = 255;

/**
 * Puts a nickname in front of an image.
 *
 * @param {string} name At most {@linkcode NICKNAME_BYTES} bytes in UTF-8.
 * @param {Uint8Array} image Copied into the message.
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeImage(name, image) {
  const nickname = new TextEncoder().encode(name);
  if (nickname.length > NICKNAME_BYTES) {
    throw new RangeError(
      `Nickname must be <= ${NICKNAME_BYTES} bytes in UTF-8: received ${nickname.length} bytes`,
    );
  }
  const message = new Uint8Array(1 + nickname.length + image.length);
  message[0] = nickname.length;
  message.set(nickname, 1);
  message.set(image, 1 + nickname.length);
  return message;
}

/**
 * Takes a binary message apart.
 *
 * @param {Uint8Array<ArrayBuffer>} message
 * @returns {{ name: string, image: Uint8Array<ArrayBuffer> } | undefined} The image is a view of the
 * message; undefined when the message is shorter than its header.
 */
export function decodeImage(message) {
  const length = message[0];
  if (length === undefined || message.length < 1 + length) return undefined;
  return {
    name: new TextDecoder().decode(message.subarray(1, 1 + length)),
    image: message.subarray(1 + length),
  };
}

/**
 * Tells the type of an image from its first bytes. What a peer says about its bytes is never asked:
 * only these four types are ever shown, and none of them can hold a script.
 *
 * @param {Uint8Array} bytes
 * @returns {"image/png" | "image/jpeg" | "image/gif" | "image/webp" | undefined}
 */
export function sniffImage(bytes) {
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "image/png";
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return "image/jpeg";
  // "GIF87a" and "GIF89a"
  if (startsWith(bytes, 0, [0x47, 0x49, 0x46, 0x38]) && bytes[5] === 0x61) {
    if (bytes[4] === 0x37 || bytes[4] === 0x39) return "image/gif";
  }
  // "RIFF", four bytes of length, "WEBP"
  if (
    startsWith(bytes, 0, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, 8, [0x57, 0x45, 0x42, 0x50])
  ) return "image/webp";
  return undefined;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number[]} magic
 * @returns {boolean}
 */
function startsWith(bytes, at, magic) {
  return magic.every((byte, index) => bytes[at + index] === byte);
}
