/**
 * `server/http/proxy/` is for the addresses of clients that trusted proxies tell.
 *
 * @module
 */

import { type AddressRange, parseAddressRange } from "../../net/address_range.ts";
import { FORWARDED_HEADERS, type ForwardedHeader } from "./forwarded.ts";

/**
 * Which proxies stand in front of the server, and how they tell where a client is. Nobody else is
 * believed.
 */
export interface ProxyOptions {
  /** The proxies' addresses, or networks of them: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. */
  readonly trusted: readonly string[];
  /**
   * Whether every connection from a trusted proxy begins with a header of the PROXY protocol,
   * version 1 or 2, before TLS. One that does not is refused.
   *
   * @default false
   */
  readonly protocol?: boolean;
  /**
   * The request header in which trusted proxies tell the client. With `protocol` too, it counts
   * where the PROXY header names another trusted proxy.
   *
   * @default no header is believed
   */
  readonly header?: ForwardedHeader;
}

/** The trusted proxies of a server. */
export class Proxies {
  /** Whether their connections begin with a PROXY header. */
  readonly protocol: boolean;
  /** The request header that they tell the client in. */
  readonly header: ForwardedHeader | undefined;
  readonly #ranges: readonly AddressRange[];

  /**
   * @param options The settings.
   * @throws {TypeError} Naming everything that is wrong with it, at once.
   */
  constructor(options: ProxyOptions) {
    const { trusted, protocol = false, header } = options;
    const problems: string[] = [];
    this.#ranges = readRanges(trusted, problems);
    if (typeof protocol !== "boolean") problems.push("proxies.protocol: expected true or false");
    if (header !== undefined && !FORWARDED_HEADERS.includes(header)) {
      problems.push(`proxies.header: expected one of ${FORWARDED_HEADERS.join(", ")}`);
    }
    if (protocol === false && header === undefined) {
      problems.push("proxies: expected protocol or header, or nothing tells the client's address");
    }
    if (problems.length > 0) {
      throw new TypeError(`Cannot serve behind these proxies: ${problems.join("; ")}`);
    }
    this.protocol = protocol;
    this.header = header;
  }

  /**
   * Tells whether an address is that of a trusted proxy.
   *
   * @param address The address in canonical form.
   */
  readonly trusts = (address: string): boolean =>
    this.#ranges.some((range) => range.contains(address));
}

function readRanges(trusted: readonly string[], problems: string[]): AddressRange[] {
  if (!Array.isArray(trusted) || trusted.length === 0) {
    problems.push("proxies.trusted: expected a list with an address or network at least");
    return [];
  }
  return trusted.flatMap((text, at) => {
    try {
      return [parseAddressRange(text)];
    } catch (error) {
      const reason = error instanceof SyntaxError ? error.message : "expected a text";
      problems.push(`proxies.trusted[${at}]: ${reason}`);
      return [];
    }
  });
}
