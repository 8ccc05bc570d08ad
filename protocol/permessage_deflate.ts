import { HandshakeError } from "./errors.ts";
import type { Extension, ExtensionNegotiator, ExtensionParameter } from "./extensions.ts";
import type { Role } from "./frame_check.ts";

/** The name under which the extension is registered (RFC 7692 7). */
export const PERMESSAGE_DEFLATE = "permessage-deflate";

const SERVER_NO_TAKEOVER = "server_no_context_takeover";
const CLIENT_NO_TAKEOVER = "client_no_context_takeover";
const SERVER_BITS = "server_max_window_bits";
const CLIENT_BITS = "client_max_window_bits";

/** The window where nothing else was agreed: 32 KiB (RFC 7692 7.1.2). */
const MAX_BITS = 15;

/**
 * The smallest window that a server asks a client for. The extension has 8 bits too, but zlib cannot
 * deflate so without a header: clients that are built on it fail when they are asked for it. One that
 * names 8 in its offer can do it.
 */
const MIN_ASKED_BITS = 9;

/** The agreement of both ends: how each of them deflates (RFC 7692 7.1). */
export interface DeflateParameters {
  /** Whether the server begins each message with an empty window. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client begins each message with an empty window. */
  readonly clientNoContextTakeover: boolean;
  /** The base-2 logarithm of the server's window in bytes, 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** The base-2 logarithm of the client's window in bytes, 8 to 15. */
  readonly clientMaxWindowBits: number;
}

/** How one end deflates what it sends. */
export interface DeflateDirection {
  /** The base-2 logarithm of its window in bytes, 8 to 15. */
  readonly windowBits: number;
  /** Whether it keeps its window from one message to the next. */
  readonly contextTakeover: boolean;
}

/** The memory that an end is willing to spend on the extension. */
export interface DeflatePolicy {
  /**
   * The largest window for either direction, as the base-2 logarithm of its bytes, 8 to 15. A server
   * takes 8 for its own window alone: a client that does not ask for 8 may keep 9.
   */
  readonly windowBits: number;
  /** Whether a window may be kept from one message to the next, which costs memory while idle. */
  readonly contextTakeover: boolean;
}

/** The parameters as they were read; `null` stands for a name without its optional value. */
interface ReadParameters {
  readonly serverNoTakeover: boolean;
  readonly clientNoTakeover: boolean;
  readonly serverBits: number | undefined;
  readonly clientBits: number | null | undefined;
}

/**
 * Makes what a server needs to accept permessage-deflate (RFC 7692 7.1). An offer with a parameter
 * that is unknown, repeated or malformed is declined, so that the next one has its turn.
 *
 * A client that cannot be told to use a smaller window, since it did not offer that, is told not to
 * keep its window instead: what a connection costs while idle never exceeds the policy, but for the
 * 256 bytes of a client's ninth bit.
 *
 * @param policy The most that the server grants.
 * @returns The negotiator; {@linkcode deflateParameters} reads the answers that it gives.
 * @throws {RangeError} When the policy's window is not one of 8 to 15.
 *
 * @example
 * ```ts
 * import { deflateNegotiator } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const negotiator = deflateNegotiator({ windowBits: 12, contextTakeover: true });
 * assertEquals(negotiator.accept([["client_max_window_bits", undefined]]), [
 *   ["server_max_window_bits", "12"],
 *   ["client_max_window_bits", "12"],
 * ]);
 * ```
 */
export function deflateNegotiator(policy: DeflatePolicy): ExtensionNegotiator {
  checkPolicy(policy);
  return {
    name: PERMESSAGE_DEFLATE,
    accept(parameters: readonly ExtensionParameter[]): ExtensionParameter[] | undefined {
      const offer = readParameters(parameters);
      return offer === undefined ? undefined : answer(offer, policy);
    },
  };
}

