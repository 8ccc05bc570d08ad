import { type HostLimits, readHostLimits } from "../../server/host/host.ts";
import { DEFAULT_LIMITS } from "../../server/limits.ts";
import { pause } from "../../server/loop/pause.ts";
import { sourcePorts } from "../../server/scale/addresses.ts";
import { describeHost } from "../../server/scale/machine.ts";
import type { ScalePlan } from "../../server/scale/result.ts";
import { prepareScale } from "../../server/scale/run.ts";
import { formatCount } from "../scaling/units.ts";
import type { SoakClientOptions } from "./clients.ts";
import { SoakProcesses } from "./processes.ts";
import type { ServerState, SoakCounts, SoakOptions, SoakResult, SoakSample } from "./result.ts";
import { Samples } from "./samples.ts";
import { leastOf, type Point, trendOf } from "./trend.ts";

/** Seconds between two samples; a short soak takes so many in all, for its trend. */
const SAMPLE_SECONDS = 5;
const MIN_SAMPLES = 48;

/** The Ctrl-C that has ended a process is heard of here within so many milliseconds. */
const INTERRUPT_DELAY = 1_000;

/**
 * What is under way at the end may take so many milliseconds: each part of it has a shorter
 * deadline.
 */
const SETTLE = 30_000;
const SETTLE_INTERRUPTED = 5_000;

/** For a minute the kernel keeps the ports of connections that were closed. */
const TIME_WAIT_SECONDS = 60;

/** Source ports of an address that are counted with; there are 28,232 by default. */
const USABLE_PORTS = 10_000;

/** A process of clients has so many addresses at most: 127.1.1.1 to 127.1.1.254. */
const MAX_SOURCES = 254;

/** Reading a report takes up to so many descriptors of its own for a moment. */
const REPORT_DESCRIPTORS = 4;

const SECONDS_PER_HOUR = 3_600;

/** What a live display shows. */
export interface SoakProgress {
  /** What is being done. */
  readonly phase: "opening" | "soaking" | "settling";
  /** Seconds since the load began. */
  readonly seconds: number;
  /** The newest sample, while there is one. */
  readonly sample?: SoakSample;
  /** What the clients have done; absent before the load begins. */
  readonly counts?: SoakCounts;
}

/** What a run tells about its course. */
export type SoakListener = (progress: SoakProgress) => void;

/**
 * Holds connections to a server of its own, closes and reopens some of them and has messages echoed
 * all the time, and looks at the server's memory meanwhile. Leaves nothing behind.
 *
 * @param command The command line, for the result.
 * @param options What is asked.
 * @param onProgress Gets what a live display shows.
 * @param signal Ends the run early; what was seen is returned as well.
 * @returns All that was seen, what went wrong in its `faults`; `undefined` where it was ended before
 * the load began.
 * @throws {Error} When a process does not start, or no connection can be opened.
 */
export async function runSoak(
  command: string,
  options: SoakOptions,
  onProgress: SoakListener,
  signal: AbortSignal,
): Promise<SoakResult | undefined> {
  const date = new Date().toISOString();
  const plan = await prepareScale({
    connections: options.connections,
    workers: 1,
    latency: false,
  });
  const limits = await readHostLimits();
  const host = await describeHost(limits);
  await using processes = await startProcesses(plan.clients, signal);
  if (processes === undefined || signal.aborted) return undefined;
  const soak = new Soak(processes, options, onProgress);
  const seen = await soak.run(plan, limits, signal);
  return seen && { command, date, host, options, notes: notesOf(plan), ...seen };
}

/** Starts them; `undefined` where Ctrl-C has ended one, which could not ignore it yet. */
async function startProcesses(
  clients: number,
  signal: AbortSignal,
): Promise<SoakProcesses | undefined> {
  try {
    return await SoakProcesses.start(clients);
  } catch (error) {
    await pause(INTERRUPT_DELAY, signal);
    if (!signal.aborted) throw error;
    return undefined;
  }
}

