import type { ServeOptions, Server } from "../../mod.ts";
import { broadcast } from "../apps/broadcast.ts";
import { echo } from "../apps/echo.ts";
import { talk } from "../apps/talk.ts";
import { checkCertificate } from "../certificate.ts";
import type { ClusterReport } from "../cluster/cluster_report.ts";
import type { WorkerOptions } from "../cluster/worker.ts";
import { firstLine, readFault } from "./faults.ts";
import type { Settings } from "./settings.ts";

/** Where an app serves, and whom it tells. */
export type StartOptions =
  & Required<Pick<ServeOptions, "hostname" | "port" | "log">>
  & Partial<WorkerOptions>;

/**
 * Starts the app that is set.
 *
 * @param settings The settings.
 * @param place Where it serves; in a worker, as the supervisor says.
 * @param report In a worker, tells what all workers hold.
 * @returns The running server.
 * @throws What the app throws, and an error that names the file when a certificate cannot be used.
 */
export function startApp(
  { app, tlsCert, tlsKey, origin, limits, figures }: Settings,
  place: StartOptions,
  report?: () => Promise<ClusterReport>,
): Server {
  const options: ServeOptions & StartOptions = {
    ...place,
    limits,
    ...origin && { origins: origin.includes("*") ? "*" : origin },
    ...tlsCert !== undefined && tlsKey !== undefined && readCertificate(tlsCert, tlsKey),
  };
  switch (app) {
    case "echo":
      return echo(options);
    case "broadcast":
      return broadcast(options);
    case "talk":
      return talk({ ...options, figures, ...report && { report } });
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

/**
 * Says why an app did not start.
 *
 * @param error What starting it threw.
 * @param settings Where it was to listen.
 * @returns One line.
 */
export function startFault(
  error: unknown,
  { host, port }: Pick<Settings, "host" | "port">,
): string {
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
