import { Children } from "./children.ts";
import { processesListeningOn, ProcessGroup } from "./processes.ts";
import type { ProcessFigures, ScalePlan } from "./result.ts";
import { WORKER_COMMAND, type WorkerCalls } from "./worker_process.ts";

/** The server that is measured. */
export interface ScaleTarget {
  /** Where it is, as a person would write it. */
  readonly url: string;
  /** Its addresses, in the order to use them. */
  readonly hosts: readonly string[];
  /** Its port. */
  readonly port: number;
  /** Path and query to ask for. */
  readonly path: string;
  /** Resolves with how it ended when one of our processes ends; never for another's server. */
  readonly failed: Promise<string>;
  /** Reads what it takes now; `undefined` where that cannot be known. Never rejects. */
  figures(): Promise<ProcessFigures | undefined>;
  /** Ends it, if it is ours. */
  close(): Promise<void>;
}

/** Where a server is, taken from a URL. */
export interface ScaleAddress {
  /** Name or address, an IPv6 one without brackets. */
  readonly host: string;
  /** Port. */
  readonly port: number;
  /** Path and query. */
  readonly path: string;
}

/**
 * Reads the URL of a server.
 *
 * @param url `ws://` or `http://`.
 * @returns Its parts.
 * @throws {TypeError} When it is no such URL.
 */
export function parseTarget(url: string): ScaleAddress {
  const parsed = URL.parse(url);
  if (parsed === null || !["ws:", "http:"].includes(parsed.protocol) || parsed.hostname === "") {
    throw new TypeError("Cannot measure that server: expected a URL such as ws://127.0.0.1:8080/");
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  return {
    // A name would be looked up for every connection.
    host: host === "localhost" ? "127.0.0.1" : host,
    port: Number(parsed.port === "" ? 80 : parsed.port),
    path: parsed.pathname + parsed.search,
  };
}

/**
 * Starts our own server in as many processes as planned, all on one port.
 *
 * @param plan The plan.
 * @returns The server, listening.
 * @throws {Error} When a process does not start.
 */
export async function startOwnServer(plan: ScalePlan): Promise<ScaleTarget> {
  const workers = await Children.start<WorkerCalls>(WORKER_COMMAND, plan.workers);
  try {
    const everywhere = plan.varied === "destination";
    const shared = plan.workers > 1;
    let port = 0;
    for (const { link } of workers.all) {
      port = await link.call("listen", everywhere ? "0.0.0.0" : "127.0.0.1", port, shared);
    }
    return {
      url: `http://127.0.0.1:${port}/`,
      hosts: everywhere ? plan.addresses : ["127.0.0.1"],
      port,
      path: "/",
      failed: workers.failed,
      figures: () => workers.figures(),
      close: () => workers.close(),
    };
  } catch (error) {
    await workers.close();
    throw error;
  }
}

/**
 * Looks at a server that runs already.
 *
 * @param url Its URL.
 * @returns The server; its figures are known where its processes are this host's and may be read.
 * @throws {TypeError} When it is no URL of a server.
 */
export async function findServer(url: string): Promise<ScaleTarget> {
  const { host, port, path } = parseTarget(url);
  const local = isLocal(host);
  const pids = local ? await processesListeningOn(port) : [];
  const group = await ProcessGroup.of(pids);
  return {
    url,
    hosts: [host],
    port,
    path,
    failed: new Promise(() => {}),
    figures: () => pids.length === 0 ? Promise.resolve(undefined) : group.figures(),
    close: () => Promise.resolve(),
  };
}

/**
 * Whether an address is one of this host.
 *
 * @param host An address or a name.
 */
export function isLocal(host: string): boolean {
  return host.startsWith("127.") || host === "::1" ||
    Deno.networkInterfaces().some(({ address }) => address === host);
}