/** One run, from the first connection to the last. */
class Soak {
  readonly #processes: SoakProcesses;
  readonly #options: SoakOptions;
  readonly #onProgress: SoakListener;
  readonly #samples = new Samples<SoakSample>();
  readonly #faults: Record<string, number> = {};
  #counts: SoakCounts | undefined;
  #events: Readonly<Record<string, number>> = {};

  constructor(processes: SoakProcesses, options: SoakOptions, onProgress: SoakListener) {
    this.#processes = processes;
    this.#options = options;
    this.#onProgress = onProgress;
  }

  async run(
    plan: ScalePlan,
    limits: HostLimits,
    signal: AbortSignal,
  ): Promise<Omit<SoakResult, "command" | "date" | "host" | "options" | "notes"> | undefined> {
    const processes = this.#processes;
    const halt = new AbortController();
    processes.failed.then((how) => {
      if (halt.signal.aborted) return;
      this.#fault(`a ${how}`);
      halt.abort();
    });
    const interrupted = () => halt.abort();
    signal.addEventListener("abort", interrupted);
    const halted = new Promise<void>((resolve) =>
      halt.signal.addEventListener("abort", () => resolve())
    );
    try {
      const port = await processes.listen();
      const before = await processes.state();
      this.#onProgress({ phase: "opening", seconds: 0 });
      await Promise.race([
        processes.open((index) => clientOptions(this.#options, plan, limits, port, index)),
        halted,
      ]);
      if (signal.aborted) return undefined;
      if (!halt.signal.aborted) checkOpened(await processes.counts());
      const began = performance.now();
      await this.#soak(before, began, halt.signal);
      const seconds = (performance.now() - began) / 1_000;
      this.#onProgress({ phase: "settling", seconds });
      const patience = signal.aborted ? SETTLE_INTERRUPTED : SETTLE;
      const over = new AbortController();
      await Promise.race([
        processes.settle().catch(() => {}),
        pause(patience, over.signal).then(() => over.signal.aborted || this.#unsettled(signal)),
      ]);
      over.abort();
      halt.abort(); // who ends from now on is ended by us
      const after = await this.#end(before);
      const counts = this.#counts;
      if (counts === undefined) throw new Error("The client processes ended before the load began");
      const samples = this.#samples.all;
      const events = eventsEach(counts, seconds);
      const trend = trendOf(samples.map(({ at, residentEach }) => [at, residentEach]), events);
      const heaps = samples.map(({ at, heapEach }): Point => [at, heapEach]);
      const heapTrend = trendOf(heaps, events, leastOf);
      return {
        seconds,
        interrupted: signal.aborted,
        before,
        samples,
        ...after !== undefined && { after },
        counts,
        events: this.#events,
        ...trend !== undefined && { trend },
        ...heapTrend !== undefined && { heapTrend },
        faults: { ...counts.faults, ...this.#faults },
      };
    } finally {
      signal.removeEventListener("abort", interrupted);
    }
  }

  /** Has the load go on until its time is over, and takes the samples. */
  async #soak(before: ServerState, began: number, halted: AbortSignal): Promise<void> {
    const processes = this.#processes;
    const total = this.#options.minutes * 60;
    const interval = Math.min(SAMPLE_SECONDS, total / MIN_SAMPLES);
    const elapsed = (): number => (performance.now() - began) / 1_000;
    try {
      let cpu = await processes.cpuSeconds();
      let cpuAt = elapsed();
      await processes.begin();
      for (let next = interval; next <= total && !halted.aborted; next += interval) {
        await pause(Math.max(0, next - elapsed()) * 1_000, halted);
        if (halted.aborted) return;
        const [state, counts, cpuNow] = await Promise.all([
          processes.state(),
          processes.counts(),
          processes.cpuSeconds(),
        ]);
        const at = elapsed();
        this.#counts = counts;
        const sample = {
          ...state,
          at,
          ...cpu !== undefined && cpuNow !== undefined && { cores: (cpuNow - cpu) / (at - cpuAt) },
          residentEach: growthEach(before.resident, state.resident, state.connections),
          heapEach: growthEach(before.heapUsed, state.heapUsed, state.connections),
        };
        [cpu, cpuAt] = [cpuNow, at];
        this.#samples.push(sample);
        this.#onProgress({ phase: "soaking", seconds: at, sample, counts });
        // Who was kept waiting takes one sample now, not all that were due.
        next = Math.max(next, Math.floor(at / interval) * interval);
      }
    } catch (error) {
      // The process that did not answer has ended, which is counted; all else is not expected.
      if (!halted.aborted) await Promise.race([this.#processes.failed, rejectLater(error)]);
    }
  }

  #unsettled(signal: AbortSignal): void {
    if (!signal.aborted) this.#fault("what was under way at the end did not end");
  }

  /** Looks at the clients for the last time, ends them, and looks what is left of them. */
  async #end(before: ServerState): Promise<ServerState | undefined> {
    try {
      this.#counts = await this.#processes.counts();
      this.#events = await this.#processes.events();
      for (const [event, times] of Object.entries(this.#events)) {
        // On a busy host a client may take longer than that to end its side.
        if (event !== "close_timeout") this.#fault(`the server said ${event}`, times);
      }
      const after = await this.#processes.leave();
      if (after.connections > 0) this.#fault("left at the server at the end", after.connections);
      const more = (after.descriptors ?? 0) - (before.descriptors ?? 0);
      if (more > REPORT_DESCRIPTORS) this.#fault("descriptors not closed at the end", more);
      return after;
    } catch {
      return undefined; // the process has ended, which is counted
    }
  }

  #fault(fault: string, times = 1): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + times;
  }
}

/**
 * Makes sure that there is something to look at.
 *
 * @param counts What the clients have done when they had the time to open their connections.
 * @throws {Error} When no connection is open; the message says what was met most often.
 */
export function checkOpened({ open, faults }: SoakCounts): void {
  if (open > 0) return;
  const [most] = Object.entries(faults).sort(([, a], [, b]) => b - a);
  const why = most && `: ${most[0].replace("not opened: ", "")}, ${formatCount(most[1], "time")}`;
  throw new Error(`No connection could be opened${why ?? ""}`);
}

function clientOptions(
  { churn, messages }: SoakOptions,
  { connections, clients, varied }: ScalePlan,
  limits: HostLimits,
  port: number,
  index: number,
): SoakClientOptions {
  const share = (all: number): number =>
    Math.floor(all * (index + 1) / clients) - Math.floor(all * index / clients);
  const own = share(connections);
  const ports = own + churn / clients * TIME_WAIT_SECONDS;
  const sources = varied === "source" ? Math.min(MAX_SOURCES, Math.ceil(ports / USABLE_PORTS)) : 0;
  return {
    host: "127.0.0.1",
    port,
    ports: sourcePorts(limits),
    sources: Array.from({ length: sources }, (_, place) => `127.1.${index + 1}.${place + 1}`),
    connections: own,
    churn: churn / clients,
    messages: messages / clients,
  };
}

/**
 * How often in an hour one of the connections was closed; or had a message, where none was closed; or
 * was pinged, where nothing else happened.
 */
function eventsEach({ left, echoed, open }: SoakCounts, seconds: number): number {
  const closed = left.close + left.reset + left.fin;
  const events = closed > 0 ? closed : echoed;
  const pings = SECONDS_PER_HOUR * 1_000 / DEFAULT_LIMITS.pingInterval;
  return events === 0 ? pings : events / seconds * SECONDS_PER_HOUR / Math.max(1, open);
}

function growthEach(before: number, now: number, connections: number): number {
  return connections === 0 ? 0 : (now - before) / connections;
}

function notesOf({ connections, varied, stop }: ScalePlan): string[] {
  return [
    ...varied === "source" ? [] : ["All connections came from one source address"],
    ...stop === undefined ? [] : [
      `It was to hold ${connections} connections and no more, as ${stop.message}`,
    ],
  ];
}

async function rejectLater(error: unknown): Promise<never> {
  await pause(INTERRUPT_DELAY, new AbortController().signal);
  throw error;
}
