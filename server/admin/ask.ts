import { Problem } from "./problem.ts";

/** How long the server may take to answer, in milliseconds: far longer than it does. */
const TIMEOUT = 30_000;

/**
 * Waits for what the server is asked.
 *
 * @param answer What it will say.
 * @param timeout How long to wait, in milliseconds.
 * @throws {Problem} 503 when it takes too long, or no worker answers; 400 when it does not take the parameters; 429 when it
 * is busy with as many others as it takes.
 */
export async function ask<Answer>(answer: Promise<Answer>, timeout = TIMEOUT): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Problem(503, "The server did not answer in time", RETRY)),
    timeout,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      throw new Problem(400, error.message);
    }
    if (error instanceof Deno.errors.TimedOut) throw new Problem(503, error.message, RETRY);
    if (error instanceof Deno.errors.Busy) throw new Problem(429, error.message, RETRY);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const RETRY = { headers: { "retry-after": "1" } };
