/** Counts what each source address has open. */
export class AddressCounter {
  readonly #counts = new Map<string, number>();

  /** How many an address has. */
  count(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  /** One more. */
  add(address: string): void {
    this.#counts.set(address, this.count(address) + 1);
  }

  /** One less; an address without any takes no memory. */
  delete(address: string): void {
    const left = this.count(address) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}
