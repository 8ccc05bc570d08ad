import { canonicalAddress } from "./four_tuple.ts";

/** A client's address, as a trusted proxy tells it. */
export interface ClientAddress {
  /** The address in canonical form, as a 4-tuple has it. */
  readonly address: string;
  /** The port, 1 to 65535; absent where the proxy does not tell it. */
  readonly port?: number;
}

/**
 * Reads a node of a forwarded header (RFC 7239 6): an address, perhaps with a port, IPv6
 * with a port in brackets; `unknown`, or a name that hides it, `_x`. Bare IPv6 is taken too, as
 * `X-Forwarded-For` has it; where it ends in an IPv4 address, even with a port. A zone is left out.
 *
 * @param text The node, without quotes.
 * @returns `undefined` where it hides the address.
 * @throws {SyntaxError} If the text is not valid.
 */
export function parseNode(text: string): ClientAddress | undefined {
  const colon = portColon(text);
  const host = colon === -1 ? text : text.slice(0, colon);
  const port = colon === -1 ? undefined : parsePort(text.slice(colon + 1));
  if (host === "unknown" || isObfuscated(host)) return undefined;
  const bracketed = host.startsWith("[");
  if (bracketed && !(host.endsWith("]") && host.includes(":"))) throw fault();
  const address = readAddress(bracketed ? host.slice(1, -1) : host);
  return port === undefined ? { address } : { address, port };
}

/**
 * Reads an address, whatever its family.
 *
 * @param text IPv4, or IPv6 without brackets; a zone after it (RFC 4007 11) names an interface of
 * the proxy's host, and is left out.
 * @returns The address in canonical form.
 * @throws {SyntaxError} If the text is not valid.
 */
export function readAddress(text: string): string {
  const zone = text.includes(":") ? /%[A-Za-z0-9._~-]{1,64}$/.exec(text) : null;
  return canonicalAddress(zone === null ? text : text.slice(0, zone.index));
}

/** The colon before the port; -1 without a port. */
function portColon(text: string): number {
  const last = text.lastIndexOf(":");
  if (text.startsWith("[")) return text.endsWith("]") ? -1 : last;
  // More than one without brackets: IPv6, which has a port then only after dotted IPv4.
  return text.indexOf(":") === last || text.lastIndexOf(".") > text.lastIndexOf(":", last - 1) &&
      text.lastIndexOf(".") < last
    ? last
    : -1;
}

/** Tells whether a port is given: a hidden one, or 0, is not. */
function parsePort(text: string): number | undefined {
  if (isObfuscated(text)) return undefined;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw fault();
  return port === 0 ? undefined : port;
}

/** RFC 7239 6.3. */
function isObfuscated(text: string): boolean {
  return /^_[A-Za-z0-9._-]+$/.test(text);
}

function fault(): SyntaxError {
  return new SyntaxError("Cannot parse node: expected an address, perhaps with a port");
}
