import type { Server } from "../../../mod.ts";
import { IDLE_SIGUSR1, noteIdleSignals } from "../command/idle_signals.ts";
import { firstLine } from "../terminal/problems.ts";
import { serverBanner } from "./banner.ts";
import { drainOnSignal } from "./drain_on_signal.ts";
import { Operating, type ServeRun } from "./operating.ts";
import { startApp, startProblem } from "./start_app.ts";

/**
 * Serves in this process, until it has drained.
 *
 * @param run The run of the command.
 * @returns The exit code.
 */
export async function serveAlone(run: ServeRun): Promise<number> {
  const { settings, log } = run;
  const { host: hostname, port, drainDeadline: deadline } = settings;
  let server: Server;
  try {
    server = await startApp(settings, { hostname, port, log });
  } catch (error) {
    run.failed(startProblem(error, settings), error);
    return 1;
  }
  // From here to the signals nothing is waited for: they and the ops port come before the first accept.
  const operating = new Operating(run);
  noteIdleSignals([
    IDLE_SIGUSR1,
    ["SIGUSR2", "there are no --workers to replace; SIGHUP reads the settings again"],
  ], log);
  let opsUrl: string | undefined;
  try {
    opsUrl = operating.start(server);
  } catch (error) {
    await server.close();
    run.failed(firstLine(error), error);
    return 1;
  }
  // When descriptors have run out it is too late to listen for signals: that ends Deno.
  const drained = drainOnSignal({
    drain: () => server.drain({ deadline }),
    finished: server.finished.catch((error) => {
      log({ level: "error", event: "fault", message: "Server cannot go on", error });
      throw error;
    }),
    log,
  });
  run.started(await serverBanner(server, settings, opsUrl));
  operating.ready();
  const { code, bySignal } = await drained;
  await operating.close(!bySignal);
  return code;
}
