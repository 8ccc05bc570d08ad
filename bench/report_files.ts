/**
 * The files of a report: tried before a run, written after it.
 *
 * @module
 */

import type { CommandIo } from "../server/cli/command/command.ts";
import { readProblem } from "../server/cli/terminal/problems.ts";

/** A file of a report. */
export interface ReportFile<Report> {
  readonly path: string;
  /** Gives what is to be in it. */
  readonly text: (report: Report) => string;
}

/** The forms of a report besides JSON. */
export interface ReportForms<Report> {
  /** The HTML page; absent where there is none. */
  readonly page?: (report: Report) => string;
  /** The main plot, as an SVG document. */
  readonly picture: (report: Report) => string;
}

/** Writes a report as JSON. */
export function jsonOf(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/**
 * Lists the files of `--out`: a report in all its forms.
 *
 * @param folder Where they go; without one there are none.
 * @param name What they are called, without their endings.
 * @param forms What is in them.
 */
export function filesIn<Report extends object>(
  folder: string | undefined,
  name: string,
  { page, picture }: ReportForms<Report>,
): ReportFile<Report>[] {
  if (folder === undefined) return [];
  const base = `${folder.replace(/\/+$/, "")}/${name}`;
  return [
    { path: `${base}.json`, text: jsonOf },
    ...page === undefined ? [] : [{ path: `${base}.html`, text: page }],
    { path: `${base}.svg`, text: picture },
  ];
}

/**
 * Finds out whether files can be written, and makes their folders: figures must not be lost to a
 * mistyped path. What is in a file stays.
 *
 * @param files The files.
 * @param who The command, for what it says.
 * @param io Gets a line for each that cannot be written.
 * @returns Whether all can.
 */
export async function tryFiles(
  files: readonly { readonly path: string }[],
  who: string,
  io: Pick<CommandIo, "err">,
): Promise<boolean> {
  return await each(files, who, io, ({ path }) => tryFile(path));
}

/**
 * Writes the files of a report.
 *
 * @param files The files.
 * @param report The report.
 * @param who The command, for what it says.
 * @param io Gets a line for each.
 * @returns Whether all were written.
 */
export async function writeFiles<Report>(
  files: readonly ReportFile<Report>[],
  report: Report,
  who: string,
  io: Pick<CommandIo, "err">,
): Promise<boolean> {
  return await each(files, who, io, async ({ path, text }) => {
    await Deno.writeTextFile(path, text(report));
    io.err(`Wrote ${path}\n`);
  });
}

async function each<File extends { readonly path: string }>(
  files: readonly File[],
  who: string,
  io: Pick<CommandIo, "err">,
  act: (file: File) => Promise<void>,
): Promise<boolean> {
  let all = true;
  for (const file of files) {
    try {
      await act(file);
    } catch (error) {
      io.err(`${who}: Cannot write "${file.path}": ${readProblem(error)}\n`);
      all = false;
    }
  }
  return all;
}

async function tryFile(path: string): Promise<void> {
  const slash = path.lastIndexOf("/");
  if (slash > 0) await Deno.mkdir(path.slice(0, slash), { recursive: true });
  const before = await Deno.stat(path).catch(() => undefined);
  // To open a pipe would wait for its reader.
  if (before?.isFifo) return;
  (await Deno.open(path, { append: true, create: true })).close();
  if (before === undefined) await Deno.remove(path);
}
