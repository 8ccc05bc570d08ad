/**
 * `deno task bench`: how many connections one port carries, and what each costs.
 *
 * @module
 */

import type { Command, CommandIo } from "../../server/cli/command/command.ts";
import { runUntilSignal } from "../../server/cli/command/run_until_signal.ts";
import { VERSION } from "../../server/cli/version.ts";
import type {
  ScaleOptions,
  ScalePlan,
  ScaleProgress,
  ScaleResult,
} from "../../server/scale/result.ts";
import { commandLine } from "../flags.ts";
import { filesIn, jsonOf, type ReportFile, tryFiles, writeFiles } from "../report_files.ts";
import { OVERVIEW } from "./figures.ts";
import { HELP, readOptions, type ScalingOptions } from "./options.ts";
import { formatPlan, raising } from "./preflight.ts";
import { ProgressDisplay } from "./progress.ts";
import { reportPage, reportPicture } from "./report.ts";
import { type ScalingReport, summarize } from "./summary.ts";
import { formatTable } from "./table.ts";

/** What does the work: server/scale/, or a test's stand-in. */
export interface Engine {
  /** Says what a run would do, without beginning it. */
  plan(options: ScaleOptions): Promise<ScalePlan>;
  /** Does it. */
  run(
    options: ScaleOptions,
    onProgress: (progress: ScaleProgress) => void,
    signal: AbortSignal,
  ): Promise<ScaleResult>;
}

/**
 * Makes the command.
 *
 * @param engine What does the work.
 */
export function scalingCommand(engine: Engine): Command {
  return {
    name: "scaling",
    summary: "Say how many connections one port carries, and what each costs",
    help: HELP,
    run: (args, io) => runScaling(engine, args, io),
  };
}

async function runScaling(engine: Engine, args: string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  if (options === "help") {
    io.out(HELP);
    return 0;
  }
  if ("faults" in options) {
    for (const fault of options.faults) io.err(`bench: ${fault}\n`);
    io.err("Try: deno task bench --help\n");
    return 2;
  }
  const files = filesOf(options);
  if (!await tryFiles(files, "bench", io)) return 1;
  const plan = await engine.plan(options.scale);
  io.err(formatPlan(plan, options.scale.url));
  const result = await measure(engine, options.scale, plan, io);
  if (typeof result === "number") return result;
  const report = { command: commandLine("deno task bench", args), ...result };
  if (report.steps.length > 0) io.out(`\n${formatTable(OVERVIEW, report.steps)}\n`);
  io.out(`${summarize(report).join("\n")}\n`);
  io.out(raising(report.stop?.raise ?? []).map((line) => `${line}\n`).join(""));
  const written = await writeFiles(files, report, "bench", io);
  return written && reachedPlan(result) ? 0 : 1;
}

/** Runs the engine with a live display; the exit code where a second signal came. */
async function measure(
  engine: Engine,
  options: ScaleOptions,
  plan: ScalePlan,
  io: CommandIo,
): Promise<ScaleResult | number> {
  const display = new ProgressDisplay({
    write: io.err,
    ...Deno.stderr.isTerminal() && { columns: Deno.consoleSize().columns },
  }, plan.connections);
  try {
    return await runUntilSignal(
      (signal) => engine.run(options, (progress) => display.show(progress), signal),
      () => display.say("Ending; what was measured is reported"),
    );
  } finally {
    display.end();
  }
}

/** Whether a run got as far as its plan said, be it short of what was asked, and saw anything. */
function reachedPlan({ plan, stop, steps }: ScaleResult): boolean {
  if (stop === undefined) return true;
  const last = steps.at(-1);
  return plan.stop !== undefined && last !== undefined && last.connections >= plan.connections;
}

function filesOf({ json, html, out }: ScalingOptions): ReportFile<ScalingReport>[] {
  return [
    ...json === undefined ? [] : [{ path: json, text: jsonOf }],
    ...html === undefined ? [] : [{ path: html, text: reportPage }],
    ...filesIn(out, VERSION, { page: reportPage, picture: reportPicture }),
  ];
}
