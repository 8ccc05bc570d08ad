import type { Cluster } from "../../cluster/cluster.ts";
import { memoryOf } from "../../connection/deflate/memory_of.ts";
import { capacityLimits } from "../../host/capacity.ts";
import { mayReadHost } from "../../host/host_reader.ts";
import type { Report } from "../../ops.ts";
import type { Server } from "../../options.ts";
import { VERSION } from "../version.ts";
import type { Settings } from "./settings.ts";

/**
 * Says what a person should know at the start.
 *
 * @param server The server that has started.
 * @param settings The settings.
 * @param opsUrl Where the ops port is, if there is one.
 * @returns Lines.
 */
export async function serverBanner(
  server: Server,
  settings: Settings,
  opsUrl?: string,
): Promise<string> {
  const { connections } = settings.limits;
  const capacity = capacityLine(await server.report(), connections);
  return bannerOf(settings, server, "", opsUrl, capacity);
}

/**
 * Says the same of workers.
 *
 * @param cluster The workers, which have started.
 * @param settings The settings.
 * @param opsUrl Where the ops port is, if there is one.
 * @returns Lines.
 */
export async function clusterBanner(
  cluster: Cluster,
  settings: Settings,
  opsUrl?: string,
): Promise<string> {
  const { workers } = await cluster.report();
  const most = workers.reduce((sum, { maxConnections = Infinity }) => sum + maxConnections, 0);
  const count = cluster.workers.length;
  const by = ` by ${count} ${count === 1 ? "worker" : "workers"}`;
  // They may drain already, or not answer.
  if (workers[0] === undefined) return bannerOf(settings, cluster, by, opsUrl);
  const all = Number.isFinite(most) ? `; by each worker, so ${most} in all` : "";
  const capacity = capacityLine(workers[0], settings.limits.connections) + all;
  return bannerOf(settings, cluster, by, opsUrl, capacity);
}

function bannerOf(
  settings: Settings,
  { url, addr: { hostname, port } }: Pick<Server, "url" | "addr">,
  by: string,
  opsUrl: string | undefined,
  capacity?: string,
): string {
  const lines = [`Fourtuple ${VERSION} serves ${settings.app} on ${url}${by} (pid ${Deno.pid})`];
  if (hostname === "0.0.0.0" || hostname === "::") {
    const addresses = hostname === "::" ? "addresses" : "IPv4 addresses";
    lines.push(`It listens on port ${port} of all ${addresses} of this host (${hostname})`);
  }
  if (capacity !== undefined) lines.push(capacity);
  if (settings.deflate) lines.push(compressionLine(settings));
  if (opsUrl !== undefined) lines.push(`Ops port: dashboard, metrics and API on ${opsUrl}`);
  return `${lines.join("\n")}\n`;
}

/**
 * Says what compression costs.
 *
 * @param settings The settings, which turn it on.
 */
export function compressionLine(settings: Settings): string {
  const { deflateThreshold: threshold, deflateContextTakeover: contextTakeover } = settings;
  const { deflate, inflate } = memoryOf({
    serverNoContextTakeover: !contextTakeover,
    clientNoContextTakeover: !contextTakeover,
    serverMaxWindowBits: settings.deflateWindowBits,
    clientMaxWindowBits: settings.deflateWindowBits,
  }, { level: settings.deflateLevel, memLevel: settings.deflateMemoryLevel });
  const memory = deflate + inflate;
  const cost = memory === 0
    ? "no memory for a connection that is idle"
    : `up to ${memory} bytes for each connection, also while it is idle`;
  return `Compression: messages of ${threshold} bytes and more; ${cost}`;
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
