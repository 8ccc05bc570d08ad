import { assert } from "@std/assert";
import {
  HANDSHAKE_ERRORS,
  HandshakeError,
  PROTOCOL_ERRORS,
  ProtocolError,
} from "../../protocol/mod.ts";
import { PROXY_ERRORS, ProxyError } from "../../server/http/proxy/proxy_error.ts";

/** The errors that have codes, and the codes there are. */
const CODED = [
  [ProtocolError, PROTOCOL_ERRORS],
  [HandshakeError, HANDSHAKE_ERRORS],
  [ProxyError, PROXY_ERRORS],
] as const;

/** The longest message of an error: it becomes the reason of a Close frame, or the body of an answer. */
const MAX_MESSAGE = 123;

/**
 * The code of an error that may come of the input. Any other error is thrown on: it is a find.
 *
 * @param error What was thrown.
 * @param kinds The errors that are documented at the place that threw.
 */
export function codeOf(
  error: unknown,
  // deno-lint-ignore no-explicit-any -- whatever an error is made with
  ...kinds: readonly (new (...args: any[]) => Error)[]
): string {
  if (!(error instanceof Error) || !kinds.some((kind) => error.constructor === kind)) throw error;
  const table = CODED.find(([kind]) => error instanceof kind);
  if (table === undefined) return error.name;
  const { code } = error as Error & { code: string };
  assert(Object.hasOwn(table[1], code), `Unknown code ${code}`);
  // It is sent, so it holds nothing of the peer's that a terminal could act on.
  assert(/^[ -~]+$/.test(error.message), `Message is not plain: ${JSON.stringify(error.message)}`);
  assert(error.message.length <= MAX_MESSAGE, `Message is too long: ${error.message}`);
  return code;
}
