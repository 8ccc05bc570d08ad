import { CloseCode, isOnWire } from "./close_code.ts";
import { ProtocolError } from "./errors.ts";

/** The longest reason, in bytes of UTF-8: a control frame holds 125 bytes, the code takes two. */
export const MAX_REASON_BYTES = 123;

/** The status in a Close frame. */
export interface CloseStatus {
  /** The status code; 1005 when the frame carried none (RFC 6455 7.1.5). */
  readonly code: number;
  /** The reason, empty when there was none. It comes from the peer: escape it before showing it. */
  readonly reason: string;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the payload of a Close frame (RFC 6455 5.5.1, 7.1.5, 7.1.6).
 *
 * @param payload The unmasked payload; it is only read.
 * @returns The code and the reason.
 * @throws {ProtocolError} `CLOSE_PAYLOAD_TOO_SHORT`, `CLOSE_CODE_INVALID` or `CLOSE_REASON_INVALID`.
 *
 * @example
 * ```ts
 * import { parseClosePayload } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseClosePayload(Uint8Array.of(0x03, 0xe8)), { code: 1000, reason: "" });
 * ```
 */
export function parseClosePayload(payload: Uint8Array): CloseStatus {
  if (payload.length === 0) return { code: CloseCode.NoStatusReceived, reason: "" };
  // 5.5.1: a body begins with a two-byte code.
  if (payload.length === 1) {
    throw new ProtocolError(
      "CLOSE_PAYLOAD_TOO_SHORT",
      "Close payload is 1 byte: expected 0 or >= 2",
    );
  }
  const code = payload[0]! << 8 | payload[1]!;
  if (!isOnWire(code)) {
    throw new ProtocolError("CLOSE_CODE_INVALID", `Close code ${code} may not be sent`);
  }
  try {
    return { code, reason: DECODER.decode(payload.subarray(2)) };
  } catch {
    throw new ProtocolError("CLOSE_REASON_INVALID", "Close reason is not UTF-8");
  }
}

/**
 * Writes the payload of a Close frame (RFC 6455 5.5.1).
 *
 * @param code The status code, one that may be sent; `undefined` for a frame without a body.
 * @param reason The reason, at most 123 bytes in UTF-8.
 * @returns The payload, 0 to 125 bytes, the caller's own.
 * @throws {TypeError} When the reason is no string.
 * @throws {RangeError} When the code may not be sent, the reason is too long, or there is a reason
 * without a code.
 *
 * @example
 * ```ts
 * import { serializeClosePayload } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(serializeClosePayload(1000, "ok"), Uint8Array.of(0x03, 0xe8, 0x6f, 0x6b));
 * ```
 */
export function serializeClosePayload(code?: number, reason = ""): Uint8Array {
  // A value that is not text would be written in words of the engine's own, whatever it holds.
  if (typeof reason !== "string") {
    throw new TypeError(
      `Cannot send close frame as reason must be a string: received ${typeof reason}`,
    );
  }
  if (code === undefined) {
    if (reason === "") return new Uint8Array(0);
    throw new RangeError("Cannot send close frame as a reason needs a code");
  }
  if (!isOnWire(code)) {
    throw new RangeError(
      `Cannot send close frame as code must be 1000-1003, 1007-1014 or 3000-4999: received ${code}`,
    );
  }
  const text = ENCODER.encode(reason);
  if (text.length > MAX_REASON_BYTES) {
    throw new RangeError(
      `Cannot send close frame as reason must be <= ${MAX_REASON_BYTES} bytes: received ${text.length} bytes`,
    );
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code;
  payload.set(text, 2);
  return payload;
}
