import { isToken } from "../protocol/mod.ts";
import type { ServeOptions } from "./options.ts";

/**
 * Finds options that could never do what they are for. The limits are checked where they are resolved.
 *
 * @param options What a server is to be.
 * @throws {TypeError} When only one of `cert` and `key` is there, or an origin or a subprotocol is none that
 * a client could name.
 */
export function checkOptions<Data>(options: ServeOptions<Data>): void {
  const { cert, key, origins = [], subprotocols = [] } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("Cannot serve TLS: cert and key are needed together");
  }
  for (const origin of origins === "*" ? [] : origins) {
    if (URL.parse(origin) === null || !origin.includes("://")) {
      throw new TypeError(`Cannot serve: not an origin such as "https://a.example": "${origin}"`);
    }
  }
  for (const subprotocol of subprotocols) {
    if (!isToken(subprotocol)) {
      throw new TypeError(`Cannot serve: subprotocol is not a token: "${subprotocol}"`);
    }
  }
}
