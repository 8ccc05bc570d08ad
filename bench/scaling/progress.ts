/**
 * The live display of a run: one line that is written over on a terminal, lines now and then elsewhere.
 *
 * @module
 */

import type { ScaleProgress, ScaleStep } from "../../server/scale/result.ts";
import { formatFigure, formatSeconds } from "./units.ts";

/** Seconds between two lines where there is no terminal. */
const PLAIN_INTERVAL = 5;

/** Characters between the brackets of the bar. */
const BAR_WIDTH = 20;

/** To the start of the line, and nothing left on it. */
const CLEAR = "\r\x1b[2K";

/** Where a display is shown. */
export interface Screen {
  /** Writes as it is. */
  write(text: string): void;
  /** The characters of a line of the terminal; absent where it is none. */
  readonly columns?: number;
}

/** Shows how far a run is. */
export class ProgressDisplay {
  readonly #screen: Screen;
  readonly #total: number;
  #shown = "";
  #lineAt = -Infinity;

  /**
   * Shows nothing yet.
   *
   * @param screen Where to show it.
   * @param total Connections at the end of the run.
   */
  constructor(screen: Screen, total: number) {
    this.#screen = screen;
    this.#total = total;
  }

  /**
   * Shows the present state; a step that has just been measured gets a line that stays.
   *
   * @param progress The present state.
   */
  show(progress: ScaleProgress): void {
    const { measured, elapsed } = progress;
    const { columns } = this.#screen;
    if (measured !== undefined) this.#line(formatMeasured(progress, measured));
    const line = formatProgress(progress, this.#total);
    if (columns !== undefined) {
      this.#shown = line.slice(0, columns - 1);
      this.#screen.write(CLEAR + this.#shown);
    } else if (measured !== undefined) {
      this.#lineAt = elapsed;
    } else if (elapsed - this.#lineAt >= PLAIN_INTERVAL) {
      this.#lineAt = elapsed;
      this.#line(line);
    }
  }

  /**
   * Writes a line that stays, above the one that is written over.
   *
   * @param line The line, without its end.
   */
  say(line: string): void {
    this.#line(line);
    if (this.#screen.columns !== undefined) this.#screen.write(this.#shown);
  }

  /** Takes away the line that is written over. */
  end(): void {
    if (this.#shown !== "") this.#screen.write(CLEAR);
    this.#shown = "";
  }

  #line(line: string): void {
    this.#screen.write(`${this.#shown === "" ? "" : CLEAR}${line}\n`);
  }
}

/**
 * Writes how far a run is, as one line.
 *
 * @param progress The present state.
 * @param total Connections at the end of the run.
 */
export function formatProgress(progress: ScaleProgress, total: number): string {
  const { phase, step, steps, perSecond, left, measured } = progress;
  const { connections } = measured ?? progress;
  const part = Math.min(1, connections / Math.max(1, total));
  const done = Math.floor(part * BAR_WIDTH);
  const bar = `[${"#".repeat(done)}${"-".repeat(BAR_WIDTH - done)}]`;
  const rate = phase === "opening" ? `, ${formatFigure(perSecond)}/s` : "";
  const place = step === 0 ? "" : ` step ${step} of ${steps}`;
  return `${bar} ${formatFigure(connections)} of ${
    formatFigure(total)
  } connections, ${phase}${place}${rate}, ${formatSeconds(left)} left`;
}

function formatMeasured({ step, steps }: ScaleProgress, measured: ScaleStep): string {
  const { connections, handshakes, perConnection, latency } = measured;
  const parts = [
    `${formatFigure(connections)} connections`,
    `${formatFigure(handshakes.perSecond)} handshakes/s`,
  ];
  if (perConnection.server !== undefined) {
    parts.push(`${formatFigure(perConnection.server / 1024, 1)} KiB each`);
  }
  if (latency !== undefined) parts.push(`p99 ${formatFigure(latency.p99, 2)} ms`);
  return `Step ${step} of ${steps}: ${parts.join(", ")}`;
}
