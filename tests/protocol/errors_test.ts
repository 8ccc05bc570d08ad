import { assert, assertEquals } from "@std/assert";
import {
  HANDSHAKE_ERRORS,
  HandshakeError,
  type HandshakeErrorCode,
  PROTOCOL_ERRORS,
  ProtocolError,
  type ProtocolErrorCode,
} from "../../protocol/errors.ts";
import { isOnWire } from "../../protocol/close_code.ts";

Deno.test("PROTOCOL_ERRORS pairs each rule with its close code (7.4.1): a public contract", () => {
  assertEquals(PROTOCOL_ERRORS, {
    RESERVED_BIT_SET: 1002,
    RESERVED_OPCODE: 1002,
    MASK_MISSING: 1002,
    MASK_FORBIDDEN: 1002,
    CONTROL_FRAGMENTED: 1002,
    CONTROL_TOO_LONG: 1002,
    LENGTH_NOT_MINIMAL: 1002,
    LENGTH_TOP_BIT_SET: 1002,
    CONTINUATION_UNEXPECTED: 1002,
    CONTINUATION_EXPECTED: 1002,
    MESSAGE_TOO_BIG: 1009,
    TOO_MANY_FRAGMENTS: 1008,
    INFLATE_FAILED: 1007,
    INVALID_UTF8: 1007,
    CLOSE_PAYLOAD_TOO_SHORT: 1002,
    CLOSE_CODE_INVALID: 1002,
    CLOSE_REASON_INVALID: 1007,
  });
});

Deno.test("PROTOCOL_ERRORS holds only codes that may be sent (7.4)", () => {
  for (const [code, closeCode] of Object.entries(PROTOCOL_ERRORS)) {
    assert(isOnWire(closeCode), code);
  }
});

Deno.test("ProtocolError carries its code and the close code of the table", () => {
  for (const code of Object.keys(PROTOCOL_ERRORS) as ProtocolErrorCode[]) {
    const error = new ProtocolError(code, "What is wrong");
    assert(error instanceof Error);
    assertEquals(error.name, "ProtocolError");
    assertEquals(error.message, "What is wrong");
    assertEquals(error.code, code);
    assertEquals(error.closeCode, PROTOCOL_ERRORS[code]);
  }
});

Deno.test("HANDSHAKE_ERRORS pairs each fault with its HTTP status: a public contract", () => {
  assertEquals(HANDSHAKE_ERRORS, {
    MALFORMED_HEAD: 400,
    REQUEST_LINE_TOO_LONG: 414,
    HEADER_LINE_TOO_LONG: 431,
    TOO_MANY_HEADERS: 431,
    HEAD_TOO_LARGE: 431,
    HEAD_INCOMPLETE: 400,
    HTTP_VERSION_UNSUPPORTED: 505,
    METHOD_NOT_ALLOWED: 405,
    METHOD_NOT_IMPLEMENTED: 501,
    CONTENT_LENGTH_INVALID: 400,
    TRANSFER_ENCODING_INVALID: 400,
    TRANSFER_CODING_UNSUPPORTED: 501,
    BODY_TOO_LARGE: 413,
    BODY_INCOMPLETE: 400,
    MALFORMED_CHUNK: 400,
    CHUNK_EXTRA_TOO_LARGE: 431,
    EXPECTATION_FAILED: 417,
    HOST_INVALID: 400,
    BODY_NOT_ALLOWED: 400,
    HTTP_VERSION_TOO_LOW: 400,
    UPGRADE_MISSING: 400,
    CONNECTION_MISSING: 400,
    VERSION_UNSUPPORTED: 426,
    KEY_INVALID: 400,
    SUBPROTOCOL_INVALID: 400,
    EXTENSIONS_INVALID: 400,
    STATUS_UNEXPECTED: 502,
    ACCEPT_INVALID: 502,
    SUBPROTOCOL_UNEXPECTED: 502,
    EXTENSION_UNEXPECTED: 502,
  });
});

Deno.test("HandshakeError carries its code, the status of the table, and headers", () => {
  for (const code of Object.keys(HANDSHAKE_ERRORS) as HandshakeErrorCode[]) {
    const error = new HandshakeError(code, "What is wrong", { Allow: "GET" });
    assert(error instanceof Error);
    assertEquals(error.name, "HandshakeError");
    assertEquals(error.message, "What is wrong");
    assertEquals(error.code, code);
    assertEquals(error.status, HANDSHAKE_ERRORS[code]);
    assertEquals(error.headers, { Allow: "GET" });
  }
});

Deno.test("HandshakeError has no headers when none are given", () => {
  assertEquals(new HandshakeError("KEY_INVALID", "What is wrong").headers, {});
});
