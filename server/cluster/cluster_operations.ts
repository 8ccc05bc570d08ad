import { readHostLimits } from "../host/host.ts";
import type { Limits } from "../limits.ts";
import { parseFourTuple } from "../net/four_tuple.ts";
import type { DrainOptions } from "../operations/drain.ts";
import type {
  CloseOrder,
  CloseOutcome,
  ConnectionFilter,
  ConnectionPage,
  ConnectionQuery,
  DescriptorPage,
  DescriptorQuery,
  DrainProgress,
  HostDescription,
  OperatedDescription,
  Operations,
  PingOutcome,
  ProcessSnapshot,
  Reconfiguration,
  Snapshot,
  TapEvent,
  TapOptions,
} from "../operations/operations.ts";
import { ANSWER_DEADLINE, ask, askAll } from "./ask.ts";
import { clusterCapacity } from "./cluster_capacity.ts";
import { sumReports } from "./cluster_report.ts";
import {
  connectionQueryOf,
  DEFAULT_LIMIT,
  descriptorQueryOf,
  mergeConnections,
  mergeDescriptors,
} from "./merge_pages.ts";
import type { Supervisor } from "./supervisor.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** One that does answer may take this many milliseconds to find a page, a second of it for rates. */
const PAGE_DEADLINE = 5_000;

/** One that does answer may take this many milliseconds to read the kernel's tables, the host's. */
const KERNEL_DEADLINE = 20_000;

/** A ping has failed by itself before. */
const PING_DEADLINE = 12_000;

/** Connections are closed in batches, with pauses between them. */
const CLOSE_DEADLINE = 60_000;

/** What an outcome shows of the connections that it is about. */
const MAX_EXAMPLES = 10;

/**
 * What an operator can ask all workers and have them do. A worker that is stuck is left out, and
 * costs a question two seconds at most; what was changed holds for it when it goes on.
 */
export class ClusterOperations implements Operations {
  readonly #supervisor: Supervisor;
  /** The change that is under way: two at once could come to two workers in two orders. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @param supervisor The supervisor of the workers. */
  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async snapshot(): Promise<Snapshot> {
    const [{ missing }, limits] = await Promise.all([
      askAll(this.#supervisor.live, (it) => it.snapshot(), ANSWER_DEADLINE),
      readHostLimits(),
    ]);
    // All that follows is of one moment: sums that are told later are never less.
    const { phase, live, workers, desired, restarts, counters, relayDropped } = this.#supervisor;
    const { totals, measured, backplaneDropped } = counters;
    const present = live.filter((it) => it.finalReport === undefined);
    const processes = present.map(processOf).filter((it) => it !== undefined);
    const reports = processes.map(({ report }) => report);
    const [nextLimit] = clusterCapacity(limits, reports);
    const late = present.filter(({ worker }) => missing.includes(worker)).map((it) => it.worker);
    return {
      at: Date.now(),
      phase,
      sum: {
        report: { ...sumReports(reports), ...nextLimit && { nextLimit } },
        totals,
        measured,
      },
      processes: processes.filter(({ worker }) => !late.includes(worker)),
      ...late.length > 0 && { missing: late },
      supervisor: {
        pid: Deno.pid,
        resident: Deno.memoryUsage().rss,
        relayDropped: relayDropped + backplaneDropped,
        desired,
        serving: workers.length,
        restarts,
      },
    };
  }

  async host(): Promise<HostDescription> {
    const [{ sum, processes }, limits] = await Promise.all([this.snapshot(), readHostLimits()]);
    const [own] = processes.map(({ report }) => report.descriptors)
      .filter((it) => it?.soft !== undefined)
      .sort((a, b) => a!.soft! - b!.soft!);
    return {
      limits: {
        ...limits,
        ...own && { descriptors: { soft: own.soft!, hard: own.hard ?? own.soft! } },
      },
      capacity: clusterCapacity(limits, processes.map((it) => it.report)),
      report: sum.report,
    };
  }

  async query(query: ConnectionQuery): Promise<ConnectionPage> {
    const { awake, stuck } = await this.#awake();
    const question = async ({ worker, link }: WorkerProcess): Promise<ConnectionPage> => {
      if (query.worker === undefined || query.worker === worker) {
        return await link.call("query", connectionQueryOf(query, worker));
      }
      return { connections: [], matched: 0, total: await link.call("size") };
    };
    const { answers, missing } = await askAll(awake, question, PAGE_DEADLINE);
    return { ...mergeConnections(answers, query), ...missed(stuck, missing) };
  }

  async describe(key: string): Promise<OperatedDescription | undefined> {
    const owner = await this.#find(key);
    if (owner === undefined) return undefined;
    const { answer } = await ask(owner.link.call("describe", key), KERNEL_DEADLINE) ?? {};
    return answer && { ...answer, worker: owner.worker };
  }

  async close(
    { worker, ...filter }: ConnectionFilter,
    order: CloseOrder,
  ): Promise<CloseOutcome> {
    // A worker that is stuck must not find the order when it goes on, among other connections.
    const { awake, stuck } = await this.#awake(worker);
    const question = ({ link }: WorkerProcess) => link.call("close", filter, order);
    const { answers, missing } = await askAll(awake, question, CLOSE_DEADLINE);
    return {
      closed: answers.reduce((sum, { answer }) => sum + answer.closed, 0),
      examples: answers.flatMap(({ answer }) => answer.examples).slice(0, MAX_EXAMPLES),
      ...missed(stuck, missing),
    };
  }

  async ping(key: string): Promise<PingOutcome | undefined> {
    const owner = await this.#find(key);
    return owner && (await ask(owner.link.call("ping", key), PING_DEADLINE))?.answer;
  }

  async tap(
    key: string,
    options: TapOptions = {},
  ): Promise<ReadableStream<TapEvent> | undefined> {
    const owner = await this.#find(key);
    return owner && await this.#supervisor.taps.open(owner, key, options);
  }

  async descriptors(query: DescriptorQuery = {}): Promise<DescriptorPage> {
    const { awake, stuck } = await this.#awake(query.worker);
    const askSome = async (workers: readonly WorkerProcess[], wanted: DescriptorQuery) => {
      const question = ({ worker, link }: WorkerProcess) =>
        link.call("descriptors", descriptorQueryOf(wanted, worker));
      return await askAll(workers, question, KERNEL_DEADLINE);
    };
    // Most pages behind the first come of one worker, and cost the others no more than their sums.
    const current = awake.filter(({ worker }) => worker === query.after?.worker);
    const first = await askSome(current, query);
    const { limit = DEFAULT_LIMIT } = query;
    const left = limit - first.answers.reduce((sum, { answer }) => sum + answer.rows.length, 0);
    const others = awake.filter((it) => !current.includes(it));
    const second = await askSome(others, { ...query, limit: left });
    const answers = [...first.answers, ...second.answers].sort((a, b) => a.worker - b.worker);
    const missing = missed(stuck, [...first.missing, ...second.missing]);
    return { ...mergeDescriptors(answers, query), ...missing };
  }

  async limits(): Promise<Limits> {
    const { workers } = this.#supervisor;
    const limits = await this.#first(workers, ({ link }) => link.call("limits"));
    if (limits === undefined) throw new Deno.errors.TimedOut(NOBODY);
    return limits;
  }

  reconfigure(changes: Reconfiguration): Promise<Limits> {
    const changed = this.#changing.then(() => this.#reconfigure(changes));
    this.#changing = changed.catch(() => {});
    return changed;
  }

  /** One worker tries: what it refuses is changed nowhere, and what it takes the others take as well. */
  async #reconfigure(changes: Reconfiguration): Promise<Limits> {
    for (const worker of (await this.#awake()).awake) {
      const answered = await ask(worker.link.call("follow", { changes }), ANSWER_DEADLINE);
      if (answered === undefined) continue;
      await this.#supervisor.configure({ changes: spelledOut(changes, answered.answer) }, worker);
      return answered.answer;
    }
    throw new Deno.errors.TimedOut(NOBODY);
  }

  drain(options?: DrainOptions): Promise<DrainProgress> {
    this.#supervisor.drain(options);
    return this.drainProgress();
  }

  async drainProgress(): Promise<DrainProgress> {
    const left = await this.#supervisor.countConnections();
    const connections = await this.#supervisor.draining?.connections;
    const { phase, draining } = this.#supervisor;
    if (draining === undefined || connections === undefined) return { phase, left };
    return { phase, left, ...draining, connections };
  }

  /**
   * Finds the workers that answer, so that those which are stuck are not waited for any longer.
   *
   * @param only The one worker that matters; all where it is not given.
   */
  async #awake(only?: number): Promise<{ awake: WorkerProcess[]; stuck: readonly number[] }> {
    const live = this.#supervisor.live.filter(({ worker }) => worker === (only ?? worker));
    const awake: WorkerProcess[] = [];
    const stuck: number[] = [];
    const answers = await Promise.all(live.map((it) => it.isAwake()));
    for (const [index, it] of live.entries()) {
      if (answers[index]) awake.push(it);
      else stuck.push(it.worker);
    }
    return { awake, stuck };
  }

