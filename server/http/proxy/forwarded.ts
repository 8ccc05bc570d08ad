import { HeaderScanner } from "../../../protocol/header_values.ts";
import { type ClientAddress, parseNode } from "../../net/client_address.ts";

/** The headers that can tell the client's address. */
export type ForwardedHeader = "x-forwarded-for" | "forwarded";

/** Those headers. */
export const FORWARDED_HEADERS: readonly ForwardedHeader[] = ["x-forwarded-for", "forwarded"];

/** The client in a forwarded header. */
export interface FoundClient {
  /**
   * The client, or the last proxy that is known, where the one before it is hidden or cannot be
   * read; `undefined` where that is the one that sent the header.
   */
  readonly client: ClientAddress | undefined;
  /** The rule that the header breaks where it was looked at, if it does. */
  readonly fault: string | undefined;
}

/** Tells whether an address is that of a trusted proxy. */
export type Trusts = (address: string) => boolean;

const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const EQUALS = 0x3d;

/** The characters that addresses and hosts hold although tokens do not: a colon and brackets. */
const UNQUOTED = [0x3a, 0x5b, 0x5d];

/**
 * Finds the client in a forwarded header that a trusted proxy sent. Each proxy adds the address it
 * got the request from at the right, so the list is walked from there, past each trusted proxy: the
 * first address that is not trusted is the client. Anybody may have written the part left of that,
 * so it is not looked at.
 *
 * A header that is malformed there tells no client: the client is unknown, and not refused, since
 * proxies differ in how they write it. `Forwarded` counts as a whole, as a quote on the left may
 * change the meaning of the right, but addresses need no quotes in it.
 *
 * @param header The header's name.
 * @param value Its value; several lines joined by commas.
 * @param trusts Tells which proxies are trusted.
 * @returns The client, and the fault in the header.
 */
export function findClient(
  header: ForwardedHeader,
  value: string,
  trusts: Trusts,
): FoundClient {
  let client: ClientAddress | undefined;
  try {
    const nodes = header === "forwarded" ? nodesOfForwarded(value) : nodesOfList(value);
    for (const node of nodes) {
      const hop = node === undefined ? undefined : parseNode(node);
      if (hop === undefined) break;
      client = hop;
      if (!trusts(hop.address)) break;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { client, fault: error.message };
  }
  return { client, fault: undefined };
}

/** The nodes of `X-Forwarded-For`, from the right, and no further than is asked for. */
function* nodesOfList(value: string): Iterable<string> {
  for (let end = value.length; end >= 0;) {
    const comma = end === 0 ? -1 : value.lastIndexOf(",", end - 1);
    const node = trim(value, comma + 1, end);
    // RFC 9110 5.6.1.2: empty elements are passed over.
    if (node !== "") yield node;
    end = comma;
  }
}

/** Without spaces and tabs around it (RFC 9110 5.6.3); `trim()` would take more. */
function trim(text: string, start: number, end: number): string {
  let first = start;
  let last = end;
  while (first < last && isBlank(text[first])) first++;
  while (last > first && isBlank(text[last - 1])) last--;
  return text.slice(first, last);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** The nodes of `Forwarded` (RFC 7239 4) from the right; `undefined` for a proxy that says none. */
function nodesOfForwarded(value: string): (string | undefined)[] {
  const nodes: (string | undefined)[] = [];
  const scanner = new HeaderScanner(value);
  do {
    const pairs = readElement(scanner);
    if (pairs !== undefined) nodes.push(pairs.get("for"));
  } while (scanner.take(COMMA));
  if (!scanner.atEnd) throw malformed("a comma or a semicolon must follow each value");
  return nodes.reverse();
}

/** Reads up to the next comma; `undefined` where nothing stands before it. */
function readElement(scanner: HeaderScanner): Map<string, string> | undefined {
  const pairs = new Map<string, string>();
  let separators = 0;
  for (;; separators++) {
    scanner.skipWhitespace();
    const name = scanner.token().toLowerCase();
    if (name !== "") {
      if (!scanner.take(EQUALS)) throw malformed('"=" must follow each name');
      if (pairs.has(name)) throw malformed("a name must stand only once for each proxy");
      pairs.set(name, readValue(scanner));
    }
    scanner.skipWhitespace();
    if (!scanner.take(SEMICOLON)) break;
  }
  return pairs.size === 0 && separators === 0 ? undefined : pairs;
}

/** A quoted string, or a token; colons and brackets need no quotes, as they end no value. */
function readValue(scanner: HeaderScanner): string {
  let text = scanner.token();
  for (;;) {
    const sign = UNQUOTED.find((code) => scanner.take(code));
    if (sign === undefined) break;
    text += String.fromCharCode(sign) + scanner.token();
  }
  if (text !== "") return text;
  const quoted = scanner.quotedString();
  if (quoted === undefined) throw malformed("each value must be a token or a quoted string");
  return quoted;
}

function malformed(rule: string): SyntaxError {
  return new SyntaxError(`Cannot read header: ${rule}`);
}
