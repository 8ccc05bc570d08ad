/**
 * `server/cli/serve/` is for the command serve: settings, log, audit, systemd, reload, ops port.
 *
 * @module
 */

import { pause } from "../../loop/pause.ts";
import { isChild } from "../../process/child.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { inspectorUrl } from "../command/inspector.ts";
import { firstLine } from "../terminal/problems.ts";
import { AuditLog } from "./audit_log.ts";
import { handedOn } from "./handed_settings.ts";
import { Log } from "./log.ts";
import type { ServeRun } from "./operating.ts";
import type { LoadOpsPort } from "./ops_port.ts";
import { outliveFaults } from "./outlive_faults.ts";
import { flagOf, readSettings, type Surroundings } from "./read_settings.ts";
import { serveAlone } from "./serve_alone.ts";
import { serveAsWorker, serveByWorkers } from "./serve_by_workers.ts";
import { SETTINGS } from "./setting_table.ts";
import { Systemd } from "./systemd.ts";

/** The last log lines may take this many milliseconds: a reader that is stuck must not keep us. */
const FLUSH_DEADLINE = 1_000;

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

SIGTERM, SIGINT and SIGQUIT drain: no new connections, 1001 to everybody, and after the
deadline the cut. A second one more than a second later ends the process at once.

SIGHUP reads the settings again, and the certificate's files: limits, certificate
and log level change without a connection being cut, all others only at the next
start. Where anything is wrong with them nothing changes, and the log says all of
it. It also opens the audit log anew. When the terminal that the server was
started from is closed, SIGHUP drains.

With --workers, that process starts the workers, starts them again when they die
or cannot start, after pauses of up to 30 seconds, for as long as one serves,
carries messages between them, and ends them with itself. SIGUSR2 to it reads the
settings again, as SIGHUP does, and replaces them one after the other: the new one
listens before the old one drains, with all settings as they are then, but for the
address and their number. Where anything is wrong with them none is replaced. Set
net.ipv4.tcp_migrate_req to 1, so that no connection is reset meanwhile.

With --log-format json all that is written is lines of JSON, from the first to the
last: started or start_failed, and stopped. Such a line has the keys @timestamp, level (DEBUG, INFO, WARN or
ERROR), message, logger and event, and where it is about a connection, a worker or
a problem key (the 4-tuple), worker (its number) and error. More than 20 lines in 10
seconds with the same level, event, reason and worker are counted, and one more
line says how many; but not those of the level debug, nor those with the event
audit, which come whatever the level.

A worker that gets SIGTERM itself drains, and another one takes its place; all
other signals are for the process that started it.

SIGUSR1 does nothing, nor does SIGUSR2 without --workers, but for a warning in the
log. Deno 2.9.2 and later open V8's inspector at SIGUSR1, whatever the program does:
it is closed again within milliseconds; started by "env --block-signal=USR1", Deno
does not see the signal. SIGPIPE and SIGWINCH do nothing at all, SIGTSTP holds the
process until SIGCONT, and any other signal ends it at once, as the system has it.

Under systemd, with Type=notify, it says when it is ready, reloads and stops, how
many connections there are, and feeds the watchdog.

