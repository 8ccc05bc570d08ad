import { equal } from "@std/assert";

/** One thing that is computed in several ways, side by side. */
export interface Comparison<Input, Result> {
  /** What is computed, as the report heads it. */
  readonly group: string;
  /** What every way is given, again and again; none of them may change it. */
  readonly input: Input;
  /** The ways by name: ours first, which the others are measured against. */
  readonly ways: Readonly<Record<string, (input: Input) => Result>>;
  /** Further inputs, on which the ways must agree too; they are not timed. */
  readonly also?: readonly Input[];
  /** What of a result has to be the same; all of it, unless given. */
  readonly view?: (result: Result) => unknown;
}

/** The last result, held where an optimizer cannot prove that nobody wants it. */
const kept: { result: unknown } = { result: undefined };

/**
 * Registers one bench for each way, after it has seen that all of them compute the same.
 *
 * @param comparison What is computed and how.
 * @throws {Error} When two results differ, so that unequal work is never timed.
 */
export function compare<Input, Result>(comparison: Comparison<Input, Result>): void {
  const { group, input, ways } = comparison;
  checkAgreement(comparison);
  for (const [index, [name, run]] of Object.entries(ways).entries()) {
    Deno.bench({
      group,
      name: `${group}: ${name}`,
      baseline: index === 0,
      fn() {
        kept.result = run(input);
      },
    });
  }
}

function checkAgreement<Input, Result>(comparison: Comparison<Input, Result>): void {
  const { group, input, ways, also = [], view = (result) => result } = comparison;
  // The first input comes twice: a way that keeps state has to come out of each run as it went in.
  const inputs = [input, ...also, input];
  // Clones, since results may be views of a buffer that the next run writes to.
  const resultsOf = (run: (input: Input) => Result) =>
    inputs.map((one) => structuredClone(view(run(one))));
  const [ours, ...others] = Object.entries(ways);
  if (ours === undefined || others.length === 0) {
    throw new Error(`Cannot compare "${group}" as it has fewer than two ways`);
  }
  const expected = resultsOf(ours[1]);
  if (expected.includes(undefined)) {
    throw new Error(`Cannot compare "${group}" as it has no result`);
  }
  for (const [name, run] of others) {
    if (!equal(resultsOf(run), expected)) {
      throw new Error(`Cannot compare "${group}" as "${name}" and "${ours[0]}" differ`);
    }
  }
}
