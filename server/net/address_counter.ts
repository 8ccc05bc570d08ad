import { canonicalAddress, parseIPv6 } from "./four_tuple.ts";

/** Counts the open connections of each source, as {@linkcode sourceOf} names it. */
export class AddressCounter {
  readonly #counts = new Map<string, number>();

  /** The connections of this address's source. */
  count(address: string): number {
    return this.#counts.get(sourceOf(address)) ?? 0;
  }

  /** Counts one more. */
  add(address: string): void {
    this.#counts.set(sourceOf(address), this.count(address) + 1);
  }

  /** Counts one less; a source without any takes no memory. */
  delete(address: string): void {
    const left = this.count(address) - 1;
    if (left > 0) this.#counts.set(sourceOf(address), left);
    else this.#counts.delete(sourceOf(address));
  }
}

/**
 * Names the source that an address belongs to, for bounds that hold for each: an IPv4 address
 * itself, or an IPv6 network of 64 bits, since the owner of one address in it has them all.
 *
 * @param address The address in any spelling.
 * @throws {SyntaxError} If it is no IP address.
 */
export function sourceOf(address: string): string {
  const canonical = canonicalAddress(address);
  return canonical.includes(":") ? parseIPv6(canonical).slice(0, 4).join(":") : canonical;
}
