import type { Role } from "../../protocol/mod.ts";
import type { HeaderBits } from "../vectors/refused_frames.ts";
import { concat, fromBits, fromHex } from "./notation.ts";

/** The masking key of RFC 6455 5.7, used wherever the key does not matter. */
export const KEY = 0x37fa213d;

/**
 * A frame built the naive way, as a twin of the encoder that shares no code with it. It builds
 * frames that break rules as readily.
 *
 * @param first FIN, RSV and the opcode.
 * @param payload The payload before masking.
 * @param key The masking key; without it the frame is not masked.
 */
export function rawFrame(
  first: number,
  payload: Uint8Array,
  key?: number,
): Uint8Array<ArrayBuffer> {
  const length = payload.length;
  const mask = key === undefined ? 0 : 128;
  const head = new DataView(new ArrayBuffer(10));
  head.setUint8(0, first);
  let size = 2;
  if (length <= 125) head.setUint8(1, mask + length);
  else if (length <= 65535) {
    head.setUint8(1, mask + 126);
    head.setUint16(2, length);
    size = 4;
  } else {
    head.setUint8(1, mask + 127);
    head.setBigUint64(2, BigInt(length));
    size = 10;
  }
  const header = new Uint8Array(head.buffer, 0, size);
  if (key === undefined) return concat([header, payload]);
  const keyBytes = new Uint8Array(4);
  new DataView(keyBytes.buffer).setUint32(0, key >>> 0);
  return concat([header, keyBytes, naiveMask(payload, key)]);
}

/** A frame as the peer of a reader in this role sends it. */
export function peerFrame(role: Role, first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return rawFrame(first, payload, role === "server" ? KEY : undefined);
}

/** RFC 6455 5.3 to the letter: octet i of the payload XOR octet i MOD 4 of the key. */
export function naiveMask(payload: Uint8Array, key: number, offset = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    payload,
    (octet, i) => octet ^ Math.floor((key >>> 0) / 256 ** (3 - (i + offset) % 4)) % 256,
  );
}

/** The headers of empty frames after each other; of the last, all but the masking key. */
export function headersOnly(
  headers: readonly HeaderBits[],
  role: Role,
): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(role === "server" ? 4 : 0);
  return concat(headers.flatMap(({ bits, length = "" }, i) => {
    const header = concat([fromBits(bits, role), fromHex(length)]);
    return i < headers.length - 1 ? [header, key] : [header];
  }));
}
