import { closeQuietly, type Transport } from "../server/net/transport.ts";

/** The beginning of a refusal's body is enough to tell a person why. */
const BODY_BYTES = 4_096;

/** Bytes that have not come after this many milliseconds are not waited for. */
const BODY_TIMEOUT = 1_000;

const LF = 0x0a;

/** Statuses whose answers have no body (RFC 9112 6.3), whatever their headers say. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/** Where a body comes from. */
export interface BodySource {
  /** The connection; closed when the body does not come soon. */
  readonly conn: Pick<Transport, "read" | "close">;
  /** The bytes after the head. */
  readonly rest: Uint8Array;
  /** How long to wait for it, in milliseconds. */
  readonly timeout?: number;
}

/** The part of a body that has come. */
interface Body {
  readonly pieces: readonly Uint8Array[];
  readonly isWhole: boolean;
}

/**
 * Reads the beginning of the body of an answer, as far as it comes soon.
 *
 * @param status The answer's status.
 * @param headers The answer's headers.
 * @param source Where the body comes from.
 * @returns Its first 4 KiB, as text.
 */
export async function readBody(
  status: number,
  headers: Headers,
  { conn, rest, timeout = BODY_TIMEOUT }: BodySource,
): Promise<string> {
  if (WITHOUT_BODY.has(status)) return "";
  const buffer = new Uint8Array(BODY_BYTES);
  let length = Math.min(rest.length, BODY_BYTES);
  buffer.set(rest.subarray(0, length));
  const body = () => bodyIn(buffer.subarray(0, length), headers);
  const timer = setTimeout(() => closeQuietly(conn), timeout);
  try {
    while (length < BODY_BYTES && !body().isWhole) {
      const count = await conn.read(buffer.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch {
    // The part that has come has to do.
  } finally {
    clearTimeout(timer);
  }
  const decoder = new TextDecoder();
  const texts = body().pieces.map((piece) => decoder.decode(piece, { stream: true }));
  return texts.join("") + decoder.decode();
}

/** Finds the body in what has come (RFC 9112 6.3); without a word about its length it ends with the connection. */
function bodyIn(bytes: Uint8Array, headers: Headers): Body {
  if (/(?:^|,)\s*chunked$/i.test(headers.get("transfer-encoding") ?? "")) return chunksIn(bytes);
  const said = headers.get("content-length") ?? "";
  const length = /^[0-9]+$/.test(said) ? Number(said) : Infinity;
  return { pieces: [bytes.subarray(0, length)], isWhole: bytes.length >= length };
}

/** Finds the chunks in the bytes that have come (RFC 9112 7.1): each after a line with its length. */
function chunksIn(bytes: Uint8Array): Body {
  const pieces: Uint8Array[] = [];
  for (let at = 0;;) {
    const lineEnd = bytes.indexOf(LF, at);
    if (lineEnd < 0) return { pieces, isWhole: false };
    const line = new TextDecoder().decode(bytes.subarray(at, lineEnd));
    const length = parseInt(line, 16); // an extension after a semicolon does not count
    if (!(length > 0)) return { pieces, isWhole: true };
    const start = lineEnd + 1;
    pieces.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}
