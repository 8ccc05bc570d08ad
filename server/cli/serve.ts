import type { ServeOptions, Server } from "../../mod.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { countWorkers } from "../cluster/serve_cluster.ts";
import { runWorker } from "../cluster/worker.ts";
import { isChild } from "../process/child.ts";
import { programOf } from "../process/program.ts";
import { clusterBanner, serverBanner } from "./banner.ts";
import type { Command, CommandIo } from "./command.ts";
import { drainOnSignal } from "./drain_on_signal.ts";
import { LineWriter } from "./line_writer.ts";
import { startLog } from "./log.ts";
import { flagOf, readSettings, type Surroundings } from "./read_settings.ts";
import { SETTINGS, type Settings } from "./settings.ts";
import { startApp, startFault } from "./start_app.ts";

/** The last log lines may take this many milliseconds: a reader that is stuck must not keep us. */
const FLUSH_DEADLINE = 1_000;

type Log = NonNullable<ServeOptions["log"]>;

const help = `Usage: fourtuple serve [options]

Serves WebSocket, and the pages of the app, on one port.

Options, as flags, as FOURTUPLE_* variables, or by the name in brackets in the
JSON file that --config or FOURTUPLE_CONFIG names; flags win over variables,
which win over the file (variables that Kubernetes sets for a Service called
"fourtuple" are ignored):

${SETTINGS.map(helpLine).join("\n")}
  --config FILE
      Configuration file
  -h, --help
      Print this text

SIGTERM and SIGINT drain: no new connections, 1001 to everybody, and after the
deadline the cut. A second one more than a second later ends the process at once,
as SIGHUP does.

With --workers, that process starts the workers, starts them again when they die,
carries messages between them, and ends them with itself. SIGUSR2 to it replaces
them one after the other: the new one listens before the old one drains, with the
settings and certificates as they are then, but for the address and their number.
Set net.ipv4.tcp_migrate_req to 1, so that no connection is reset meanwhile.

A line of --log-format json has the keys @timestamp, level (DEBUG, INFO, WARN or
ERROR), message, logger and event, and where it is about a connection, a worker or
a fault key (the 4-tuple), worker (its number) and error.

Exit codes: 0 drained, 1 cannot listen, use the certificate or go on, or workers
kept dying, 2 wrong settings, 130 or 143 ended by a second signal
`;

function helpLine({ name, placeholder, help, fallback }: typeof SETTINGS[number]): string {
  const flag = `${flagOf(name)} ${placeholder}`.trim();
  const shown = fallback === undefined ? "" : ` (default: ${fallback})`;
  return `  ${flag}  [${name}]\n      ${help}${shown}`;
}

/** The `serve` command. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Serve WebSocket; this is the default command",
  help,
  run: runServe,
};

async function runServe(args: string[], io: CommandIo): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.out(help);
    return 0;
  }
  const read = readSettings(args, surroundings());
  if ("faults" in read) {
    for (const fault of read.faults) io.err(`fourtuple serve: ${fault}\n`);
    io.err("Try: fourtuple serve --help\n");
    return 2;
  }
  const { settings } = read;
  const writer = new LineWriter(Deno.stderr);
  const log = startLog(settings, writer);
  let code: number;
  if (isChild()) code = await serveAsWorker(settings, log);
  else if (settings.workers === 1) code = await serveAlone(settings, log, io);
  else code = await serveByWorkers(["serve", ...args], settings, log, io);
  await Promise.race([writer.flush(), sleep(FLUSH_DEADLINE)]);
  return code;
}

/** Serves in this process, until it has drained. */
async function serveAlone(settings: Settings, log: Log, io: CommandIo): Promise<number> {
  const { host: hostname, port, drainDeadline: deadline } = settings;
  let server: Server;
  try {
    server = startApp(settings, { hostname, port, log });
  } catch (error) {
    io.err(`fourtuple serve: ${startFault(error, settings)}\n`);
    return 1;
  }
  // Registered before the first accept: when descriptors have run out it is too late (it ends Deno).
  const stopped = drainOnSignal({
    holds: () => `${server.registry.size} connections`,
    drain: () => server.drain({ deadline }),
    log,
  });
  io.out(await serverBanner(server, settings));
  return await stopped;
}

/** Serves by other processes, until they have drained. */
async function serveByWorkers(
  args: string[],
  settings: Settings,
  log: Log,
  io: CommandIo,
): Promise<number> {
  const { host: hostname, port, drainDeadline } = settings;
  const workers = countWorkers(settings.workers);
  const program = programOf(Deno.mainModule);
  const ending = new AbortController();
  const { signal } = ending;
  const starting = startCluster({
    program,
    args,
    workers,
    hostname,
    port,
    drainDeadline,
    log,
    signal,
  });
  // Of a start that has failed nothing is left.
  const started = starting.catch(() => undefined);
  let draining = false;
  // Registered before all of them serve: a signal waits for that, rather than end this process alone.
  const stopped = drainOnSignal({
    holds: () => "all workers",
    async drain() {
      draining = true;
      return await (await started)?.drain() ?? { closed: 0, cut: 0 };
    },
    async kill() {
      ending.abort();
      await (await started)?.close();
    },
    log,
  });
  Deno.addSignalListener("SIGUSR2", () => {
    started.then((cluster) => cluster?.roll()).catch(() => {}); // the log has it
  });
  let cluster: Cluster;
  try {
    cluster = await starting;
  } catch (error) {
    // A terminal and systemd signal to all: workers that did not listen for it yet have died of it.
    if (draining) return await stopped;
    io.err(`fourtuple serve: ${startFault(error, settings)}\n`);
    return 1;
  }
  const ended = cluster.finished.then(() => stopped, () => 1);
  io.out(await clusterBanner(cluster, settings));
  return await ended;
}

/** Serves as one of several, until it has drained. */
async function serveAsWorker(settings: Settings, log: Log): Promise<number> {
  await runWorker({
    log,
    start(options, report) {
      try {
        return startApp(settings, options, report);
      } catch (error) {
        throw new Error(startFault(error, { host: options.hostname, port: options.port }));
      }
    },
  });
  return 0;
}

function surroundings(): Surroundings {
  return { env: Deno.env.toObject(), readFile: Deno.readTextFileSync };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
