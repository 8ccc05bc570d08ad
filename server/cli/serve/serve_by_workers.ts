import { type Cluster, startCluster } from "../../cluster/cluster.ts";
import type { WorkerInfo } from "../../cluster/cluster_report.ts";
import { countWorkers } from "../../cluster/serve_cluster.ts";
import { runWorker } from "../../cluster/worker.ts";
import { drainBegins } from "../../operations/drain.ts";
import { programOf } from "../../process/program.ts";
import { IDLE_SIGUSR1, noteIdleSignals } from "../command/idle_signals.ts";
import { firstLine } from "../terminal/problems.ts";
import { clusterBanner } from "./banner.ts";
import { drainOnSignal } from "./drain_on_signal.ts";
import { handOn } from "./handed_settings.ts";
import type { Log } from "./log.ts";
import { Operating, type ServeRun } from "./operating.ts";
import { tryOpsPort } from "./ops_port.ts";
import { reloadedSettings } from "./reload.ts";
import type { Settings } from "./settings.ts";
import { readCertificate, startApp, startProblem } from "./start_app.ts";

/**
 * Serves by other processes, until they have drained.
 *
 * @param run The run of the command.
 * @returns The exit code.
 */
export async function serveByWorkers(run: ServeRun): Promise<number> {
  const { args, settings, log, systemd } = run;
  const { host: hostname, port, drainDeadline } = settings;
  let certificate: Awaited<ReturnType<typeof readCertificate>>;
  try {
    tryOpsPort(settings);
    certificate = await readCertificate(settings);
  } catch (error) {
    run.failed(firstLine(error), error);
    return 1;
  }
  /** What workers are started with from now on. */
  let handed = settings;
  const hand = (next: Settings) => handOn(handed = next);
  hand(settings);
  const operating = new Operating(run, (fresh) => hand(reloadedSettings(handed, fresh)));
  const ending = new AbortController();
  const starting = startCluster({
    program: programOf(Deno.mainModule),
    args: ["serve", ...args],
    workers: countWorkers(settings.workers),
    hostname,
    port,
    drainDeadline,
    // As with the settings: whatever has become of the files, a worker that dies can be started again.
    ...certificate && { config: { changes: { certificate } } },
    log,
    signal: ending.signal,
  });
  // Of a start that has failed nothing is left.
  const started = starting.catch(() => undefined);
  let [serving, draining] = [false, false];
  systemd.status("starting workers");
  // Registered before all of them serve: a signal waits for that, rather than end this process alone.
  const drained = drainOnSignal({
    async drain() {
      draining = true;
      systemd.stopping();
      if (!serving) log(drainBegins(0, drainDeadline));
      return await (await started)?.drain() ?? { closed: 0, cut: 0 };
    },
    async kill() {
      ending.abort();
      await (await started)?.close();
    },
    finished: started.then((cluster) => cluster?.finished ?? new Promise(() => {})),
    log,
  });
  noteIdleSignals([IDLE_SIGUSR1], log);
  Deno.addSignalListener("SIGUSR2", async () => {
    const cluster = await started;
    const fresh = await operating.reload();
    if (fresh === undefined) {
      const message = "Workers are not replaced, as there is something wrong with the settings";
      return log({ level: "error", event: "roll_failed", message });
    }
    if (cluster === undefined) return;
    const before = { handed, workers: cluster.workers.map(({ worker }) => worker) };
    hand(fresh);
    try {
      await cluster.roll();
    } catch {
      // The log has it. Where nobody has the new settings, those that serve may need the old ones yet.
      const isOld = ({ worker }: WorkerInfo) => before.workers.includes(worker);
      if (cluster.workers.every(isOld)) hand(reloadedSettings(before.handed, fresh));
      return;
    }
    operating.replaced({ ...fresh, host: settings.host, port, workers: settings.workers });
    // The limits that it holds without are those of another app.
    if (fresh.app !== before.handed.app) await operating.reload();
  });
  let cluster: Cluster;
  try {
    cluster = await starting;
    serving = true;
  } catch (error) {
    // A terminal and systemd signal to all: workers that did not listen for it yet have died of it.
    if (draining) return (await drained).code;
    run.failed(startProblem(error, settings), error);
    return 1;
  }
  let opsUrl: string | undefined;
  try {
    opsUrl = operating.start({
      operations: cluster.operations,
      setLogLevel: (level) => cluster.setLogLevel(level),
    });
  } catch (error) {
    await cluster.close();
    run.failed(firstLine(error), error);
    return 1;
  }
  run.started(await clusterBanner(cluster, settings, opsUrl));
  operating.ready();
  const { code, bySignal } = await drained;
  await operating.close(!bySignal);
  return code;
}

/**
 * Serves as one of several, until it has drained.
 *
 * @param settings The settings.
 * @param log The log of this process.
 * @returns The exit code.
 */
export async function serveAsWorker(settings: Settings, log: Log): Promise<number> {
  noteIdleSignals([IDLE_SIGUSR1], log.write);
  await runWorker({
    log: log.write,
    setLogLevel: (level) => void (log.level = level),
    async start(options, report) {
      try {
        return await startApp(settings, options, report);
      } catch (error) {
        throw new Error(startProblem(error, { host: options.hostname, port: options.port }));
      }
    },
  });
  return 0;
}
