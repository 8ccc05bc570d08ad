import { type HandshakeError, serializeResponseHead } from "../../protocol/mod.ts";
import { type Transport, writeAll } from "../net/transport.ts";

/** Options of writing a response. */
export interface ResponseOptions {
  /** Whether the request was HEAD, which gets no body (RFC 9110 9.3.2). */
  readonly headOnly: boolean;
  /** Gives the response up, and cancels its body. */
  readonly signal: AbortSignal;
  /** Called after each write, also one that took only a part. */
  progress(): void;
}

/**
 * Writes a response and ends it with the connection: one response for each, `Connection: close`.
 *
 * @param transport The transport; the caller lingers and closes.
 * @param response The response; its body is consumed.
 * @param options Whether there is a body, and how it can be given up.
 */
export async function writeResponse(
  transport: Transport,
  response: Response,
  { headOnly, signal, progress }: ResponseOptions,
): Promise<void> {
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  // RFC 9110 7.8: the sender of Upgrade names it in Connection.
  headers.set("connection", headers.has("upgrade") ? "close, Upgrade" : "close");
  headers.delete("transfer-encoding"); // the body ends with the connection (RFC 9112 6.3)
  if (!headers.has("date")) headers.set("date", new Date().toUTCString());
  if (body === null && !headOnly && status !== 204 && status !== 304) {
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
  if (headOnly) return await body.cancel();
  const write = (chunk: Uint8Array) => writeAll(transport, chunk, progress);
  await body.pipeTo(new WritableStream({ write }), { signal });
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
      "content-length": String(new TextEncoder().encode(body).length),
      ...headers,
    },
  });
}
