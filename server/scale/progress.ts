import type { ScalePlan, ScaleProgress, ScaleStep } from "./result.ts";

/** "Lately" is this many milliseconds. */
const LATELY = 2_000;

/** Seconds that measuring a step is counted with until one has been measured. */
const MEASURING_AT_FIRST = 5;

/** Keeps what a live display shows, and works out rate and time left. */
export class ProgressMeter {
  readonly #plan: ScalePlan;
  readonly #emit: (progress: ScaleProgress) => void;
  readonly #clock: () => number;
  readonly #began: number;
  /** When there were how many connections, the oldest first, for the rate. */
  #recent: { at: number; connections: number }[] = [];
  #openingSeconds = 0;
  #openingSince: number | undefined;
  #measured = 0;
  #measuringSeconds = 0;
  #now: Pick<ScaleProgress, "phase" | "step" | "connections" | "target"> = {
    phase: "starting",
    step: 0,
    connections: 0,
    target: 0,
  };
  #figures: Pick<ScaleProgress, "kernelCount" | "server" | "clients"> = {};

  /**
   * @param plan The plan.
   * @param emit Gets each change.
   * @param clock The time in milliseconds.
   */
  constructor(
    plan: ScalePlan,
    emit: (progress: ScaleProgress) => void,
    clock: () => number = () => performance.now(),
  ) {
    this.#plan = plan;
    this.#emit = emit;
    this.#clock = clock;
    this.#began = clock();
  }

  /** Seconds since the run began. */
  get elapsed(): number {
    return (this.#clock() - this.#began) / 1_000;
  }

  /** Seconds spent opening in this step so far. */
  get #opening(): number {
    return this.#openingSince === undefined ? 0 : (this.#clock() - this.#openingSince) / 1_000;
  }

  /** The processes are being started. */
  beginStarting(): void {
    this.#show(this.#now);
  }

  /** A step begins to open connections. */
  beginStep(step: number, target: number): void {
    this.#openingSince = this.#clock();
    this.#recent = [];
    this.#show({ ...this.#now, phase: "opening", step, target });
  }

  /** Its connections are open. */
  beginMeasuring(): void {
    this.#openingSeconds += this.#opening;
    this.#openingSince = undefined;
    this.#recent = [];
    this.#show({ ...this.#now, phase: "measuring" });
  }

  /** It has been measured. */
  endStep(measured: ScaleStep, seconds: number): void {
    this.#measured++;
    this.#measuringSeconds += seconds;
    const { connections, kernelCount, server, clients } = measured;
    this.#now = { ...this.#now, connections };
    this.figures({
      clients,
      ...server !== undefined && { server },
      ...kernelCount !== undefined && { kernelCount },
    });
    this.#emit({ ...this.#whole(), measured });
  }

  /** The run ends. */
  beginClosing(): void {
    this.#show({ ...this.#now, phase: "closing" });
  }

  /** So many connections are open now. */
  count(connections: number): void {
    const at = this.#clock();
    this.#recent.push({ at, connections });
    while (this.#recent.length > 2 && this.#recent[0]!.at < at - LATELY) this.#recent.shift();
    this.#show({ ...this.#now, connections });
  }

  /** Newer figures; what is not among them stays as it was. */
  figures(figures: Pick<ScaleProgress, "kernelCount" | "server" | "clients">): void {
    this.#figures = { ...this.#figures, ...figures };
  }

  #show(now: Pick<ScaleProgress, "phase" | "step" | "connections" | "target">): void {
    this.#now = now;
    this.#emit(this.#whole());
  }

  #whole(): ScaleProgress {
    return {
      ...this.#now,
      ...this.#figures,
      steps: this.#plan.steps.length,
      perSecond: this.#rate(),
      elapsed: this.elapsed,
      left: this.#left(),
    };
  }

  #rate(): number {
    const first = this.#recent[0];
    const last = this.#recent.at(-1);
    if (first === undefined || last === undefined || first.at === last.at) return 0;
    return Math.max(
      0,
      Math.round((last.connections - first.connections) / (last.at - first.at) * 1_000),
    );
  }

  #left(): number {
    const { connections: all, steps, seconds } = this.#plan;
    const { connections, phase } = this.#now;
    if (phase === "closing") return 0;
    const opening = this.#openingSeconds + this.#opening;
    // Nothing has been seen yet: what was planned.
    if (connections === 0 || opening === 0) return Math.max(0, seconds - this.elapsed);
    const each = this.#measured === 0
      ? MEASURING_AT_FIRST
      : this.#measuringSeconds / this.#measured;
    const toOpen = Math.max(0, all - connections) * opening / connections;
    return Math.round(toOpen + Math.max(0, steps.length - this.#measured) * each);
  }
}
