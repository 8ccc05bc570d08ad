import { sentResets } from "../host.ts";
import type { LogEntry, ServeOptions } from "../options.ts";
import { joinParent } from "../process/child.ts";
import type { Link } from "../process/link.ts";
import type { ConnectionDescription, ConnectionRecord, ListOptions, Totals } from "../registry.ts";
import type { DrainOptions, Server } from "../server.ts";
import { tell } from "../tell.ts";
import type {
  LastWords,
  Listening,
  OwnReport,
  Place,
  SupervisorCalls,
  WorkerCalls,
} from "./calls.ts";
import type { ClusterReport } from "./cluster_report.ts";
import { LinkBackplane } from "./link_backplane.ts";

/** What a worker passes on to `serve()`. */
export type WorkerOptions = Required<
  Pick<ServeOptions, "hostname" | "port" | "reusePort" | "backplane" | "log">
>;

/** What is started in a worker. */
export interface WorkerProgram {
  /** Gets what is worth telling an operator. */
  readonly log: (entry: LogEntry) => void;
  /**
   * Starts the server.
   *
   * @param options What makes it one of many; `log` says which worker it is.
   * @param report Tells what all workers hold.
   * @throws {Error} When it cannot serve; the supervisor gets the message.
   */
  start(options: WorkerOptions, report: () => Promise<ClusterReport>): Server;
}

/**
 * Makes this process a worker of the one that started it, until it has drained: because that was
 * asked for, or because its supervisor has gone.
 *
 * @param program What to start.
 * @throws {Error} When this process was not started as a worker.
 */
export async function runWorker(program: WorkerProgram): Promise<void> {
  await new Worker(program).run();
}

class Worker implements WorkerCalls {
  readonly #program: WorkerProgram;
  readonly #link: Promise<Link<SupervisorCalls>>;
  #server: Server | undefined = undefined;
  #backplane: LinkBackplane | undefined = undefined;
  #drainDeadline = 0;
  #drained: Promise<LastWords> | undefined = undefined;

  constructor(program: WorkerProgram) {
    this.#program = program;
    this.#link = joinParent(this, (envelope) => this.#backplane?.receive(envelope));
  }

  /** Works until the link is closed, and then drains unless that is done. */
  async run(): Promise<void> {
    const link = await this.#link;
    // A terminal sends SIGINT to every process of a group, and SIGHUP when it is closed; SIGUSR2 may be
    // sent to all by name. The supervisor decides, or ends, and then this one drains. Registered now:
    // once descriptors have run out, that would end the process.
    for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) {
      Deno.addSignalListener(signal, () => {});
    }
    // Without a supervisor it drains anyway.
    Deno.addSignalListener("SIGTERM", () => link.call("leave").catch(() => {}));
    await link.closed;
    if (this.#server !== undefined) await this.drain({ deadline: this.#drainDeadline });
    await this.#backplane?.close();
  }

  async listen({ worker, hostname, port, drainDeadline }: Place): Promise<Listening> {
    const link = await this.#link;
    this.#drainDeadline = drainDeadline;
    const log = (entry: LogEntry) => tell(this.#program.log, { ...entry, worker });
    const backplane = this.#backplane = new LinkBackplane(link, log);
    this.#server = this.#program.start(
      { hostname, port, reusePort: true, backplane, log },
      () => link.call("report"),
    );
    return { url: this.#server.url };
  }

  async report(): Promise<OwnReport> {
    const report = await this.#server!.report();
    return { ...report, backplaneDropped: this.#backplane!.dropped };
  }

  list(options: ListOptions): Promise<ConnectionRecord[]> {
    return Promise.resolve(this.#server!.registry.list(options));
  }

  totals(): Promise<Totals> {
    return Promise.resolve(this.#server!.registry.totals());
  }

  describe(key: string): Promise<ConnectionDescription | undefined> {
    return this.#server!.registry.describe(key);
  }

  drain(options: DrainOptions): Promise<LastWords> {
    return this.#drained ??= this.#drain(this.#server!, options);
  }

  async #drain(server: Server, options: DrainOptions): Promise<LastWords> {
    const before = await sentResets();
    await server.stopListening();
    const after = await sentResets();
    const result = await server.drain(options);
    return {
      ...result,
      totals: server.registry.totals(),
      ...before !== undefined && after !== undefined && { resets: after - before },
    };
  }
}
