/**
 * `deno task bench soak`: whether the memory of a connection stays what it is.
 *
 * @module
 */

import type { Command, CommandIo } from "../../server/cli/command/command.ts";
import { runUntilSignal } from "../../server/cli/command/run_until_signal.ts";
import { VERSION } from "../../server/cli/version.ts";
import { commandLine } from "../flags.ts";
import { filesIn, jsonOf, tryFiles, writeFiles } from "../report_files.ts";
import { formatFigure, formatSeconds } from "../scaling/units.ts";
import { HELP, readOptions } from "./options.ts";
import { formatTable, isGood, reportPage, reportPicture, summarize } from "./report.ts";
import { runSoak, type SoakProgress } from "./run.ts";

/** Seconds between two lines of progress. */
const LINE_INTERVAL = 60;

/** The `soak` command. */
export const soak: Command = {
  name: "soak",
  summary: "Hold connections for a long time, and say whether their memory grows",
  help: HELP,
  run,
};

async function run(args: string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    io.out(HELP);
    return 0;
  }
  if ("faults" in options) {
    for (const fault of options.faults) io.err(`bench soak: ${fault}\n`);
    io.err("Try: deno task bench soak --help\n");
    return 2;
  }
  const forms = { page: reportPage, picture: reportPicture };
  const files = filesIn(options.out, `soak-${VERSION}`, forms);
  if (!await tryFiles(files, "bench soak", io)) return 1;
  const say = progressLines((line) => io.err(`${line}\n`), options.soak.minutes * 60);
  const command = commandLine("deno task bench soak", args);
  const outcome = await runUntilSignal(
    async (signal) => ({ result: await runSoak(command, options.soak, say, signal) }),
    () => io.err("Ending; what was seen is reported\n"),
  );
  if (typeof outcome === "number") return outcome;
  const { result } = outcome;
  if (result === undefined) {
    io.err("bench soak: It was ended before the load began\n");
    return 1;
  }
  if (options.json) io.out(jsonOf(result));
  else io.out(`\n${formatTable(result.samples)}\n${summarize(result).join("\n\n")}\n`);
  const written = await writeFiles(files, result, "bench soak", io);
  return written && isGood(result) ? 0 : 1;
}

/** Says how far it is, each minute and at the turns. */
function progressLines(
  say: (line: string) => void,
  total: number,
): (progress: SoakProgress) => void {
  let phase: SoakProgress["phase"] | undefined;
  let saidAt = -Infinity;
  return (progress) => {
    const { seconds, sample, counts } = progress;
    if (progress.phase === phase && seconds - saidAt < LINE_INTERVAL) return;
    [phase, saidAt] = [progress.phase, seconds];
    if (phase === "opening") return say("Opening the connections");
    if (phase === "settling") return say("Waiting for what is under way");
    if (sample === undefined || counts === undefined) return;
    const faults = Object.values(counts.faults).reduce((sum, times) => sum + times, 0);
    say(
      `${formatSeconds(seconds)} of ${formatSeconds(total)}: ` +
        `${formatFigure(sample.connections)} connections, ` +
        `${formatFigure(sample.residentEach / 1024, 1)} KiB each, ` +
        `${formatFigure(counts.echoed)} echoes, faults: ${formatFigure(faults)}`,
    );
  };
}
