import { HandshakeError } from "./errors.ts";
import { HeaderScanner, isToken } from "./header_values.ts";

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/** More than any client offers; the bound keeps a hostile header from costing more than its bytes. */
const MAX_EXTENSIONS = 32;
const MAX_PARAMETERS = 16;

/** A parameter of an extension: its name and its value, `undefined` where it has none. */
export type ExtensionParameter = readonly [name: string, value: string | undefined];

/** An extension as `Sec-WebSocket-Extensions` names it, offered or accepted (RFC 6455 9.1). */
export interface Extension {
  /** The registered name, such as `permessage-deflate`. */
  readonly name: string;
  /** Its parameters in their order; the same name may come twice, the extension judges that. */
  readonly parameters: readonly ExtensionParameter[];
}

/** The part of an extension in the opening handshake of a server. */
export interface ExtensionNegotiator {
  /** The name that offers carry. */
  readonly name: string;
  /**
   * Decides about one offer.
   *
   * @param parameters The client's offer.
   * @returns The parameters of the answer, or `undefined` to decline this offer.
   */
  accept(parameters: readonly ExtensionParameter[]): readonly ExtensionParameter[] | undefined;
}

/**
 * Reads a `Sec-WebSocket-Extensions` header (RFC 6455 9.1).
 *
 * @param value The header value, several lines joined by commas, or `undefined` for no header.
 * @returns The extensions in their order; at most 32 with at most 16 parameters each.
 * @throws {HandshakeError} `EXTENSIONS_INVALID` where the value breaks the grammar or these bounds.
 *
 * @example
 * ```ts
 * import { parseExtensions } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseExtensions('foo; bits="10"; quick'), [
 *   { name: "foo", parameters: [["bits", "10"], ["quick", undefined]] },
 * ]);
 * ```
 */
export function parseExtensions(value: string | undefined): Extension[] {
  const extensions: Extension[] = [];
  if (value === undefined) return extensions;
  const scanner = new HeaderScanner(value);
  do {
    scanner.skipWhitespace();
    const name = scanner.token();
    // RFC 9110 5.6.1.2: empty list elements are skipped.
    if (name !== "") {
      extensions.push({ name, parameters: parseParameters(scanner) });
      if (extensions.length > MAX_EXTENSIONS) {
        throw invalid(`Sec-WebSocket-Extensions names more than ${MAX_EXTENSIONS} extensions`);
      }
    }
    scanner.skipWhitespace();
  } while (scanner.take(COMMA));
  if (!scanner.atEnd) throw invalid("Sec-WebSocket-Extensions is malformed");
  if (extensions.length === 0) throw invalid("Sec-WebSocket-Extensions is empty");
  return extensions;
}

function parseParameters(scanner: HeaderScanner): ExtensionParameter[] {
  const parameters: ExtensionParameter[] = [];
  scanner.skipWhitespace();
  while (scanner.take(SEMICOLON)) {
    scanner.skipWhitespace();
    const name = scanner.token();
    if (name === "") throw invalid("Sec-WebSocket-Extensions has a parameter without a name");
    if (parameters.length === MAX_PARAMETERS) {
      throw invalid(`Sec-WebSocket-Extensions has more than ${MAX_PARAMETERS} parameters`);
    }
    scanner.skipWhitespace();
    parameters.push([name, scanner.take(EQUALS) ? parseParameterValue(scanner) : undefined]);
    scanner.skipWhitespace();
  }
  return parameters;
}

function parseParameterValue(scanner: HeaderScanner): string {
  scanner.skipWhitespace();
  const value = scanner.quotedString() ?? scanner.token();
  // RFC 6455 9.1: also a quoted value must be a token once its quotes and backslashes are gone.
  if (!isToken(value)) throw invalid("Sec-WebSocket-Extensions has a value that is not a token");
  return value;
}

/**
 * Writes a `Sec-WebSocket-Extensions` value. Values are tokens, so nothing is ever quoted.
 *
 * @param extensions At least one extension.
 * @returns The header value.
 * @throws {TypeError} Where a name or a value is not a token.
 *
 * @example
 * ```ts
 * import { serializeExtensions } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const value = serializeExtensions([{ name: "foo", parameters: [["bits", "10"], ["quick", undefined]] }]);
 * assertEquals(value, "foo; bits=10; quick");
 * ```
 */
export function serializeExtensions(extensions: readonly Extension[]): string {
  return extensions.map(({ name, parameters }) => {
    let text = requireToken(name);
    for (const [key, value] of parameters) {
      text += `; ${requireToken(key)}`;
      if (value !== undefined) text += `=${requireToken(value)}`;
    }
    return text;
  }).join(", ");
}

/**
 * Chooses extensions for the answer of a server: the first acceptable offer of each name, in the
 * order of the offers. Names that no negotiator has are ignored (RFC 6455 9.1).
 *
 * @param offers The client's offers.
 * @param negotiators The extensions that the server has.
 * @returns The extensions for the answer.
 *
 * @example
 * ```ts
 * import { negotiateExtensions, parseExtensions } from "@fourtuple/fourtuple/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const foo = { name: "foo", accept: () => [] };
 * assertEquals(negotiateExtensions(parseExtensions("bar, foo; quick"), [foo]), [
 *   { name: "foo", parameters: [] },
 * ]);
 * ```
 */
export function negotiateExtensions(
  offers: readonly Extension[],
  negotiators: readonly ExtensionNegotiator[],
): Extension[] {
  const accepted: Extension[] = [];
  for (const { name, parameters } of offers) {
    if (accepted.some((extension) => extension.name === name)) continue;
    const negotiator = negotiators.find((candidate) => candidate.name === name);
    const answer = negotiator?.accept(parameters);
    if (answer !== undefined) accepted.push({ name, parameters: answer });
  }
  return accepted;
}

function requireToken(text: string): string {
  if (!isToken(text)) throw new TypeError("Extension names and values must be tokens");
  return text;
}

function invalid(message: string): HandshakeError {
  return new HandshakeError("EXTENSIONS_INVALID", message);
}
