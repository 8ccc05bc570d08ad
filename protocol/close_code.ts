/**
 * Why a connection ends, RFC 6455 7.4.1 and the IANA registry that 11.7 opened.
 *
 * 1005 and 1006 are what an endpoint reports when there was nothing on the wire; with 1004 and 1015
 * they never appear in a Close frame.
 *
 * @example
 * ```ts
 * import { CloseCode, isOnWire } from "@fourtuple/fourtuple/protocol";
 * import { assert } from "@std/assert";
 *
 * assert(isOnWire(CloseCode.NormalClosure));
 * assert(!isOnWire(CloseCode.AbnormalClosure));
 * ```
 */
export const CloseCode: {
  /** The purpose of the connection is fulfilled. */
  readonly NormalClosure: 1000;
  /** A server goes down, or a browser leaves the page. */
  readonly GoingAway: 1001;
  /** The peer broke a rule of the protocol. */
  readonly ProtocolError: 1002;
  /** A type of data that cannot be accepted. */
  readonly UnsupportedData: 1003;
  /** Reported, never sent: the Close frame carried no code. */
  readonly NoStatusReceived: 1005;
  /** Reported, never sent: the transport ended without a Close frame. */
  readonly AbnormalClosure: 1006;
  /** Data that does not fit its type, such as text that is not UTF-8. */
  readonly InvalidPayload: 1007;
  /** A rule of the endpoint's own was broken. */
  readonly PolicyViolation: 1008;
  /** A message too big to process. */
  readonly MessageTooBig: 1009;
  /** A client misses an extension that it needs. */
  readonly MandatoryExtension: 1010;
  /** The endpoint met a condition that it did not expect. */
  readonly InternalError: 1011;
  /** The server restarts: come back later. */
  readonly ServiceRestart: 1012;
  /** The server is overloaded: come back later. */
  readonly TryAgainLater: 1013;
  /** A gateway got a bad answer from the server that it stands for. */
  readonly BadGateway: 1014;
} = {
  NormalClosure: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  NoStatusReceived: 1005,
  AbnormalClosure: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
};

/** One of the registered values of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/**
 * Tells whether a code may stand in a Close frame, sent or received (RFC 6455 7.4): 1000 to 1003,
 * 1007 to 1014, 3000 to 3999 (registered by libraries) and 4000 to 4999 (private).
 *
 * @param code The status code.
 * @returns Whether the code may appear on the wire.
 *
 * @example
 * ```ts
 * import { isOnWire } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1000, 1004, 1005, 2999, 4000].map(isOnWire), [true, false, false, false, true]);
 * ```
 */
export function isOnWire(code: number): boolean {
  return Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
      (code >= 3000 && code <= 4999));
}
