import { pause } from "../../server/loop/pause.ts";
import { type Child, endOf, startChild } from "../../server/process/child.ts";
import { programOf } from "../../server/process/program.ts";
import { ProcessGroup } from "../../server/scale/processes.ts";
import type { SoakClientOptions } from "./clients.ts";
import type { SoakClientCalls, SoakServerCalls } from "./process.ts";
import type { ServerState, SoakCounts } from "./result.ts";

/** When the clients have gone, the server may take so many milliseconds to notice. */
const GONE = 10_000;
const GONE_TICK = 100;

/** The processes of a soak, linked with this one. When this one ends, they do. */
export class SoakProcesses implements AsyncDisposable {
  /** Resolves with what ended when one of them ends by itself. */
  readonly failed: Promise<string>;
  readonly #server: Child<SoakServerCalls>;
  readonly #clients: readonly Child<SoakClientCalls>[];
  readonly #use: ProcessGroup;

  /** Use {@linkcode SoakProcesses.start}. */
  constructor(
    server: Child<SoakServerCalls>,
    clients: readonly Child<SoakClientCalls>[],
    use: ProcessGroup,
  ) {
    this.#server = server;
    this.#clients = clients;
    this.#use = use;
    const ended = async (child: Ending, name: string) =>
      `${name} process ended: ${endOf(await child.status)}`;
    this.failed = Promise.race([
      ended(server, "server"),
      ...clients.map((client) => ended(client, "client")),
    ]);
  }

  /**
   * Starts a server and processes of clients.
   *
   * @param clients How many of these.
   * @throws {Error} When one does not start; then none is left.
   */
  static async start(clients: number): Promise<SoakProcesses> {
    const program = programOf(new URL("./process.ts", import.meta.url).href);
    const started = await Promise.allSettled([
      startChild<SoakServerCalls>(program, ["server"], { ours: {} }),
      ...Array.from(
        { length: clients },
        () => startChild<SoakClientCalls>(program, ["client"], { ours: {} }),
      ),
    ]);
    const [server, ...others] = started.map((one) =>
      one.status === "fulfilled" ? one.value : undefined
    );
    const running = others.filter((child) => child !== undefined) as Child<SoakClientCalls>[];
    const failure = started.find((one) => one.status === "rejected");
    if (failure === undefined) {
      const own = server as Child<SoakServerCalls>;
      return new SoakProcesses(own, running, await ProcessGroup.of([own.pid]));
    }
    await end(server === undefined ? running : [server, ...running]);
    throw failure.reason;
  }

  /** How many processes of clients there are. */
  get clients(): number {
    return this.#clients.length;
  }

  /** Has the server listen, and returns its port. */
  async listen(): Promise<number> {
    return await this.#server.link.call("listen");
  }

  /** How the server is. */
  async state(): Promise<ServerState> {
    return await this.#server.link.call("state");
  }

  /** What the server had to tell an operator, by how often. */
  async events(): Promise<Readonly<Record<string, number>>> {
    return await this.#server.link.call("events");
  }

  /** Seconds of processor time that the server has taken; absent where it cannot be read. */
  async cpuSeconds(): Promise<number | undefined> {
    return (await this.#use.figures()).cpuSeconds;
  }

  /**
   * Opens the connections.
   *
   * @param optionsOf What the clients of a process do.
   */
  async open(optionsOf: (index: number) => SoakClientOptions): Promise<void> {
    await Promise.all(this.#clients.map(({ link }, index) => link.call("open", optionsOf(index))));
  }

  /** Begins to close, reopen and send. */
  async begin(): Promise<void> {
    await Promise.all(this.#clients.map(({ link }) => link.call("start")));
  }

  /** Ends that, and waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#clients.map(({ link }) => link.call("settle")));
  }

  /** What all clients have done. */
  async counts(): Promise<SoakCounts> {
    return sumOf(await Promise.all(this.#clients.map(({ link }) => link.call("counts"))));
  }

  /**
   * Ends the clients, and waits until the server has noticed.
   *
   * @returns How the server is then; its `connections` are 0 unless it has not noticed.
   */
  async leave(): Promise<ServerState> {
    await end(this.#clients);
    for (const began = performance.now();;) {
      const state = await this.state();
      if (state.connections === 0 || performance.now() - began > GONE) return state;
      await pause(GONE_TICK, new AbortController().signal);
    }
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await end([this.#server, ...this.#clients]);
  }
}

/** What ending a child takes. */
interface Ending extends Pick<Child<SoakServerCalls>, "kill" | "status"> {
  readonly link: { close(): void; readonly closed: Promise<void> };
}

async function end(children: readonly Ending[]): Promise<void> {
  await Promise.all(children.map(async ({ kill, status, link }) => {
    kill("SIGKILL");
    await status;
    link.close();
    await link.closed;
  }));
}

/**
 * Adds counts of several processes.
 *
 * @param all The counts of each, at least one.
 */
export function sumOf(all: readonly SoakCounts[]): SoakCounts {
  const sum = (of: (counts: SoakCounts) => number): number =>
    all.reduce((total, counts) => total + of(counts), 0);
  const faults: Record<string, number> = {};
  for (const [fault, times] of all.flatMap((counts) => Object.entries(counts.faults))) {
    faults[fault] = (faults[fault] ?? 0) + times;
  }
  return {
    open: sum(({ open }) => open),
    opened: sum(({ opened }) => opened),
    left: {
      close: sum(({ left }) => left.close),
      reset: sum(({ left }) => left.reset),
      fin: sum(({ left }) => left.fin),
    },
    sent: sum(({ sent }) => sent),
    echoed: sum(({ echoed }) => echoed),
    abandoned: sum(({ abandoned }) => abandoned),
    bytes: sum(({ bytes }) => bytes),
    slow: sum(({ slow }) => slow),
    faults,
  };
}
