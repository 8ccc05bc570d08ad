import { HandshakeError, type RequestHead, RequestHeadParser } from "../../protocol/mod.ts";
import { ProxyError } from "./proxy_error.ts";
import { ProxySignature } from "./proxy_signature.ts";

/** Reads a request's head, and tells a PROXY header in its place from other bytes that are not HTTP. */
export class UnannouncedHeadParser extends RequestHeadParser {
  readonly #signature = new ProxySignature();

  /**
   * Reads the next chunk, as any parser of a head.
   *
   * @throws {HandshakeError} Where the head cannot be accepted.
   * @throws {ProxyError} Where that is because a PROXY header stands there, or the beginning of one.
   */
  override push(chunk: Uint8Array): RequestHead | undefined {
    this.#signature.look(chunk);
    try {
      return super.push(chunk);
    } catch (error) {
      const isHttp = error instanceof HandshakeError && error.code !== "MALFORMED_HEAD";
      if (isHttp || !this.#signature.likely) throw error;
      throw new ProxyError(
        "PROXY_HEADER_UNEXPECTED",
        "PROXY header is taken from trusted proxies only, and only one",
      );
    }
  }
}
