import type { DeflateOptions, ServeOptions, Server } from "../../../mod.ts";
import { broadcast } from "../../apps/broadcast.ts";
import { echo } from "../../apps/echo.ts";
import { relay, RELAY_LIMITS } from "../../apps/relay.ts";
import { talk, TALK_LIMITS } from "../../apps/talk.ts";
import type { ClusterReport } from "../../cluster/cluster_report.ts";
import type { WorkerOptions } from "../../cluster/worker.ts";
import { type Limits, resolveLimits } from "../../limits.ts";
import { type Certificate, usableCertificate } from "../../net/certificate.ts";
import { triedContext } from "../../net/tls.ts";
import { firstLine, readProblem } from "../terminal/problems.ts";
import type { Settings } from "./settings.ts";

/** Where an app serves, whom it tells, and with which certificate where that is known already. */
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
export async function startApp(
  settings: Settings,
  { cert, key, ...place }: StartOptions,
  report?: () => Promise<ClusterReport>,
): Promise<Server> {
  const { app, origin, limits, figures } = settings;
  const options: ServeOptions & StartOptions = {
    ...place,
    limits,
    ...origin && { origins: origin.includes("*") ? "*" : origin },
    ...settings.tlsCert !== undefined && cert !== undefined && key !== undefined
      ? { cert, key }
      : await readCertificate(settings),
    ...proxiesOf(settings),
    ...deflateOf(settings),
  };
  switch (app) {
    case "echo":
      return echo(options);
    case "broadcast":
      return broadcast(options);
    case "relay":
      return relay(options);
    case "talk":
      return talk({ ...options, figures, ...report && { report } });
  }
}

/**
 * The option `deflate`.
 *
 * @param settings The settings.
 * @returns It, where messages are compressed.
 */
export function deflateOf(settings: Settings): { deflate?: Required<DeflateOptions> } {
  if (!settings.deflate) return {};
  return {
    deflate: {
      threshold: settings.deflateThreshold,
      level: settings.deflateLevel,
      memoryLevel: settings.deflateMemoryLevel,
      windowBits: settings.deflateWindowBits,
      contextTakeover: settings.deflateContextTakeover,
    },
  };
}

/** The option `proxies`, where some are trusted. */
function proxiesOf(
  { trustedProxy, proxyProtocol, forwardedHeader }: Settings,
): Pick<ServeOptions, "proxies"> {
  // For the ops port alone they may be trusted too.
  if (trustedProxy === undefined || !proxyProtocol && forwardedHeader === undefined) return {};
  const header = forwardedHeader && { header: forwardedHeader };
  return { proxies: { trusted: trustedProxy, protocol: proxyProtocol, ...header } };
}

/**
 * Completes the limits that are set with what the app and the server hold without.
 *
 * @param settings The settings.
 * @returns All limits.
 */
export function limitsOf({ app, limits }: Pick<Settings, "app" | "limits">): Limits {
  const ofApp = app === "talk" ? TALK_LIMITS : app === "relay" ? RELAY_LIMITS : {};
  return resolveLimits({ ...ofApp, ...limits });
}

/**
 * Reads the certificate and its key, and tries them, since a problem should name its file.
 *
 * @param settings The settings.
 * @returns What is to be used of them, or `undefined` where none are set.
 * @throws {Error} When a file cannot be read.
 * @throws {TypeError} When they cannot be used.
 */
export async function readCertificate(
  { tlsCert, tlsKey }: Pick<Settings, "tlsCert" | "tlsKey">,
): Promise<Certificate | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  const names = [`"${tlsCert}"`, `"${tlsKey}"`] as const;
  const [cert, key] = [readText(tlsCert), readText(tlsKey)];
  await triedContext(cert, key, ...names); // first: a Deno that is too old has other names for keys
  return usableCertificate(cert, key, ...names);
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(`Cannot read "${path}": ${readProblem(error)}`, { cause: error });
  }
}

/**
 * Says why an app did not start.
 *
 * @param error What starting it threw.
 * @param settings Where it was to listen.
 * @param flag What chooses another place.
 * @returns One line.
 */
export function startProblem(
  error: unknown,
  { host, port }: Pick<Settings, "host" | "port">,
  flag = "--port",
): string {
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `Cannot listen on ${place}: the port is in use; choose another with ${flag}`;
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
