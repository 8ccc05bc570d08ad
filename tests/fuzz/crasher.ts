import type { Find } from "./run_inputs.ts";

/** Where finds are kept; a test tries them again. */
export const CRASHERS: URL = new URL("crashers/", import.meta.url);

/**
 * Keeps a find.
 *
 * @param find The find, with its input.
 * @param folder Where.
 * @returns The file's name.
 */
export async function keepCrasher(find: Find, folder: URL): Promise<string> {
  const name = `${find.target}-${find.seed}.json`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL(name, folder), `${JSON.stringify(find, null, 2)}\n`);
  return name;
}

/**
 * Reads all finds that were kept.
 *
 * @param folder Where.
 * @returns The finds with the names of their files, in the order of the names; none without a folder.
 */
export async function readCrashers(folder: URL): Promise<[name: string, find: Find][]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".json")) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return await Promise.all(
    names.sort().map(async (name): Promise<[string, Find]> => [
      name,
      JSON.parse(await Deno.readTextFile(new URL(name, folder))),
    ]),
  );
}
