/**
 * The commands that `myth` and the bench start further processes with. Nobody types them.
 *
 * @module
 */

import { isChild } from "../../process/child.ts";
import { CLIENT_COMMAND, runClientProcess } from "../../scale/client_process.ts";
import { runWorkerProcess, WORKER_COMMAND } from "../../scale/worker_process.ts";
import type { Command } from "../command/command.ts";

/** A process of the server that is measured. */
export const scaleWorker: Command = commandOf(WORKER_COMMAND, runWorkerProcess);

/** A process of clients. */
export const scaleClient: Command = commandOf(CLIENT_COMMAND, runClientProcess);

function commandOf(name: string, runProcess: () => Promise<void>): Command {
  const summary = "Started by myth and by the bench";
  return {
    name,
    summary,
    help: `${summary}\n`,
    async run(_args, io) {
      if (!isChild()) {
        io.err(`fourtuple ${name}: it is started by myth and by the bench, not by hand\n`);
        return 2;
      }
      await runProcess();
      return 0;
    },
  };
}
