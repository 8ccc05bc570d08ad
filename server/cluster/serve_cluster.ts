/**
 * `server/cluster/` is for one server of several processes that share a port: a supervisor, its
 * workers, and the calls between them.
 *
 * @module
 */

import { type LogEntry, logToConsole } from "../log.ts";
import type { ServeOptions } from "../options.ts";
import { isChild } from "../process/child.ts";
import { programOf } from "../process/program.ts";
import { serve } from "../server.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { runWorker } from "./worker.ts";

/** What a cluster is to be: what each of its servers is, and how many there are. */
export interface ClusterOptions<Data = unknown>
  extends Omit<ServeOptions<Data>, "reusePort" | "backplane" | "worker" | "onListen" | "signal"> {
  /** How many processes serve; `"auto"` for one for each core. Limits count in each by itself. */
  workers: number | "auto";
  /**
   * How long a worker may drain when it is replaced, or when the process that started it has gone, in
   * milliseconds.
   *
   * @default 30_000
   */
  drainDeadline?: number;
}

/** A worker serves what the first call in its program says: it could not get to another one. */
const TWICE = "Cannot serve by workers a second time in one program";

/** Whether this process has begun to, or is a worker. */
let serving = false;

/** What a program needs that starts others of its kind. */
const PERMISSIONS = ["run", "read", "write", "env", "net"] as const;

/**
 * Serves one port by several processes of this same program, each with its own core, heap and
 * descriptors; the kernel shares the connections out among them. A worker that dies or cannot start is
 * tried again as long as another one serves, and what is broadcast or published reaches the connections
 * of all.
 *
 * The program runs once more in each worker, where this function serves and never returns: what comes
 * after it runs only once, in the process that was started first. What comes before it runs in all.
 * A worker gets the program's arguments and environment, and ends when that first process has gone,
 * or at SIGTERM; it does not at SIGINT and SIGHUP, which a terminal sends to all processes at once.
 *
 * It needs Linux and `--allow-all`; the workers run with that, and with `--unstable-net`, which a
 * binary has to be compiled with.
 *
 * @typeParam Data What the `upgrade` hook gives each connection.
 * @param options What each server is to be, and how many there are.
 * @returns The cluster, when all workers listen that can.
 * @throws {RangeError} When the number of workers is no positive integer.
 * @throws {Deno.errors.NotSupported} On another system than Linux.
 * @throws {Deno.errors.NotCapable} When a permission is missing.
 * @throws {Deno.errors.AddrInUse} When the port is taken.
 * @throws {Error} When no worker can serve, with the reason of one. When the program has a cluster, or has
 * had one: its workers would take the first one for theirs.
 *
 * @example
 * ```ts ignore
 * import { serveCluster } from "@fourtuple/fourtuple";
 *
 * const cluster = await serveCluster({
 *   workers: "auto",
 *   port: 8080,
 *   message: (_connection, data, server) => server.broadcast(data), // to those of all workers
 * });
 * console.log(`${cluster.workers.length} workers serve ${cluster.url}`);
 * Deno.addSignalListener("SIGUSR2", () => cluster.roll());
 * Deno.addSignalListener("SIGTERM", () => cluster.drain());
 * await cluster.finished;
 * ```
 */
export async function serveCluster<Data = undefined>(
  options: ClusterOptions<Data>,
): Promise<Cluster> {
  const { workers, drainDeadline = 30_000, log = logToConsole, ...base } = options;
  const count = countWorkers(workers);
  checkPlatform();
  if (serving) throw new Error(TWICE);
  // Before anything is waited for: a second call that a worker makes must not start workers itself.
  serving = true;
  if (isChild()) return await work(log, base);
  const { hostname = "127.0.0.1", port = 8080 } = options;
  try {
    return await startCluster({
      program: programOf(Deno.mainModule),
      args: Deno.args,
      workers: count,
      hostname,
      port,
      drainDeadline,
      log,
    });
  } catch (error) {
    serving = false; // with another port it may go better
    throw error;
  }
}

/** Serves as a worker; the process ends with it. */
async function work<Data>(
  log: (entry: LogEntry) => void,
  base: ServeOptions<Data>,
): Promise<never> {
  await runWorker({ log, start: (options) => serve<Data>({ ...base, ...options }) });
  // The program may hold what would keep it alive: timers, other servers.
  Deno.exit(0);
}

/**
 * Says how many workers are wanted.
 *
 * @param workers The option.
 * @returns A positive integer.
 * @throws {RangeError} When it is none.
 */
export function countWorkers(workers: number | "auto"): number {
  if (workers === "auto") return navigator.hardwareConcurrency;
  if (Number.isSafeInteger(workers) && workers > 0) return workers;
  const expected = 'a positive integer or "auto"';
  throw new RangeError(`Cannot serve by workers as their number must be ${expected}: ${workers}`);
}

function checkPlatform(): void {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      "Cannot serve by workers: it needs Linux, whose kernel shares a port out among processes",
    );
  }
  for (const name of PERMISSIONS) {
    if (Deno.permissions.querySync({ name }).state === "granted") continue;
    throw new Deno.errors.NotCapable(
      `Cannot serve by workers: it needs --allow-all, and has no --allow-${name}`,
    );
  }
}
