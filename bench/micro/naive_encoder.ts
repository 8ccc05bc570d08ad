import { concat } from "./inputs.ts";

/** The obvious header of a frame: FIN, the opcode, the length, and a key where there is one. */
export function naiveHeader(
  opcode: number,
  length: number,
  key?: number,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(14));
  const mask = key === undefined ? 0 : 0x80;
  let size = 2;
  view.setUint8(0, 0x80 | opcode);
  if (length < 126) view.setUint8(1, mask | length);
  else if (length < 65_536) {
    view.setUint8(1, mask | 126);
    view.setUint16(2, length);
    size = 4;
  } else {
    view.setUint8(1, mask | 127);
    view.setBigUint64(2, BigInt(length));
    size = 10;
  }
  if (key !== undefined) {
    view.setUint32(size, key);
    size += 4;
  }
  return new Uint8Array(view.buffer, 0, size);
}

/** The obvious frame: a header, and a payload that is masked byte by byte where there is a key. */
export function naiveFrame(
  opcode: number,
  payload: Uint8Array,
  key?: number,
): Uint8Array<ArrayBuffer> {
  const header = naiveHeader(opcode, payload.length, key);
  const frame = concat([header, payload]);
  if (key === undefined) return frame;
  const keyAt = header.length - 4;
  for (let i = 0; i < payload.length; i++) {
    frame[header.length + i]! ^= frame[keyAt + i % 4]!;
  }
  return frame;
}
