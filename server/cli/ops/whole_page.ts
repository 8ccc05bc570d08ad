import { pause } from "../../loop/pause.ts";

/** A worker that is held up for a moment has its chance after so many milliseconds. */
const SECOND_CHANCE = 1_000;

/**
 * Asks for a page, and once more where workers have not answered that did before: the same page, so
 * that nothing of theirs is left out if they are back.
 *
 * @param ask Asks for it.
 * @param silent The workers that have not answered, before and now; those of the page are added.
 * @returns The page.
 */
export async function wholePage<Page extends { readonly missing?: readonly number[] | undefined }>(
  ask: () => Promise<Page>,
  silent: Set<number>,
): Promise<Page> {
  let page = await ask();
  if (page.missing?.some((worker) => !silent.has(worker))) {
    await pause(SECOND_CHANCE);
    page = await ask();
  }
  for (const worker of page.missing ?? []) silent.add(worker);
  return page;
}
