import type { Report, ServeOptions, Server } from "../../mod.ts";
import { broadcast } from "../apps/broadcast.ts";
import { echo } from "../apps/echo.ts";
import { talk } from "../apps/talk.ts";
import { capacityLimits } from "../capacity.ts";
import { checkCertificate } from "../certificate.ts";
import { mayReadHost } from "../host.ts";
import type { Command, CommandIo } from "./command.ts";
import { firstLine, readFault } from "./faults.ts";
import { LineWriter } from "./line_writer.ts";
import { startLog } from "./log.ts";
import { flagOf, readSettings, type Surroundings } from "./read_settings.ts";
import { SETTINGS, type Settings } from "./settings.ts";
import { VERSION } from "./version.ts";

/** A second signal within this many milliseconds is the same Ctrl-C, which `deno task` delivers twice. */
const SAME_SIGNAL = 1_000;

/** The last log lines may take this many milliseconds: a reader that is stuck must not keep us. */
const FLUSH_DEADLINE = 1_000;

/** The signals that drain; Windows has no SIGTERM to listen for. */
const SIGNALS: readonly (keyof typeof SIGNAL_CODES)[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

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
deadline the cut. A second one more than a second later ends the process at once.

A line of --log-format json has the keys @timestamp, level (DEBUG, INFO, WARN or
ERROR), message, logger and event, and where it is about a connection or about a
fault key (the 4-tuple) and error.

Exit codes: 0 drained, 1 cannot listen, use the certificate or go on, 2 wrong
settings, 130 or 143 ended by a second signal
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
  let server: Server;
  try {
    server = start(settings, log);
  } catch (error) {
    io.err(`fourtuple serve: ${startFault(error, settings)}\n`);
    return 1;
  }
  // Registered before the first accept: when descriptors have run out it is too late (it ends Deno).
  const stopped = drainOnSignal(server, settings.drainDeadline, log);
  io.out(await banner(server, settings));
  const code = await stopped;
  await Promise.race([writer.flush(), sleep(FLUSH_DEADLINE)]);
  return code;
}

function surroundings(): Surroundings {
  return { env: Deno.env.toObject(), readFile: Deno.readTextFileSync };
}

function start(settings: Settings, log: ServeOptions["log"]): Server {
  const { app, host, port, tlsCert, tlsKey, origin, limits } = settings;
  const options: ServeOptions = {
    hostname: host,
    port,
    limits,
    ...log && { log },
    ...origin && { origins: origin.includes("*") ? "*" : origin },
    ...tlsCert !== undefined && tlsKey !== undefined && readCertificate(tlsCert, tlsKey),
  };
  switch (app) {
    case "echo":
      return echo(options);
    case "broadcast":
      return broadcast(options);
    case "talk":
      return talk({ ...options, figures: settings.figures });
  }
}

/** Reads a certificate and its key, and tries them, since a fault should name its file. */
function readCertificate(certPath: string, keyPath: string): { cert: string; key: string } {
  const pair = { cert: readText(certPath), key: readText(keyPath) };
  checkCertificate(pair.cert, pair.key, `"${certPath}"`, `"${keyPath}"`);
  return pair;
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`Cannot read "${path}": ${readFault(error)}`, { cause: error });
  }
}

/** One line about why the server did not start. */
function startFault(error: unknown, { host, port }: Settings): string {
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `Cannot listen on ${place}: the port is in use`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `Cannot listen on ${place}: ports below 1024 need root or CAP_NET_BIND_SERVICE`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `Cannot listen on ${place}: this host has no such address`;
  }
  const reason = firstLine(error);
  return reason.startsWith("failed to lookup")
    ? `Cannot listen on ${place}: this host cannot be found`
    : reason;
}

/** What a person should know at the start. */
async function banner(server: Server, { app, limits }: Settings): Promise<string> {
  const { hostname, port } = server.addr;
  const lines = [`Fourtuple ${VERSION} serves ${app} on ${server.url} (pid ${Deno.pid})`];
  if (hostname === "0.0.0.0" || hostname === "::") {
    const addresses = hostname === "::" ? "addresses" : "IPv4 addresses";
    lines.push(`It listens on port ${port} of all ${addresses} of this host (${hostname})`);
  }
  lines.push(capacityLine(await server.report(), limits.connections));
  return `${lines.join("\n")}\n`;
}

/**
 * Says how many connections there can be, and why.
 *
 * @param report The server's report; what it cannot know is absent.
 * @param set The limit that was set, if any.
 */
export function capacityLine(
  { descriptors, connections, maxConnections }: Report,
  set: number | undefined,
): string {
  const { soft, open } = descriptors ?? {};
  if (set !== undefined) {
    const use = { connections, ...open !== undefined && { descriptorsOpen: open } };
    const [allowed] = capacityLimits(soft === undefined ? {} : { descriptors: { soft } }, use);
    const line = `Connections: at most ${set}, as was set`;
    return allowed === undefined || allowed.connections >= set
      ? line
      : `${line}; but ${soft} file descriptors allow only ${allowed.connections}`;
  }
  if (soft !== undefined && maxConnections !== undefined) {
    return `File descriptors: ${soft} allowed, so at most ${numberOf(maxConnections)}`;
  }
  const reason = Deno.build.os === "linux" && !mayReadHost()
    ? "their limit can be read only with --allow-all"
    : "their limit cannot be read on this system";
  return `File descriptors: ${reason}, so nothing bounds the connections but --connections`;
}

function numberOf(connections: number): string {
  return connections === 1 ? "1 connection" : `${connections} connections`;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves with the exit code once the server has stopped. */
function drainOnSignal(
  server: Server,
  deadline: number,
  log: (entry: { level: "info"; event: string; message: string }) => void,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let since: number | undefined;
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, async () => {
      const now = performance.now();
      if (since !== undefined) {
        if (now - since > SAME_SIGNAL) resolve(SIGNAL_CODES[signal]);
        return;
      }
      since = now;
      const { size } = server.registry;
      log({ level: "info", event: "draining", message: `Draining ${size} connections` });
      const { closed, cut } = await server.drain({ deadline });
      log({ level: "info", event: "drained", message: `Drained: ${closed} closed, ${cut} cut` });
      resolve(0);
    });
  }
  return promise;
}
