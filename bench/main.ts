/**
 * The benches: `deno task bench [options]`, `deno task bench throughput [options]`,
 * `deno task bench soak [options]` and `deno task bench large [options]`.
 *
 * @module
 */

import type { Command, CommandIo } from "../server/cli/command/command.ts";
import { processIo } from "../server/cli/command/process_io.ts";
import { firstLine } from "../server/cli/terminal/problems.ts";
import { prepareScale, runScale } from "../server/scale/run.ts";
import { large } from "./large/command.ts";
import { scalingCommand } from "./scaling/command.ts";
import { soak } from "./soak/command.ts";
import { throughput } from "./throughput/command.ts";

const scaling: Command = scalingCommand({ plan: prepareScale, run: runScale });

/**
 * Runs a command line.
 *
 * @param args The words after the task's name.
 * @param io Where it writes.
 * @returns The exit code.
 */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [first = "", ...rest] = args;
  const named = [throughput, soak, large].find(({ name }) => name === first);
  try {
    return await (named ?? scaling).run(named === undefined ? [...args] : rest, io);
  } catch (error) {
    io.err(`bench${named === undefined ? "" : ` ${first}`}: ${firstLine(error)}\n`);
    return 1;
  }
}

if (import.meta.main) {
  const io = processIo();
  Deno.exit(await run(Deno.args, io) || io.outputCode());
}
