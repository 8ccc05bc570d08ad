/** A worker that has not answered after this many milliseconds is stuck: it is left out. */
export const ANSWER_DEADLINE = 2_000;

/** What the workers said that were asked something. */
export interface Answers<Answer> {
  /** Each worker's answer. */
  readonly answers: readonly { readonly worker: number; readonly answer: Answer }[];
  /** The workers that have not answered: they have gone, or are too busy, or stopped. */
  readonly missing: readonly number[];
}

/** Errors of those who ask: every worker would give them. */
const FAULTS_OF_QUESTIONS = [RangeError, SyntaxError, TypeError, Deno.errors.Busy] as const;

/**
 * Waits for a worker's answer, and not for ever.
 *
 * @param answer What it was asked.
 * @param deadline How long it has, in milliseconds.
 * @returns The answer; `undefined` when the worker has gone, has failed, or is too late.
 * @throws {RangeError | SyntaxError | TypeError | Deno.errors.Busy} When it says that the question is
 * wrong.
 */
export async function ask<Answer>(
  answer: Promise<Answer>,
  deadline: number,
): Promise<{ answer: Answer } | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), deadline);
  try {
    return await Promise.race([answer.then((it) => ({ answer: it })), late.promise]);
  } catch (error) {
    if (FAULTS_OF_QUESTIONS.some((type) => error instanceof type)) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks workers something, all at once.
 *
 * @param workers Whom.
 * @param question Asks one of them.
 * @param deadline How long they have, in milliseconds.
 * @returns What they said, in the order of the workers.
 * @throws As {@linkcode ask}.
 */
export async function askAll<Worker extends { readonly worker: number }, Answer>(
  workers: readonly Worker[],
  question: (worker: Worker) => Promise<Answer>,
  deadline: number,
): Promise<Answers<Answer>> {
  const asked = await Promise.all(workers.map(async (it) => ({
    worker: it.worker,
    answered: await ask(question(it), deadline),
  })));
  return {
    answers: asked.flatMap(({ worker, answered }) => answered ? [{ worker, ...answered }] : []),
    missing: asked.filter(({ answered }) => answered === undefined).map(({ worker }) => worker),
  };
}
