import { isToken } from "../protocol/mod.ts";
import type { ServeOptions } from "./options.ts";

/** What is called, where it is given. */
const HOOKS = ["fetch", "upgrade", "open", "message", "drain", "close", "log"] as const;

/**
 * Finds options that could never do what they are for. Limits, proxies and origins are checked where
 * they are resolved.
 *
 * @param options What a server is to be.
 * @throws {TypeError} When a hook is no function, when only one of `cert` and `key` is there, or when a
 * subprotocol is none that a client could name.
 */
export function checkOptions<Data>(options: ServeOptions<Data>): void {
  const { cert, key, subprotocols = [] } = options;
  for (const name of HOOKS) {
    // `null` in the place of `upgrade` would let everybody in.
    if (options[name] === undefined || typeof options[name] === "function") continue;
    throw new TypeError(`Cannot serve: ${name} must be a function`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("Cannot serve TLS: cert and key are needed together");
  }
  for (const subprotocol of subprotocols) {
    if (!isToken(subprotocol)) {
      throw new TypeError(`Cannot serve: subprotocol is not a token: "${subprotocol}"`);
    }
  }
}
