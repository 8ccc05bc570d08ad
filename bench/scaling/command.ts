/**
 * `deno task bench`: how many connections one port carries, and what each costs.
 *
 * @module
 */

import type { Command, CommandIo } from "../../server/cli/command.ts";
import { firstLine, readFault } from "../../server/cli/faults.ts";
import { runUntilSignal } from "../../server/cli/run_until_signal.ts";
import { VERSION } from "../../server/cli/version.ts";
import type {
  ScaleOptions,
  ScalePlan,
  ScaleProgress,
  ScaleResult,
} from "../../server/scale/result.ts";
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
  try {
    // Before the run: its figures must not be lost to a mistyped path.
    for (const { path } of files) await Deno.mkdir(folderOf(path), { recursive: true });
  } catch (error) {
    io.err(`bench: Cannot make a folder for the report: ${readFault(error)}\n`);
    return 1;
  }
  const plan = await engine.plan(options.scale);
  io.err(formatPlan(plan, options.scale.url));
  const result = await measure(engine, options.scale, plan, io);
  if (typeof result === "number") return result;
  const report = { command: commandLine(args), ...result };
  if (report.steps.length > 0) io.out(`\n${formatTable(OVERVIEW, report.steps)}\n`);
  io.out(`${summarize(report).join("\n")}\n`);
  io.out(raising(report.stop?.raise ?? []).map((line) => `${line}\n`).join(""));
  const written = await writeFiles(files, report, io);
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

/** Whether a run got as far as its plan said, be it short of what was asked. */
function reachedPlan({ plan, stop, steps }: ScaleResult): boolean {
  if (stop === undefined) return true;
  return plan.stop !== undefined && (steps.at(-1)?.connections ?? 0) >= plan.connections;
}

/** A file of the report. */
interface ReportFile {
  path: string;
  write(report: ScalingReport): string;
}

function filesOf({ json, html, out }: ScalingOptions): ReportFile[] {
  const asJson = (report: ScalingReport): string => `${JSON.stringify(report, null, 2)}\n`;
  const base = out === undefined ? undefined : `${out.replace(/\/+$/, "")}/${VERSION}`;
  return [
    ...json === undefined ? [] : [{ path: json, write: asJson }],
    ...html === undefined ? [] : [{ path: html, write: reportPage }],
    ...base === undefined ? [] : [
      { path: `${base}.json`, write: asJson },
      { path: `${base}.html`, write: reportPage },
      { path: `${base}.svg`, write: reportPicture },
    ],
  ];
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash + 1);
}

/** Writes what it can; returns whether that was all. */
async function writeFiles(
  files: readonly ReportFile[],
  report: ScalingReport,
  io: CommandIo,
): Promise<boolean> {
  let all = true;
  for (const { path, write } of files) {
    try {
      await Deno.writeTextFile(path, write(report));
      io.err(`Wrote ${path}\n`);
    } catch (error) {
      all = false;
      io.err(`bench: Cannot write "${path}": ${firstLine(error)}\n`);
    }
  }
  return all;
}

/** The command line as it can be given to a shell. */
function commandLine(args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w.,:/@%+=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
  );
  return ["deno task bench", ...quoted].join(" ");
}