function answer(offer: ReadParameters, policy: DeflatePolicy): ExtensionParameter[] {
  const { windowBits, contextTakeover } = policy;
  const parameters: ExtensionParameter[] = [];
  // 7.1.1: either may be answered without having been offered.
  if (offer.serverNoTakeover || !contextTakeover) parameters.push([SERVER_NO_TAKEOVER, undefined]);
  const unlimited = offer.clientBits === undefined && windowBits < MAX_BITS;
  if (offer.clientNoTakeover || !contextTakeover || unlimited) {
    parameters.push([CLIENT_NO_TAKEOVER, undefined]);
  }
  // 7.1.2.1: the same value or a smaller one, also where none was offered.
  const serverBits = Math.min(windowBits, offer.serverBits ?? MAX_BITS);
  if (offer.serverBits !== undefined || serverBits < MAX_BITS) {
    parameters.push([SERVER_BITS, String(serverBits)]);
  }
  // 7.1.2.2: only where the client has offered it; any value up to the one offered.
  if (offer.clientBits !== undefined) {
    const asked = Math.max(windowBits, MIN_ASKED_BITS);
    const clientBits = Math.min(asked, offer.clientBits ?? MAX_BITS);
    if (clientBits < MAX_BITS) parameters.push([CLIENT_BITS, String(clientBits)]);
  }
  return parameters;
}

/**
 * Reads what was agreed on out of the answer of a server that is known to be right: its own, as
 * {@linkcode deflateNegotiator} gave it.
 *
 * @param answer The parameters of the answer.
 * @returns The agreement.
 * @throws {TypeError} When it is not a right answer.
 *
 * @example
 * ```ts
 * import { deflateParameters } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(deflateParameters([["server_no_context_takeover", undefined]]), {
 *   serverNoContextTakeover: true,
 *   clientNoContextTakeover: false,
 *   serverMaxWindowBits: 15,
 *   clientMaxWindowBits: 15,
 * });
 * ```
 */
export function deflateParameters(answer: readonly ExtensionParameter[]): DeflateParameters {
  const read = readParameters(answer);
  if (read === undefined || read.clientBits === null) {
    throw new TypeError("Parameters must be those of an answer to permessage-deflate");
  }
  return {
    serverNoContextTakeover: read.serverNoTakeover,
    clientNoContextTakeover: read.clientNoTakeover,
    serverMaxWindowBits: read.serverBits ?? MAX_BITS,
    clientMaxWindowBits: read.clientBits ?? MAX_BITS,
  };
}

/**
 * Picks what was agreed on for one direction.
 *
 * @param parameters The agreement.
 * @param sender The end that deflates: the server or the client.
 * @returns How it does.
 *
 * @example
 * ```ts
 * import { deflateDirection, deflateParameters } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const agreed = deflateParameters([["client_max_window_bits", "9"]]);
 * assertEquals(deflateDirection(agreed, "client"), { windowBits: 9, contextTakeover: true });
 * ```
 */
export function deflateDirection(parameters: DeflateParameters, sender: Role): DeflateDirection {
  const server = sender === "server";
  return {
    windowBits: server ? parameters.serverMaxWindowBits : parameters.clientMaxWindowBits,
    contextTakeover: server
      ? !parameters.serverNoContextTakeover
      : !parameters.clientNoContextTakeover,
  };
}

/**
 * Makes the offer of a client (RFC 7692 7.1).
 *
 * @param policy The most that the client is willing to spend.
 * @returns The extension for the opening handshake.
 * @throws {RangeError} When the policy's window is not one of 8 to 15.
 *
 * @example
 * ```ts
 * import { deflateOffer, serializeExtensions } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const offer = deflateOffer({ windowBits: 15, contextTakeover: true });
 * assertEquals(serializeExtensions([offer]), "permessage-deflate; client_max_window_bits");
 * ```
 */
export function deflateOffer(policy: DeflatePolicy): Extension {
  checkPolicy(policy);
  const { windowBits, contextTakeover } = policy;
  const parameters: ExtensionParameter[] = [];
  if (!contextTakeover) {
    parameters.push([SERVER_NO_TAKEOVER, undefined], [CLIENT_NO_TAKEOVER, undefined]);
  }
  const bits = windowBits < MAX_BITS ? String(windowBits) : undefined;
  if (bits !== undefined) parameters.push([SERVER_BITS, bits]);
  // 7.1.2.2: without a value it says that the server may choose.
  parameters.push([CLIENT_BITS, bits]);
  return { name: PERMESSAGE_DEFLATE, parameters };
}

