import { HandshakeError, type RequestHead, RequestHeadParser } from "../../../protocol/mod.ts";
import { ProxyError } from "./proxy_error.ts";
import { ProxySignature } from "./proxy_signature.ts";

/** The first byte of a connection that begins with TLS. */
const TLS_HANDSHAKE = 0x16;

/**
 * Reads a request's head, and tells a PROXY header or the beginning of TLS in its place from other
 * bytes that are not HTTP.
 */
export class UnannouncedHeadParser extends RequestHeadParser {
  readonly #signature = new ProxySignature();
  #begun = false;

  /**
   * Reads the next chunk, as any parser of a head.
   *
   * @throws {HandshakeError} Where the head cannot be accepted.
   * @throws {ProxyError} Where that is because a PROXY header stands there, or the beginning of
   * one.
   */
  override push(chunk: Uint8Array): RequestHead | undefined {
    // RFC 8446 5.1: TLS begins with a record of the type handshake, and HTTP never with that byte.
    if (!this.#begun && chunk[0] === TLS_HANDSHAKE) {
      throw new HandshakeError(
        "MALFORMED_HEAD",
        "Client speaks TLS, which this port does not: expected ws: or http:",
      );
    }
    this.#begun ||= chunk.length > 0;
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
