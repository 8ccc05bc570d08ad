import { naiveMask } from "../helpers/raw_frame.ts";
import { concat } from "../helpers/notation.ts";

/** A frame as it stood on the wire. */
export interface WireFrame {
  readonly fin: boolean;
  /** RSV1, RSV2 and RSV3 as a number of three bits, RSV1 the highest. */
  readonly reserved: number;
  readonly opcode: number;
  /** The masking key; absent where the frame is not masked. */
  readonly key: number | undefined;
  /** The payload, unmasked. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Reads frames the naive way, as a twin of the decoder that shares no code with it and judges nothing.
 * What is cut off at the end is left out.
 */
export function readFrames(bytes: Uint8Array): WireFrame[] {
  const frames: WireFrame[] = [];
  const view = new DataView(concat([bytes, new Uint8Array(14)]).buffer); // the longest header fits
  for (let at = 0;;) {
    const [first, second] = [view.getUint8(at), view.getUint8(at + 1)];
    at += 2;
    let length = second & 0x7f;
    if (length === 126) {
      length = view.getUint16(at);
      at += 2;
    } else if (length === 127) {
      length = Number(view.getBigUint64(at));
      at += 8;
    }
    const key = second >= 0x80 ? view.getUint32(at) : undefined;
    if (key !== undefined) at += 4;
    if (at + length > bytes.length) return frames;
    const payload = bytes.slice(at, at + length);
    at += length;
    frames.push({
      fin: first >= 0x80,
      reserved: first >> 4 & 7,
      opcode: first & 0x0f,
      key,
      payload: key === undefined ? payload : naiveMask(payload, key),
    });
    if (at === bytes.length) return frames;
  }
}

/** Reads frames from a connection until so many messages have come as a whole. */
export async function readMessages(
  conn: Pick<Deno.Conn, "read">,
  count: number,
): Promise<WireFrame[]> {
  const parts: Uint8Array[] = [];
  for (const buffer = new Uint8Array(65_536);;) {
    const read = await conn.read(buffer);
    if (read === null) throw new Error("The connection ended before the messages had come");
    parts.push(buffer.slice(0, read));
    const frames = readFrames(concat(parts));
    if (frames.filter(({ fin, opcode }) => fin && opcode < 8).length >= count) return frames;
  }
}
