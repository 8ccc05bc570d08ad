import type { Child } from "../process/child.ts";
import { Children } from "./children.ts";
import { CLIENT_COMMAND, type ClientCalls } from "./client_process.ts";
import type { EchoSample } from "./latency.ts";
import type { OpenerCount } from "./opener.ts";
import type { LatencyOptions, ProcessFigures, ScalePlan } from "./result.ts";
import type { ScaleTarget } from "./target.ts";

/** How a group of clients goes about it. */
export interface ClientGroupOptions {
  /** The plan. */
  readonly plan: ScalePlan;
  /** The server. */
  readonly target: Pick<ScaleTarget, "hosts" | "port" | "path">;
  /** The source ports that may be used, both ends included. */
  readonly ports: { readonly first: number; readonly last: number };
  /** Whether each process has source addresses to itself; else they share them all. */
  readonly ownAddresses: boolean;
}

/** All client processes of a run. One that has ended does and answers nothing. */
export class ClientGroup {
  /** Resolves with how it ended when one of the processes ends before `close()`. */
  readonly failed: Promise<string>;
  readonly #children: Children<ClientCalls>;

  /** Use {@linkcode ClientGroup.start}. */
  constructor(children: Children<ClientCalls>) {
    this.#children = children;
    this.failed = children.failed;
  }

  /**
   * Starts the processes.
   *
   * @param options How they go about it.
   * @throws {Error} When one does not start; then none is left.
   */
  static async start(options: ClientGroupOptions): Promise<ClientGroup> {
    const { plan, target, ports, ownAddresses } = options;
    const group = new ClientGroup(await Children.start(CLIENT_COMMAND, plan.clients));
    const count = ports.last - ports.first + 1;
    const start = Math.floor(Math.random() * count);
    const sources = plan.varied === "source" ? plan.addresses : [];
    await group.#ask(({ link }, index) => {
      // On the same addresses no two may use the same port; on their own they should.
      const offset = ownAddresses ? 0 : Math.floor(index * count / plan.clients);
      return link.call("prepare", {
        hosts: shareOf(target.hosts, index, plan.clients),
        port: target.port,
        path: target.path,
        sources: ownAddresses ? shareOf(sources, index, plan.clients) : sources,
        ports,
        firstPort: ports.first + (start + offset) % count,
      });
    });
    return group;
  }

  /**
   * Opens connections until so many are open in all, or no more can be.
   *
   * @param connections How many.
   */
  async open(connections: number): Promise<void> {
    const before = (index: number): number =>
      Math.floor(index * connections / this.#children.all.length);
    await this.#ask(({ link }, index) => link.call("open", before(index + 1) - before(index)));
  }

  /** Begins no further connection: `open()` returns. */
  stop(): void {
    this.#ask(({ link }) => link.call("stop"));
  }

  /** How far each process is. */
  async counts(): Promise<readonly OpenerCount[]> {
    const counts = await this.#ask(({ link }) => link.call("count"));
    return counts.filter((count) => count !== undefined);
  }

  /**
   * Measures how long echoes take. One process does so alone: several would take the processors from
   * the server.
   *
   * @param options How.
   */
  async echo(options: LatencyOptions): Promise<EchoSample | undefined> {
    return await this.#children.all[0]?.link.call("echo", options).catch(() => undefined);
  }

  /** Reads what they take now. Never rejects. */
  figures(): Promise<ProcessFigures> {
    return this.#children.figures();
  }

  /** Ends them. */
  close(): Promise<void> {
    return this.#children.close();
  }

  #ask<Answer>(
    question: (child: Child<ClientCalls>, index: number) => Promise<Answer>,
  ): Promise<(Answer | undefined)[]> {
    return Promise.all(
      this.#children.all.map((child, index) => question(child, index).catch(() => undefined)),
    );
  }
}

/** The part of the addresses that a process has to itself; all of them where they are too few. */
function shareOf(addresses: readonly string[], index: number, processes: number): string[] {
  if (addresses.length < processes) return [...addresses];
  const start = (place: number): number => Math.floor(place * addresses.length / processes);
  return addresses.slice(start(index), start(index + 1));
}
