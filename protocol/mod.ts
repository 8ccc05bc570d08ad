/**
 * RFC 6455 for both roles and the negotiation of RFC 7692, as pure functions and state machines:
 * bytes in, fragments and messages out. Nothing in here opens a socket, reads a clock or draws a
 * random number, so tests, fuzzers and tools drive it with plain bytes.
 *
 * @example A whole connection after its handshake
 * ```ts
 * import { Endpoint } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const server = new Endpoint({ role: "server" });
 * const client = new Endpoint({ role: "client", maskKey: () => 0x37fa213d });
 * client.send("Hello");
 * server.receive(client.take(), (message) => server.send(`${message}!`));
 * client.receive(server.take(), (message) => assertEquals(message, "Hello!"));
 * ```
 *
 * @example Frames out of a stream of bytes
 * ```ts
 * import { encodeFrame, FrameDecoderStream, Opcode } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = ReadableStream.from([encodeFrame(Opcode.Text, "Hello")]);
 * for await (const { payload } of bytes.pipeThrough(new FrameDecoderStream({ role: "client" }))) {
 *   assertEquals(new TextDecoder().decode(payload), "Hello");
 * }
 * ```
 *
 * @module
 */
export { BodyDecoder } from "./body_decoder.ts";
export {
  type BodyFraming,
  bodyFraming,
  checkMethod,
  CHUNK_END,
  chunkHead,
  expectsContinue,
  keepsAlive,
  LAST_CHUNK,
  type ResponseFraming,
  responseFraming,
} from "./body_framing.ts";
export {
  type AcceptedUpgrade,
  checkUpgradeResponse,
  type ClientHandshake,
  serializeUpgradeRequest,
  type UpgradeExpectations,
} from "./client_handshake.ts";
export * from "./close_code.ts";
export * from "./close_payload.ts";
export * from "./endpoint.ts";
export * from "./errors.ts";
export {
  type Extension,
  type ExtensionNegotiator,
  type ExtensionParameter,
  negotiateExtensions,
  parseExtensions,
  serializeExtensions,
} from "./extensions.ts";
export type { Role } from "./frame_check.ts";
export * from "./frame_decoder.ts";
export * from "./frame_decoder_stream.ts";
export * from "./frame_encoder.ts";
export {
  checkUpgradeRequest,
  chooseSubprotocol,
  computeAccept,
  hasBody,
  isUpgradeRequest,
  serializeUpgradeResponse,
  type UpgradeRequest,
  type UpgradeResponse,
} from "./handshake.ts";
export { HeadFields } from "./head_fields.ts";
export { HeadParser, type StartLineRules } from "./head_parser.ts";
export {
  type HeaderPairs,
  serializeRequestHead,
  serializeResponseHead,
} from "./head_serializer.ts";
export { isToken } from "./header_values.ts";
export { isHost } from "./host.ts";
export {
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from "./http_head.ts";
export * from "./limits.ts";
export * from "./mask.ts";
export * from "./message_assembler.ts";
export * from "./opcode.ts";
export * from "./permessage_deflate.ts";
export { type RequestTarget, requestUrl, splitTarget } from "./request_target.ts";
export * from "./session.ts";
export * from "./utf8.ts";
