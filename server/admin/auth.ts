import { createHash } from "node:crypto";
import { timingSafeEqual as untypedTimingSafeEqual } from "@std/crypto/timing-safe-equal";
import { decodeBase64Url as untypedDecode } from "@std/encoding/base64url";

const decodeBase64Url: (text: string) => Uint8Array = untypedDecode;
const timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean = untypedTimingSafeEqual;

/** RFC 6750 2.1, and RFC 9110 11.1: the scheme is written in any case. */
const BEARER_REGEXP = /^bearer +([\x21-\x7e]+)$/i;

/** What the subprotocol begins with that carries a token, and then the token as base64url. */
const TOKEN_PROTOCOL = "token.";

/** Whether a request came with a token: without, with the right one, or with another. */
export type TokenUse = "none" | "valid" | "wrong";

/** The token that the ops port asks for, if it asks for one. */
export class TokenCheck {
  readonly #digest: Uint8Array | undefined;

  /**
   * @param token The token; `undefined` when none is needed.
   * @throws {TypeError} When it could not be sent in a header.
   */
  constructor(token: string | undefined) {
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new TypeError("The token of the ops port must be printable ASCII without spaces");
    }
    this.#digest = token === undefined ? undefined : digest(token);
  }

  /** Whether a token is needed. */
  get isNeeded(): boolean {
    return this.#digest !== undefined;
  }

  /**
   * Looks for a token in a request: in its `Authorization`, or where it has none, as a page's request
   * for a WebSocket cannot, in the subprotocol `token.…` that it offers, as base64url.
   *
   * @param headers The request's header fields.
   * @returns What token it holds; `none` too when none is needed.
   */
  use(headers: Headers): TokenUse {
    if (this.#digest === undefined) return "none";
    const authorization = headers.get("authorization");
    const offered = tokenProtocol(headers.get("sec-websocket-protocol") ?? "");
    if (authorization === null && offered === undefined) return "none";
    const token = authorization === null
      ? decodeToken(offered!)
      : BEARER_REGEXP.exec(authorization)?.[1];
    return token !== undefined && this.matches(token) ? "valid" : "wrong";
  }

  /**
   * Compares a token, in a time that tells nothing about ours, its length included: it is the
   * digests that are compared.
   *
   * @param token What somebody sent.
   * @returns Whether it is ours; `true` for anything when none is needed.
   */
  matches(token: string): boolean {
    return this.#digest === undefined || timingSafeEqual(this.#digest, digest(token));
  }
}

/** What stands behind the first `token.` in a list of subprotocols. */
function tokenProtocol(protocols: string): string | undefined {
  return protocols.split(",")
    .map((name) => name.trim())
    .find((name) => name.startsWith(TOKEN_PROTOCOL))
    ?.slice(TOKEN_PROTOCOL.length);
}

function decodeToken(text: string): string | undefined {
  try {
    return new TextDecoder().decode(decodeBase64Url(text));
  } catch {
    return undefined;
  }
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