/**
 * Checks the answer of a server (RFC 7692 7.1): a client must fail the connection where it is wrong.
 *
 * @param parameters The parameters of the answer.
 * @param offer The offer of {@linkcode deflateOffer}.
 * @returns The agreement.
 * @throws {HandshakeError} `EXTENSIONS_INVALID` where a parameter is unknown, repeated or malformed,
 * grants more than was offered, or was offered and is missing.
 * @throws {TypeError} When the offer is not one of permessage-deflate.
 *
 * @example
 * ```ts
 * import { checkDeflateAnswer, deflateOffer } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const offer = deflateOffer({ windowBits: 15, contextTakeover: true });
 * const agreed = checkDeflateAnswer([["client_max_window_bits", "9"]], offer);
 * assertEquals([agreed.serverMaxWindowBits, agreed.clientMaxWindowBits], [15, 9]);
 * ```
 */
export function checkDeflateAnswer(
  parameters: readonly ExtensionParameter[],
  offer: Extension,
): DeflateParameters {
  const answered = readParameters(parameters);
  const offered = readParameters(offer.parameters);
  if (offered === undefined) throw new TypeError("Offer must be one of permessage-deflate");
  if (answered === undefined) {
    throw invalid("has a parameter that is unknown, repeated or malformed");
  }
  const { serverBits, clientBits } = answered;
  // 7.1.1.1, 7.1.2.1: who accepts an offer accepts what it asks of the server.
  if (offered.serverNoTakeover && !answered.serverNoTakeover) {
    throw invalid(`lacks ${SERVER_NO_TAKEOVER}, which was offered`);
  }
  if (offered.serverBits !== undefined && (serverBits ?? MAX_BITS + 1) > offered.serverBits) {
    throw invalid(`must have ${SERVER_BITS} of at most ${offered.serverBits}`);
  }
  // 7.1.2.2: only where it was offered, and in an answer never without its value.
  if (clientBits === null || (clientBits !== undefined && offered.clientBits === undefined)) {
    throw invalid(`must have ${CLIENT_BITS} only if offered, and with a value`);
  }
  const mostBits = offered.clientBits ?? MAX_BITS;
  if (clientBits !== undefined && clientBits > mostBits) {
    throw invalid(`must have ${CLIENT_BITS} of at most ${mostBits}`);
  }
  return {
    serverNoContextTakeover: answered.serverNoTakeover,
    // 7.1.1.2, 7.1.2.2: what the client said of itself holds also where the answer is silent.
    clientNoContextTakeover: answered.clientNoTakeover || offered.clientNoTakeover,
    serverMaxWindowBits: serverBits ?? MAX_BITS,
    clientMaxWindowBits: clientBits ?? mostBits,
  };
}

/** Reads the parameters of an offer or an answer; `undefined` where one of them is wrong. */
function readParameters(parameters: readonly ExtensionParameter[]): ReadParameters | undefined {
  let serverNoTakeover = false;
  let clientNoTakeover = false;
  let serverBits: number | undefined;
  let clientBits: number | null | undefined;
  for (const [name, value] of parameters) {
    switch (name) {
      case SERVER_NO_TAKEOVER:
        if (serverNoTakeover || value !== undefined) return undefined;
        serverNoTakeover = true;
        break;
      case CLIENT_NO_TAKEOVER:
        if (clientNoTakeover || value !== undefined) return undefined;
        clientNoTakeover = true;
        break;
      case SERVER_BITS:
        if (serverBits !== undefined || value === undefined) return undefined;
        if ((serverBits = readBits(value)) === undefined) return undefined;
        break;
      case CLIENT_BITS:
        if (clientBits !== undefined) return undefined;
        if ((clientBits = value === undefined ? null : readBits(value)) === undefined) {
          return undefined;
        }
        break;
      default:
        return undefined;
    }
  }
  return { serverNoTakeover, clientNoTakeover, serverBits, clientBits };
}

/** 7.1.2: a decimal number from 8 to 15 without leading zeros. */
function readBits(value: string): number | undefined {
  return /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

function checkPolicy({ windowBits }: DeflatePolicy): void {
  if (!Number.isInteger(windowBits) || windowBits < 8 || windowBits > MAX_BITS) {
    throw new RangeError(`Window bits must be a whole number from 8 to 15: received ${windowBits}`);
  }
}

function invalid(what: string): HandshakeError {
  return new HandshakeError("EXTENSIONS_INVALID", `Answer to permessage-deflate ${what}`);
}
