import { canonicalAddress, parseIPv6 } from "./four_tuple.ts";

/** Counts what each source has open, as {@linkcode sourceOf} has it. */
export class AddressCounter {
  readonly #counts = new Map<string, number>();

  /** How many the source of this address has. */
  count(address: string): number {
    return this.#counts.get(sourceOf(address)) ?? 0;
  }

  /** One more. */
  add(address: string): void {
    this.#counts.set(sourceOf(address), this.count(address) + 1);
  }

  /** One less; a source without any takes no memory. */
  delete(address: string): void {
    const left = this.count(address) - 1;
    if (left > 0) this.#counts.set(sourceOf(address), left);
    else this.#counts.delete(sourceOf(address));
  }
}

/**
 * Names the source that an address belongs to, for bounds that hold for each: an IPv4 address itself,
 * or an IPv6 network of 64 bits, since whoever has one address of it has them all.
 *
 * @param address The address in any spelling.
 * @throws {SyntaxError} If it is no IP address.
 */
export function sourceOf(address: string): string {
  const canonical = canonicalAddress(address);
  return canonical.includes(":") ? parseIPv6(canonical).slice(0, 4).join(":") : canonical;
}
