/**
 * The middle one of some figures; of an even number, the mean of the two in the middle.
 *
 * @param values At least one, in any order.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of no values");
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * The smallest figure that at least this part of all figures do not exceed (nearest rank).
 *
 * @param sorted At least one, ascending.
 * @param part From 0 to 1, such as 0.99.
 */
export function percentile(sorted: readonly number[], part: number): number {
  if (sorted.length === 0) throw new RangeError("Cannot take a percentile of no values");
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
}
