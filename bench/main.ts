/**
 * The benches: `deno task bench [options]`, `deno task bench throughput [options]` and
 * `deno task bench soak [options]`.
 *
 * @module
 */

import type { Command, CommandIo } from "../server/cli/command.ts";
import { firstLine } from "../server/cli/faults.ts";
import { prepareScale, runScale } from "../server/scale/run.ts";
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
  const named = [throughput, soak].find(({ name }) => name === first);
  try {
    return await (named ?? scaling).run(named === undefined ? [...args] : rest, io);
  } catch (error) {
    io.err(`bench${named === undefined ? "" : ` ${first}`}: ${firstLine(error)}\n`);
    return 1;
  }
}

/** Writes to one of the process's streams; nobody has to read it. */
function writeTo(stream: { writeSync(bytes: Uint8Array): number }): (text: string) => void {
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    } catch {
      // The reader has gone, as `head` does: the run goes on for its files.
    }
  };
}

if (import.meta.main) {
  Deno.exit(await run(Deno.args, { out: writeTo(Deno.stdout), err: writeTo(Deno.stderr) }));
}