  /** The worker that has a connection, as soon as it says so. */
  async #find(key: string): Promise<WorkerProcess | undefined> {
    parseFourTuple(key); // throws here what it would throw in every worker
    const question = async (it: WorkerProcess) => await it.link.call("holds", key) ? it : undefined;
    return await this.#first(this.#supervisor.live, question);
  }

  /** What one of them says first that has something to say. */
  async #first<Answer>(
    workers: readonly WorkerProcess[],
    question: (worker: WorkerProcess) => Promise<Answer | undefined>,
  ): Promise<Answer | undefined> {
    const found = Promise.withResolvers<Answer | undefined>();
    const listen = async (worker: WorkerProcess) => {
      const answer = await question(worker);
      if (answer !== undefined) found.resolve(answer);
    };
    askAll(workers, listen, ANSWER_DEADLINE).then(() => found.resolve(undefined), found.reject);
    return await found.promise;
  }
}

/** What a worker has said last of itself, if anything. */
function processOf(
  { worker, pid, since, lastSnapshot }: WorkerProcess,
): ProcessSnapshot & { worker: number } | undefined {
  if (lastSnapshot === undefined) return undefined;
  const { report, totals, measured } = lastSnapshot;
  return { worker, pid, since, report, totals, measured };
}

/** Why something cannot be told or changed. */
const NOBODY = "No worker answers";

/** Who has not answered: those that were not asked as they are stuck, and those that were. */
function missed(
  stuck: readonly number[],
  late: readonly number[],
): { readonly missing?: readonly number[] } {
  const missing = [...stuck, ...late].sort((a, b) => a - b);
  return missing.length > 0 ? { missing } : {};
}

/** Writes out what `null` came to in one worker: others may have been started with other limits. */
function spelledOut(changes: Reconfiguration, came: Limits): Reconfiguration {
  if (changes.limits === undefined) return changes;
  const names = Object.keys(changes.limits) as (keyof Limits)[];
  const limits = Object.fromEntries(
    names.map((name) => [name, changes.limits?.[name] ?? came[name] ?? null]),
  );
  return { ...changes, limits };
}
