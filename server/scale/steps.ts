/** One more than the ports that a number of 16 bits can name, the reserved 0 left out. */
const PAST_THE_MYTH = 65_536;

/** Steps that everybody understands; beyond them each is twice the one before. */
const ROUND_STEPS = [1_000, 5_000, 10_000, 20_000, 40_000, PAST_THE_MYTH, 100_000, 200_000];

/** A step this close to the target, as a share of it, tells nothing that the target does not. */
const CLOSE_TO_TARGET = 0.9;

/**
 * Chooses the steps to a target.
 *
 * @param target The last step.
 * @param wanted The steps that somebody wants; by default a growing series.
 * @returns The steps, growing; none for a target of 0.
 */
export function stepsTo(target: number, wanted?: readonly number[]): number[] {
  if (target < 1) return [];
  if (wanted !== undefined) {
    const below = wanted.filter((step) => step > 0 && step < target);
    return [...new Set([...below, target])].sort((a, b) => a - b);
  }
  const steps = [...ROUND_STEPS];
  for (let step = 400_000; step < target; step *= 2) steps.push(step);
  const below = steps.filter((step) =>
    step < target * CLOSE_TO_TARGET || step === PAST_THE_MYTH && step < target
  );
  return [...below, target];
}
