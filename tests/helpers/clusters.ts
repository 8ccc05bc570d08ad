import { type Cluster, startCluster } from "../../server/cluster/cluster.ts";
import type { SupervisorOptions } from "../../server/cluster/supervisor.ts";
import { programOf } from "../../server/process/program.ts";
import { LogBook } from "./log_book.ts";
import { RawClient } from "./raw_client.ts";

/** Why there are no clusters here; else undefined. */
export const NO_CLUSTERS: string | undefined = Deno.build.os === "linux"
  ? undefined
  : "needs Linux's SO_REUSEPORT";

/** A test of real workers. */
export function clusterTest(name: string, fn: () => Promise<void>): void {
  const ignore = NO_CLUSTERS !== undefined;
  Deno.test({ name: ignore ? `${name} (ignored: ${NO_CLUSTERS})` : name, ignore, fn });
}

/** A cluster of two, and its log. */
export interface TestCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly book: LogBook;
}

/**
 * Starts two workers that serve an app, as `fourtuple serve` does.
 *
 * @param app Which app.
 * @param options What differs.
 */
export async function clusterOf(
  app: "echo" | "broadcast",
  options: Partial<SupervisorOptions> = {},
): Promise<TestCluster> {
  const book = new LogBook();
  const cluster = await startCluster({
    program: programOf(import.meta.resolve("../../server/main.ts")),
    args: ["serve", "--app", app, "--log-level=error"],
    workers: 2,
    hostname: "127.0.0.1",
    port: 0,
    drainDeadline: 10_000,
    log: book.log,
    ...options,
  });
  return { cluster, book, [Symbol.asyncDispose]: () => cluster.close() };
}

/** A client, and which worker has its connection. */
export interface Placed {
  readonly client: RawClient;
  readonly worker: number;
  readonly key: string;
}

/**
 * Connects clients until each worker has some; the kernel chooses.
 *
 * @param cluster The workers.
 * @param each How many each has at least.
 * @returns All clients, by the age of their connections; the caller closes them.
 */
export async function connectToAll(cluster: Cluster, each = 1): Promise<Placed[]> {
  const placed: Placed[] = [];
  const workers = cluster.workers.map(({ worker }) => worker);
  const enough = () =>
    workers.every((worker) => placed.filter((it) => it.worker === worker).length >= each);
  while (!enough()) {
    const { hostname, port } = cluster.addr;
    const conn = await Deno.connect({ hostname, port });
    const client = new RawClient(conn);
    await client.upgrade();
    const key = `${textOf(conn.localAddr)}-${textOf(cluster.addr)}`;
    let found = await cluster.describe(key);
    // The response is there a moment before the record.
    while (found === undefined) found = await cluster.describe(key);
    const { worker } = found;
    placed.push({ client, worker, key });
  }
  return placed;
}

function textOf({ hostname, port }: Deno.NetAddr): string {
  return `${hostname}:${port}`;
}
