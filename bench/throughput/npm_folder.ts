import type { Subprocesses } from "./subprocess.ts";

/** Packages of npm by name, each with the one version that is meant. */
export type Pins = Readonly<Record<string, string>>;

/**
 * Returns the folder for what the bench installs.
 *
 * @throws {Error} Where there is no home directory either.
 */
export function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  if (!cache) throw new Error("neither XDG_CACHE_HOME nor HOME says where to install packages");
  return `${cache}/fourtuple-bench`;
}

/**
 * Names the folder of some packages: other versions get another folder.
 *
 * @param pins The packages.
 */
export function folderName(pins: Pins): string {
  return Object.entries(pins).map(([name, version]) => `${name}-${version}`).join("_");
}

/**
 * Makes sure that packages are installed, with npm where they are not yet.
 *
 * @param pins The packages.
 * @param processes Who runs npm.
 * @param say Gets a line before npm runs.
 * @returns The folder whose node_modules has them.
 * @throws {Error} Where npm is not there, or fails.
 */
export async function ensureInstalled(
  pins: Pins,
  processes: Subprocesses,
  say: (line: string) => void,
): Promise<string> {
  const cache = cacheFolder();
  const folder = `${cache}/${folderName(pins)}`;
  if (await exists(`${folder}/node_modules`)) return folder;
  await Deno.mkdir(cache, { recursive: true });
  // Renamed when it is complete, so that an npm that was interrupted leaves nothing half done.
  const fresh = await Deno.makeTempDir({ dir: cache });
  try {
    await Deno.writeTextFile(`${fresh}/package.json`, JSON.stringify({ dependencies: pins }));
    say(`Installing ${folderName(pins).replace("_", " and ")} into ${cache}`);
    await runNpm(processes, fresh);
    await Deno.rename(fresh, folder);
  } finally {
    if (await exists(fresh)) await Deno.remove(fresh, { recursive: true });
  }
  return folder;
}

async function runNpm(processes: Subprocesses, cwd: string): Promise<void> {
  const command = ["npm", "install", "--no-fund", "--no-audit", "--loglevel=error"];
  let npm;
  try {
    npm = processes.start(command, { cwd });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error("there is no npm to install it with");
    }
    throw error;
  }
  const code = await npm.ended;
  if (code !== 0) throw new Error(`npm cannot install it: ${npm.errors.split("\n")[0]}`);
}

/**
 * Says whether there is a file or folder.
 *
 * @param path Where.
 */
async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
