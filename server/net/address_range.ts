import { canonicalAddress, formatIPv6, parseIPv6 } from "./four_tuple.ts";

/**
 * An IPv4 address is the v4-mapped IPv6 address (RFC 4291 2.5.5.2), whose first 96 bits are fixed.
 */
const MAPPED_BITS = 96;

/** The longest text: an IPv6 address with a dotted tail, a slash and three digits. */
const MAX_TEXT_LENGTH = 45 + 1 + 3;

/** One address, or all addresses of a network. */
export class AddressRange {
  /** The canonical text: `10.0.0.0/8`, or the address alone when it is one. */
  readonly text: string;
  /** The network's 16-bit groups: two of IPv4, eight of IPv6. */
  readonly #network: readonly number[];
  /** The bits of each group that decide. */
  readonly #masks: readonly number[];
  /** Whether it is one address, which its text decides. */
  readonly #single: boolean;

  /**
   * @param network The first address: two 16-bit groups of IPv4, or eight of IPv6.
   * @param bits The number of leading bits that all addresses share.
   * @param text The canonical text.
   */
  constructor(network: readonly number[], bits: number, text: string) {
    this.text = text;
    this.#network = network;
    this.#masks = masksOf(bits, network.length);
    this.#single = bits === network.length * 16;
  }

  /**
   * Tells whether an address is in the range. A network of IPv6 holds no IPv4 address, unless it is
   * of v4-mapped ones.
   *
   * @param canonicalAddress The address in canonical form, as a 4-tuple has it.
   */
  contains(canonicalAddress: string): boolean {
    if (this.#single) return canonicalAddress === this.text;
    const isIPv6 = canonicalAddress.includes(":");
    if (isIPv6 !== (this.#network.length === 8)) return false;
    const groups = isIPv6 ? parseIPv6(canonicalAddress) : groupsOfIPv4(canonicalAddress);
    return this.#network.every((group, at) => (groups[at]! & this.#masks[at]!) === group);
  }

  /** The canonical text. */
  toString(): string {
    return this.text;
  }
}

/**
 * Reads one address, or a network in CIDR notation: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
 * v4-mapped IPv6 is taken for IPv4: `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
 *
 * @param text The text; every spelling of an address is taken.
 * @throws {SyntaxError} If it is neither, or if bits are set after the prefix: `10.0.0.1/8` says
 * something else than its writer means.
 */
export function parseAddressRange(text: string): AddressRange {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new SyntaxError(
      `Cannot parse address range: expected at most ${MAX_TEXT_LENGTH} characters, received ${text.length}`,
    );
  }
  const [addressText = "", prefix, extra] = text.split("/");
  const groups = parseGroups(addressText);
  if (extra !== undefined) {
    throw new SyntaxError("Cannot parse address range: expected one slash at most");
  }
  const width = addressText.includes(":") ? 128 : 32;
  const length = prefix === undefined ? width : parsePrefix(prefix, width);
  const bits = length + 128 - width;
  const masks = masksOf(bits, 8);
  const network = groups.map((group, at) => group & masks[at]!);
  const range = rangeOf(network, bits);
  if (network.some((group, at) => group !== groups[at])) {
    throw new SyntaxError(
      `Cannot parse address range: bits are set behind the prefix, the network is ${range.text}`,
    );
  }
  return range;
}

/** The range of a network in the 128 bits of IPv6. */
function rangeOf(network: readonly number[], bits: number): AddressRange {
  const address = formatIPv6(network);
  // A network of fewer bits than a v4-mapped address has ahead cannot look like one.
  const isIPv6 = address.includes(":");
  const groups = isIPv6 ? network : network.slice(6);
  const length = isIPv6 ? bits : bits - MAPPED_BITS;
  const text = bits === 128 ? address : `${address}/${length}`;
  return new AddressRange(groups, length, text);
}

function parseGroups(text: string): number[] {
  try {
    canonicalAddress(text);
  } catch (cause) {
    throw new SyntaxError("Cannot parse address range: expected an IP address before any slash", {
      cause,
    });
  }
  return parseIPv6(text.includes(":") ? text : `::ffff:${text}`);
}

function parsePrefix(text: string, most: number): number {
  const value = /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : NaN;
  if (!(value <= most)) {
    throw new SyntaxError(
      `Cannot parse address range: expected a prefix length from 0 to ${most} behind the slash`,
    );
  }
  return value;
}

/** The masks of so many groups, of which the first `bits` bits decide. */
function masksOf(bits: number, groups: number): number[] {
  return Array.from({ length: groups }, (_, at) => {
    const zeros = Math.min(16, Math.max(0, 16 * (at + 1) - bits));
    return 0xffff << zeros & 0xffff;
  });
}

/** The two groups of an IPv4 address that is known to be one. */
function groupsOfIPv4(canonical: string): [number, number] {
  let value = 0;
  let byte = 0;
  for (let at = 0; at < canonical.length; at++) {
    const code = canonical.charCodeAt(at);
    if (code === 0x2e) {
      value = value << 8 | byte;
      byte = 0;
    } else byte = byte * 10 + code - 0x30;
  }
  value = value << 8 | byte;
  return [value >>> 16, value & 0xffff];
}
