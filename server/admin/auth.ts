import { createHash } from "node:crypto";
import { timingSafeEqual as untypedTimingSafeEqual } from "@std/crypto/timing-safe-equal";

const timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean = untypedTimingSafeEqual;

/** RFC 6750 2.1, and RFC 9110 11.1: the scheme is written in any case. */
const BEARER_REGEXP = /^bearer +([\x21-\x7e]+)$/i;

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
   * Looks at the `Authorization` of a request.
   *
   * @param authorization The header field; `null` when the request has none.
   * @returns What token it holds; `none` too when none is needed.
   */
  use(authorization: string | null): TokenUse {
    if (this.#digest === undefined || authorization === null) return "none";
    const [, token] = BEARER_REGEXP.exec(authorization) ?? [];
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

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
