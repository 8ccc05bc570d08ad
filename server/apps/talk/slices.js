// A slice of a file: behind the nickname stand a zero byte and "SLC", the person in 8 bytes, the file and
// the slice in 4 bytes each, then the bytes. Pure, so that the tests run it outside a browser.

const MAGIC = [0, 0x53, 0x4c, 0x43];
const HEADER_BYTES = 20;

/**
 * Puts the header of a slice in front of it.
 *
 * @param {number} file
 * @param {number} index
 * @param {Uint8Array} bytes Copied.
 * @returns {Uint8Array<ArrayBuffer>} What goes behind the nickname; the server fills in the person.
 */
export function encodeSlice(file, index, bytes) {
  const slice = new Uint8Array(HEADER_BYTES + bytes.length);
  slice.set(MAGIC);
  const header = new DataView(slice.buffer);
  header.setUint32(12, file);
  header.setUint32(16, index);
  slice.set(bytes, HEADER_BYTES);
  return slice;
}

/**
 * Takes what stands behind the nickname apart.
 *
 * @param {Uint8Array<ArrayBuffer>} slice
 * @returns {{ id: number, file: number, index: number, bytes: Uint8Array<ArrayBuffer> } | undefined}
 * The bytes are a view; undefined when this is no slice.
 */
export function decodeSlice(slice) {
  if (slice.length < HEADER_BYTES || MAGIC.some((byte, at) => slice[at] !== byte)) return undefined;
  const header = new DataView(slice.buffer, slice.byteOffset, HEADER_BYTES);
  return {
    id: Number(header.getBigUint64(4)),
    file: header.getUint32(12),
    index: header.getUint32(16),
    bytes: slice.subarray(HEADER_BYTES),
  };
}
