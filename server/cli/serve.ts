import type { ServeOptions, Server } from "../../mod.ts";
import { broadcast } from "../apps/broadcast.ts";
import { echo } from "../apps/echo.ts";
import { talk } from "../apps/talk.ts";
import { checkCertificate } from "../certificate.ts";
import type { Command, CommandIo } from "./command.ts";
import { LineWriter } from "./line_writer.ts";
import { startLog } from "./log.ts";
import { flagOf, readSettings, type Surroundings } from "./read_settings.ts";
import { SETTINGS, type Settings } from "./settings.ts";
import { VERSION } from "./version.ts";

/** A second signal within this many milliseconds is the same Ctrl-C, which `deno task` delivers twice. */
const SAME_SIGNAL = 1_000;

/** The last log lines may take this many milliseconds: a reader that is stuck must not keep us. */
const FLUSH_DEADLINE = 1_000;

/** The exit codes that shells give to a process that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const help = `Usage: fourtuple serve [options]

Serves WebSocket, and the pages of the app, on one port.

Options, as flags, as FOURTUPLE_* variables, or by the name in brackets in the
JSON file that --config or FOURTUPLE_CONFIG names; flags win over variables,
which win over the file:

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

Exit codes: 0 drained, 1 cannot listen or use the certificate, 2 wrong settings,
130 or 143 ended by a second signal
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
    throw new Error(`Cannot read "${path}": ${reasonOf(error)}`, { cause: error });
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
  const reason = reasonOf(error);
  return reason.startsWith("failed to lookup")
    ? `Cannot listen on ${place}: this host cannot be found`
    : reason;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

async function banner(server: Server, { app }: Settings): Promise<string> {
  const { descriptors, maxConnections } = await server.report();
  const lines = [
    `Fourtuple ${VERSION} serves ${app} on ${server.url} (pid ${Deno.pid})`,
    descriptors?.soft === undefined || maxConnections === undefined
      ? "File descriptors: their limit cannot be read on this system"
      : `File descriptors: ${descriptors.soft} allowed, so at most ${maxConnections} connections`,
  ];
  return `${lines.join("\n")}\n`;
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
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
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
