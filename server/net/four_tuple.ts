/**
 * The TCP 4-tuple: the name of one connection, and the key of the registry.
 *
 * @module
 */

/**
 * The two ends of one TCP connection. No two live connections of a host have the same four values.
 */
export interface FourTuple {
  /** The client's address in canonical form (see {@linkcode canonicalAddress}). */
  sourceAddress: string;
  /** The client's port, 1 to 65535. */
  sourcePort: number;
  /** Our address, as the client dialled it, in canonical form. */
  destinationAddress: string;
  /** Our port, 1 to 65535. */
  destinationPort: number;
}

/**
 * The longest text form: two bracketed IPv6 addresses with a dotted tail, two ports, one hyphen.
 */
const MAX_TEXT_LENGTH = 2 * (1 + 45 + 1 + 1 + 5) + 1;

/**
 * Returns the 4-tuple of an accepted connection: the remote end is the source.
 *
 * The runtime prints addresses as RFC 5952 does, so only the v4-mapped form needs work here.
 *
 * @param conn An accepted connection, or its two addresses.
 */
export function fourTupleOf(
  conn: { remoteAddr: Deno.NetAddr; localAddr: Deno.NetAddr },
): FourTuple {
  return {
    sourceAddress: unmap(conn.remoteAddr.hostname),
    sourcePort: conn.remoteAddr.port,
    destinationAddress: unmap(conn.localAddr.hostname),
    destinationPort: conn.localAddr.port,
  };
}

/**
 * Returns the 4-tuple of a connection that we have opened: our own end is the source.
 *
 * @param conn A connection, or its two addresses.
 */
export function ownTupleOf(
  { remoteAddr, localAddr }: { remoteAddr: Deno.NetAddr; localAddr: Deno.NetAddr },
): FourTuple {
  return fourTupleOf({ remoteAddr: localAddr, localAddr: remoteAddr });
}

/**
 * Writes a 4-tuple as text, source first: `127.0.0.1:51324-127.0.0.1:8080`, or with IPv6
 * `[::1]:51324-[::1]:8080`. The text is safe in a URL path and unquoted in a shell that finds no
 * file of that name.
 *
 * @param tuple A 4-tuple whose addresses are canonical.
 */
export function formatFourTuple(tuple: FourTuple): string {
  const { sourceAddress, sourcePort, destinationAddress, destinationPort } = tuple;
  return sourceAddress.includes(":")
    ? `[${sourceAddress}]:${sourcePort}-[${destinationAddress}]:${destinationPort}`
    : `${sourceAddress}:${sourcePort}-${destinationAddress}:${destinationPort}`;
}

/**
 * Reads the text form of a 4-tuple. Every spelling of an address is taken and the canonical one
 * returned, so `formatFourTuple(parseFourTuple(text))` is the registry's key.
 *
 * @param text The text of {@linkcode formatFourTuple}, or of an operator.
 * @throws {SyntaxError} If the text has another shape, an address is not valid, or only one end is
 * IPv6.
 * @throws {RangeError} If a port is not between 1 and 65535.
 */
export function parseFourTuple(text: string): FourTuple {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new SyntaxError(
      `Cannot parse 4-tuple: expected at most ${MAX_TEXT_LENGTH} characters, received ${text.length}`,
    );
  }
  const [sourceText, destinationText, extra] = text.split("-");
  if (sourceText === undefined || destinationText === undefined || extra !== undefined) {
    throw new SyntaxError(
      'Cannot parse 4-tuple: expected "source:port-destination:port" with one hyphen',
    );
  }
  const source = parseEnd(sourceText, "source");
  const destination = parseEnd(destinationText, "destination");
  if (source.address.includes(":") !== destination.address.includes(":")) {
    throw new SyntaxError("Cannot parse 4-tuple: one end is IPv4 and the other IPv6");
  }
  return {
    sourceAddress: source.address,
    sourcePort: source.port,
    destinationAddress: destination.address,
    destinationPort: destination.port,
  };
}

/**
 * Returns the one spelling that stands for an address: IPv6 in lower case and shortened as RFC 5952
 * says, and a v4-mapped IPv6 address (RFC 4291 2.5.5.2), dotted or in hex, as the IPv4 address.
 *
 * @param text An IPv4 or IPv6 address without brackets, port or zone.
 * @throws {SyntaxError} If the text is no IP address.
 */
export function canonicalAddress(text: string): string {
  if (!text.includes(":")) {
    parseIPv4(text);
    return text;
  }
  return formatIPv6(parseIPv6(text));
}

/**
 * Writes an IPv6 address in canonical form: RFC 5952, or IPv4 when it is v4-mapped.
 *
 * @param groups The eight 16-bit groups, first to last.
 */
