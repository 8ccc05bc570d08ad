import {
  CHUNK_END,
  chunkHead,
  type HandshakeError,
  LAST_CHUNK,
  type RequestHead,
  responseFraming,
  serializeResponseHead,
} from "../../protocol/mod.ts";
import { type Transport, writeAll } from "../net/transport.ts";

const UTF8 = new TextEncoder();
const CHUNK_END_BYTES = UTF8.encode(CHUNK_END);
const LAST_CHUNK_BYTES = UTF8.encode(LAST_CHUNK);

/** Up to this many bytes a piece of a body is copied, so that its chunk is one write and not three. */
const MAX_COPIED_BYTES = 16_384;

/** Options of writing a response. */
export interface ResponseOptions {
  /** The parts of the request that decide about the body: HEAD gets none, HTTP/1.0 no chunks. */
  readonly request: Pick<RequestHead, "method" | "minorVersion">;
  /** Gives the response up, and cancels its body. */
  readonly signal: AbortSignal;
  /** Called after each write, also one that took only a part. */
  progress(): void;
  /** Called when the next step is somebody's: the client's, to take bytes, or the body's, to give some. */
  waitsFor(who: "client" | "body"): void;
}

/**
 * Writes a response, the only one on its connection: `Connection: close`. Its body has the length
 * that the response says, or comes in chunks, so that the client notices when it breaks off.
 *
 * @param transport The transport; the caller lingers and closes.
 * @param response The response; its body is consumed.
 * @param options The request, and a way to give the response up.
 * @throws {TypeError} Where the body is not as long as `Content-Length` says, or gives anything but
 * bytes. The response is not complete then: the connection has to be closed.
 */
export async function writeResponse(
  transport: Transport,
  response: Response,
  { request, signal, progress, waitsFor }: ResponseOptions,
): Promise<void> {
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  const length = headers.get("content-length");
  const framing = body === null
    ? 0
    : responseFraming(request, status, length === null ? undefined : Number(length));
  // RFC 9110 7.8: the sender of Upgrade names it in Connection.
  headers.set("connection", headers.has("upgrade") ? "close, Upgrade" : "close");
  headers.delete("transfer-encoding");
  if (framing === "chunked") headers.set("transfer-encoding", "chunked");
  if (!headers.has("date")) headers.set("date", new Date().toUTCString());
  // RFC 9110 8.6: no length with 204. That of HEAD and 304 is that of a GET, which only the hook knows.
  if (status === 204) headers.delete("content-length");
  else if (body === null && request.method !== "HEAD" && status !== 304) {
    headers.set("content-length", "0");
  }
  const head = serializeResponseHead(status, headers, statusText || undefined);
  try {
    await writeAll(transport, head, progress);
  } catch (error) {
    await body?.cancel(); // it may hold a file, or a connection to elsewhere
    throw error;
  }
  if (body === null) return;
  if (request.method === "HEAD") return await body.cancel();
  let left = typeof framing === "number" ? framing : Infinity;
  const write = async (piece: unknown) => {
    if (!(piece instanceof Uint8Array)) {
      throw new TypeError("Body of a response must consist of Uint8Array");
    }
    left -= piece.length;
    if (left < 0) throw new TypeError("Body of a response is longer than its Content-Length");
    const parts = framing === "chunked" ? chunkOf(piece) : [piece];
    waitsFor("client");
    for (const part of parts) await writeAll(transport, part, progress);
    waitsFor("body");
  };
  waitsFor("body");
  await body.pipeTo(new WritableStream({ write }), { signal });
  waitsFor("client");
  if (framing === "chunked") return await writeAll(transport, LAST_CHUNK_BYTES, progress);
  if (typeof framing === "number" && left > 0) {
    throw new TypeError("Body of a response is shorter than its Content-Length");
  }
}

/** Makes a chunk of a piece (RFC 9112 7.1): nothing of one without bytes, which would be the last. */
function chunkOf(piece: Uint8Array): Uint8Array[] {
  if (piece.length === 0) return [];
  const head = chunkHead(piece.length);
  if (piece.length > MAX_COPIED_BYTES) return [head, piece, CHUNK_END_BYTES];
  const chunk = new Uint8Array(head.length + piece.length + CHUNK_END_BYTES.length);
  chunk.set(head);
  chunk.set(piece, head.length);
  chunk.set(CHUNK_END_BYTES, head.length + piece.length);
  return [chunk];
}

/**
 * Makes the response that refuses a request: its text says the fault and the expectation.
 *
 * @param error The fault, with the status and the headers of the answer.
 * @returns A response of plain text.
 */
export function refusal(
  error: Pick<HandshakeError, "status" | "message" | "headers">,
): Response {
  return plainResponse(error.status, error.message, error.headers);
}

/**
 * Makes a response of one line of plain text.
 *
 * @param status The status.
 * @param text The line.
 * @param headers Further headers.
 * @returns The response.
 */
export function plainResponse(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const body = `${text}\n`;
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(UTF8.encode(body).length),
      ...headers,
    },
  });
}
