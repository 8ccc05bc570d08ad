import { Problem } from "./problem.ts";

/** The largest body of a request, in bytes: one that names 1,000 connections by IPv6 has 98,000. */
export const MAX_BODY_BYTES = 131_072;

/** How long a body may take to come, in milliseconds. */
const BODY_TIMEOUT = 10_000;

/** RFC 8259 has no parameters; `charset` is sent all the same. */
const JSON_TYPE_REGEXP = /^application\/json[ \t]*(?:;|$)/i;

/**
 * Reads the body of a request as JSON. A page elsewhere cannot send this type without asking first,
 * and nobody here says yes.
 *
 * @param request The request; its body is consumed.
 * @param timeout How long it may take, in milliseconds.
 * @returns What the body says.
 * @throws {Problem} 415 for another type, 413 when it is too large, 408 when it does not come in time,
 * 400 when it is no JSON.
 */
export async function readJson(request: Request, timeout = BODY_TIMEOUT): Promise<unknown> {
  if (!JSON_TYPE_REGEXP.test(request.headers.get("content-type") ?? "")) {
    throw new Problem(415, "Expected a body of type application/json");
  }
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const bytes = await readAll(request.body, timeout);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem(400, "Expected a body that is JSON in UTF-8");
  }
}

async function readAll(
  body: ReadableStream<Uint8Array> | null,
  timeout: number,
): Promise<Uint8Array> {
  const reader = body?.getReader();
  const bytes = new Uint8Array(MAX_BODY_BYTES);
  let length = 0;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Problem(408, "The body did not come in time")),
    timeout,
  );
  try {
    for (;;) {
      const chunk = await Promise.race([reader?.read(), late.promise]);
      if (chunk === undefined || chunk.done) return bytes.subarray(0, length);
      if (length + chunk.value.length > MAX_BODY_BYTES) throw tooLarge();
      bytes.set(chunk.value, length);
      length += chunk.value.length;
    }
  } catch (error) {
    // Waiting for it would be waiting for a client that may be gone.
    reader?.cancel().catch(() => {});
    // What else can go wrong is the connection, and nobody is left to read this.
    throw error instanceof Problem ? error : new Problem(400, "The body did not come whole");
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): Problem {
  return new Problem(413, `Expected a body of at most ${MAX_BODY_BYTES} bytes`);
}