export function formatIPv6(groups: readonly number[]): string {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xffff) {
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  }
  // RFC 5952 4.2: "::" stands for the longest run of zeros, the first of equal ones, never for a
  // single one.
  let start = -1;
  let length = 1;
  let run = 0;
  for (let i = 0; i < 8; i++) {
    run = groups[i] === 0 ? run + 1 : 0;
    if (run > length) {
      length = run;
      start = i - run + 1;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (start === -1) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

/** The runtime writes v4-mapped addresses dotted: "::ffff:127.0.0.1". */
function unmap(hostname: string): string {
  return hostname.startsWith("::ffff:") && hostname.includes(".") ? hostname.slice(7) : hostname;
}

function parseEnd(
  text: string,
  end: "source" | "destination",
): { address: string; port: number } {
  const colon = text.lastIndexOf(":");
  if (colon === -1) {
    throw new SyntaxError(`Cannot parse 4-tuple: the ${end} has no port`);
  }
  let address = text.slice(0, colon);
  if (address.startsWith("[") && address.endsWith("]")) {
    address = address.slice(1, -1);
    if (!address.includes(":")) {
      throw new SyntaxError(`Cannot parse 4-tuple: brackets of the ${end} hold no IPv6 address`);
    }
  } else if (address.includes(":")) {
    throw new SyntaxError(
      `Cannot parse 4-tuple: the ${end} is IPv6 and must stand in brackets, as in "[::1]:8080"`,
    );
  }
  try {
    address = canonicalAddress(address);
  } catch (cause) {
    throw new SyntaxError(`Cannot parse 4-tuple: the ${end} is no IP address`, { cause });
  }
  const port = decimal(text.slice(colon + 1), 5);
  if (port === undefined) {
    throw new SyntaxError(`Cannot parse 4-tuple: the port of the ${end} is no decimal number`);
  }
  if (port < 1 || port > 65535) {
    throw new RangeError(
      `Cannot parse 4-tuple: the port of the ${end} must be 1 to 65535, received ${port}`,
    );
  }
  return { address, port };
}

/** Returns the value of 1 to `maxDigits` decimal digits without a leading zero, else undefined. */
function decimal(text: string, maxDigits: number): number | undefined {
  if (text.length === 0 || text.length > maxDigits) return undefined;
  // A leading zero means octal to some programs, so such text names no one address.
  if (text.length > 1 && text.startsWith("0")) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Returns the address as two 16-bit groups, the form in which it ends an IPv6 address. */
function parseIPv4(text: string): [number, number] {
  const bytes = text.split(".").map((part) => decimal(part, 3) ?? 256);
  const [a = 256, b = 256, c = 256, d = 256] = bytes;
  if (bytes.length !== 4 || a > 255 || b > 255 || c > 255 || d > 255) {
    throw new SyntaxError("Cannot parse IPv4 address: expected four numbers from 0 to 255");
  }
  return [a << 8 | b, c << 8 | d];
}

/**
 * Reads an IPv6 address in any spelling as its eight 16-bit groups, first to last.
 *
 * @param text The address without brackets, port or zone.
 * @throws {SyntaxError} If the text is no IPv6 address.
 */
export function parseIPv6(text: string): number[] {
  const halves = text.split("::");
  if (halves.length > 2) {
    throw new SyntaxError('Cannot parse IPv6 address: "::" may stand only once');
  }
  const [head = "", tail] = halves;
  const before = parseGroups(head, tail === undefined);
  if (tail === undefined) {
    if (before.length !== 8) {
      throw new SyntaxError(
        `Cannot parse IPv6 address: expected 8 groups, received ${before.length}`,
      );
    }
    return before;
  }
  const after = parseGroups(tail, true);
  const missing = 8 - before.length - after.length;
  if (missing < 1) {
    throw new SyntaxError('Cannot parse IPv6 address: no group is left for "::" to stand for');
  }
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

/**
 * Reads groups between colons; where the address ends the last one may be a dotted IPv4 address.
 */
function parseGroups(text: string, ends: boolean): number[] {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (ends && index === parts.length - 1 && part.includes(".")) {
      groups.push(...parseIPv4(part));
    } else {
      groups.push(parseHexGroup(part));
    }
  }
  return groups;
}

function parseHexGroup(part: string): number {
  const fault = "Cannot parse IPv6 address: expected groups of 1 to 4 hex digits";
  if (part.length < 1 || part.length > 4) throw new SyntaxError(fault);
  for (const character of part) {
    if (!"0123456789abcdefABCDEF".includes(character)) throw new SyntaxError(fault);
  }
  return parseInt(part, 16);
}