Exit codes: 0 drained, 1 cannot listen, use the certificate or the audit log, or
go on, no worker serves or starts, or log lines were lost, 2 wrong settings, 130,
131 or 143 ended by a second signal
`;

function helpLine({ name, placeholder, help, fallback }: typeof SETTINGS[number]): string {
  const flag = `${flagOf(name)} ${placeholder}`.trim();
  const shown = fallback === undefined ? "" : ` (default: ${fallback})`;
  return `  ${flag}  [${name}]\n      ${help}${shown}`;
}

/**
 * The `serve` command.
 *
 * @param loadOpsPort Loads what `--admin` starts.
 */
export function serveCommand(loadOpsPort: LoadOpsPort): Command {
  return {
    name: "serve",
    summary: "Serve WebSocket; this is the default command",
    help,
    run: (args, io) => runServe(args, io, loadOpsPort),
  };
}

async function runServe(
  args: string[],
  io: CommandIo,
  loadOpsPort: LoadOpsPort,
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.out(help);
    return 0;
  }
  const around = surroundings();
  using systemd = new Systemd(isChild() ? {} : around.env);
  const handed = isChild() ? handedOn(around.env) : undefined;
  const read = handed === undefined ? readSettings(args, around) : { settings: handed };
  if ("problems" in read) {
    const log = read.json && new Log({ logFormat: "json", logLevel: "error" }, Deno.stderr);
    const { failed } = voiceOf(io, systemd, log);
    for (const problem of read.problems) failed(problem);
    if (!log) io.err("Try: fourtuple serve --help\n");
    return await flushed(2, log, systemd);
  }
  const { settings } = read;
  const log = new Log(settings, Deno.stderr);
  outliveFaults(log);
  warnOfInspector(log);
  if (isChild()) return await flushed(await serveAsWorker(settings, log), log);
  const json = settings.logFormat === "json";
  const voice = voiceOf(io, systemd, json && log);
  const opsPort = settings.admin === undefined ? undefined : await loadOpsPort();
  let audit: AuditLog;
  try {
    audit = new AuditLog(settings.auditLog, log);
  } catch (error) {
    voice.failed(firstLine(error), error);
    return await flushed(1, log, systemd);
  }
  const run: ServeRun = {
    args,
    surroundings: around,
    settings,
    logLevel: log,
    audit,
    systemd,
    opsPort,
    ...voice,
    log(entry) {
      log.write(entry);
      // Whoever asked for it: a signal, the ops port, or workers that cannot go on.
      if (entry.event === "draining") systemd.stopping();
    },
  };
  const code = settings.workers === 1 ? await serveAlone(run) : await serveByWorkers(run);
  if (json) log.write({ level: "info", event: "stopped", message: `Stopped: exit code ${code}` });
  return await flushed(code, log, audit, systemd);
}

/**
 * How a start tells what came of it: where the log is JSON by the log, so that nothing else is
 * written, and otherwise as any command does. A service manager hears of it too.
 *
 * @param log The log, where it is JSON.
 */
function voiceOf(
  io: CommandIo,
  systemd: Systemd,
  log: Log | false | undefined,
): Pick<ServeRun, "started" | "failed"> {
  return {
    started(lines) {
      if (!log) return io.out(lines);
      for (const [at, message] of lines.trimEnd().split("\n").entries()) {
        log.write({ level: "info", event: at === 0 ? "started" : "notice", message });
      }
    },
    failed(reason, error) {
      systemd.failed(reason, error);
      if (!log) return io.err(`fourtuple serve: ${reason}\n`);
      log.write({ level: "error", event: "start_failed", message: reason });
    },
  };
}

/** Says that whoever reaches V8's inspector has all that this process has; it was asked for. */
function warnOfInspector({ write }: Log): void {
  const url = inspectorUrl();
  if (url === undefined) return;
  const message = `V8's inspector is open at ${url}: whoever reaches it can do anything here`;
  write({ level: "warning", event: "inspector_open", message });
}

function surroundings(): Surroundings {
  return { env: Deno.env.toObject(), readFile: Deno.readTextFileSync };
}

/**
 * Passes the exit code on once the last lines are written, or their reader is stuck; 1 in place of 0
 * where lines of the log were lost of which it does not tell, unless their reader has left.
 */
async function flushed(
  code: number,
  log: Log | undefined,
  ...others: { flush(): Promise<void> }[]
): Promise<number> {
  let written = false;
  const writing = Promise.resolve(log?.flush()).then(() => written = true);
  const all = [writing, ...others.map((it) => it.flush())];
  const done = new AbortController();
  Promise.all(all).then(() => done.abort());
  await pause(FLUSH_DEADLINE, done.signal);
  const lost = log?.lost;
  return code === 0 && (!written || lost !== undefined && !lost.left) ? 1 : code;
}
