import { pause } from "../loop/pause.ts";
import { type Child, endOf, startChild } from "../process/child.ts";
import type { Link } from "../process/link.ts";
import type { Program } from "../process/program.ts";
import { ANSWER_DEADLINE, ask } from "./ask.ts";
import type {
  FinalReport,
  Listening,
  SupervisorCalls,
  WorkerAssignment,
  WorkerCalls,
  WorkerSnapshot,
} from "./calls.ts";
import type { WorkerInfo } from "./cluster_report.ts";
import type { WorkerCounters } from "./worker_counters.ts";

/** A worker that does not listen after this many milliseconds never will. */
const LISTEN_DEADLINE = 30_000;

/** A process may take this many milliseconds to end after its last word. */
const END_DEADLINE = 5_000;

/** One that has not answered at all so many milliseconds after its deadline is stuck. */
const STUCK_DEADLINE = 1_000;

/** Timers hold 31 bits: a longer time would run out at once. */
const MAX_TIMER = 2_147_483_647;

/** What a worker process is started with. */
export interface WorkerProcessOptions {
  /** How to start it. */
  readonly program: Program;
  /** Its arguments. */
  readonly args: readonly string[];
  /** What it is to be. */
  readonly assignment: WorkerAssignment;
  /** What it can ask. */
  readonly ours: SupervisorCalls;
  /** Takes what it publishes. */
  readonly received: (envelope: Uint8Array) => void;
  /** Kills it while it starts. */
  readonly signal: AbortSignal;
}

/** A worker, as its supervisor has it. */
export class WorkerProcess implements WorkerInfo {
  readonly worker: number;
  readonly pid: number;
  readonly since: number = Date.now();
  /** The address for a browser. */
  readonly url: string;
  readonly link: Link<WorkerCalls>;
  /** Resolves when the process has ended, with how it did. Never rejects. */
  readonly ended: Promise<string>;

  readonly #child: Child<WorkerCalls>;
  readonly #began = performance.now();
  #drained: Promise<FinalReport | undefined> | undefined = undefined;
  /** What it said when it had drained. */
  finalReport: FinalReport | undefined = undefined;
  /** What it held when it was last asked. */
  lastSnapshot: WorkerSnapshot | undefined = undefined;
  #asked: Promise<WorkerSnapshot> | undefined = undefined;
  /** How many connections it had when it last said so. */
  #size = 0;
  /** What it was asked to see whether it is awake, and has not answered. */
  #knock: { readonly at: number; readonly answer: Promise<number> } | undefined = undefined;

  /** Use {@linkcode WorkerProcess.start}. */
  constructor(child: Child<WorkerCalls>, { worker }: WorkerAssignment, { url }: Listening) {
    this.#child = child;
    this.worker = worker;
    this.pid = child.pid;
    this.url = url;
    this.link = child.link;
    this.ended = ended(child);
  }

  /**
   * Starts a worker; it listens when this resolves.
   *
   * @throws {Error} When it cannot: in its own words, or with how it ended.
   */
  static async start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const { program, args, assignment, ours, received, signal } = options;
    signal.throwIfAborted();
    const starting = new AbortController();
    const giveUp = () => starting.abort();
    const timer = setTimeout(giveUp, LISTEN_DEADLINE);
    signal.addEventListener("abort", giveUp);
    try {
      const child = await startChild<WorkerCalls>(program, args, {
        ours,
        received,
        signal: starting.signal,
      });
      try {
        const drainDeadline = finite(assignment.drainDeadline);
        const listening = await child.link.call("listen", { ...assignment, drainDeadline });
        return new WorkerProcess(child, assignment, listening);
      } catch (error) {
        const { open } = child.link;
        child.kill("SIGKILL");
        const end = endOf(await child.status);
        // It has said why it cannot listen, or has gone without a word.
        throw open ? error : new Error(`Process ended before it listened: ${end}`);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** What it has counted, as it has said last; absent before the first time. */
  get counters(): WorkerCounters | undefined {
    return this.finalReport ?? this.lastSnapshot;
  }

  /**
   * Asks what it holds and has counted. Whoever asks before it has answered gets the same answer, so
   * that one which is stuck is asked once, and no answer overtakes another.
   */
  snapshot(): Promise<WorkerSnapshot> {
    return this.#asked ??= this.#snapshot().finally(() => this.#asked = undefined);
  }

  async #snapshot(): Promise<WorkerSnapshot> {
    const snapshot = await this.link.call("snapshot");
    this.#size = snapshot.report.connections;
    return this.lastSnapshot = snapshot;
  }

  /** Asks how many connections it has. */
  async size(): Promise<number> {
    return this.#size = await this.link.call("size");
  }

  /**
   * Whether it answers within two seconds. One that has owed an answer for so long is stuck, and is
   * not waited for again until it has given it.
   */
  async isAwake(): Promise<boolean> {
    this.#knock ??= {
      at: performance.now(),
      answer: this.size().finally(() => this.#knock = undefined),
    };
    const { at, answer } = this.#knock;
    return await ask(answer, Math.max(0, at + ANSWER_DEADLINE - performance.now())) !== undefined;
  }

  /** How many connections it had when it last said so. */
  get lastSize(): number {
    return this.#size;
  }

  /**
   * Drains it, and waits until it has ended. Asked again it gives the same answer.
   *
   * @param wanted The deadline, as in `Server.drain()`, also where an earlier drain has a later one. A
   * second later it is killed where it has not answered at all, and otherwise after five seconds.
   * @param grace As in `Server.drain()`.
   * @returns Its last words; `undefined` when it died before.
   */
  drain(wanted: number, grace: number): Promise<FinalReport | undefined> {
    const deadline = finite(wanted);
    const over = new AbortController();
    this.#killLater(deadline, over.signal);
    this.#drained ??= this.#drain(deadline, grace);
    return this.#drained.finally(() => over.abort());
  }

  /** Kills it some time after its deadline: the sooner, the less it answers. */
  async #killLater(deadline: number, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const answered = await ask(this.size(), finite(deadline + STUCK_DEADLINE));
    const rest = began + deadline + END_DEADLINE - performance.now();
    if (answered !== undefined) await pause(finite(rest), signal);
    // Without its link it has said its last words, and has its time to end.
    if (!signal.aborted && this.link.open) this.kill();
  }

  /** For how long it has listened, in milliseconds. */
  get lived(): number {
    return performance.now() - this.#began;
  }

  async #drain(deadline: number, grace: number): Promise<FinalReport | undefined> {
    try {
      return this.finalReport = await this.link.call("drain", { deadline, grace });
    } catch {
      return undefined;
    } finally {
      this.link.close();
      await this.ended;
    }
  }

  /** Kills it. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** JSON has no infinite number, and no timer waits that long. */
function finite(milliseconds: number): number {
  return Math.min(milliseconds, MAX_TIMER);
}

async function ended(child: Child<WorkerCalls>): Promise<string> {
  await child.link.closed;
  // Nobody reaches it any more: it ends by itself now, or never.
  const timer = setTimeout(() => child.kill("SIGKILL"), END_DEADLINE);
  const status = await child.status;
  clearTimeout(timer);
  return endOf(status);
}
