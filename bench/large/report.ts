/**
 * What large messages have shown: sentences, and the picture of the server's memory.
 *
 * @module
 */

import { drawPicture } from "../charts.ts";
import { formatBytes, formatFigure } from "../scaling/units.ts";
import { partsOf } from "../soak/trend.ts";
import type { Transfer } from "./transfer.ts";

const MIB = 2 ** 20;

/** Points of a line, each the most of its part of the time. */
const POINTS = 60;

/** A run; `--out` writes it as it is. */
export interface LargeResult {
  /** The command line. */
  readonly command: string;
  /** When it began, as ISO 8601 in UTC. */
  readonly date: string;
  /** The version of this server. */
  readonly fourtuple: string;
  /** The version of Deno. */
  readonly deno: string;
  /** What was seen, one message after the other. */
  readonly transfers: readonly Transfer[];
}

/**
 * Says what was seen.
 *
 * @param result The run.
 * @returns A sentence for each message.
 */
export function summarize({ transfers }: LargeResult): string[] {
  return transfers.map(({ way, bytes, seconds, isSame, resident }) => {
    const sizes = resident.map(([, size]) => size);
    const [before, most, after] = [sizes[0]!, Math.max(...sizes), sizes.at(-1)!]
      .map((size) => `${formatFigure(size / MIB, 1)} MiB`);
    const rate = formatFigure(bytes / MIB / seconds);
    return `${way}: a message of ${formatBytes(bytes)} came ${
      isSame ? "as it was sent" : "CHANGED"
    }, ` +
      `${rate} MiB/s; the server took ${before} before, ${most} at most, ${after} after it.`;
  });
}

/**
 * Draws the memory over time.
 *
 * @param result The run.
 * @returns The SVG document.
 */
export function reportPicture({ fourtuple, transfers }: LargeResult): string {
  const sizes = transfers.map(({ way, bytes }) => `${formatBytes(bytes)} by ${way}`);
  return drawPicture({
    title: `Fourtuple ${fourtuple}: one message of ${sizes.join(", one of ")}`,
    xName: "Seconds",
    yName: "Server’s memory (MiB)",
    series: transfers.map(({ way, bytes, resident }) => ({
      name: `${way}, ${formatBytes(bytes)}`,
      points: partsOf(resident, POINTS, (sizes) => Math.max(...sizes))
        .map(([seconds, size]) => [seconds, size / MIB] as const),
    })),
  });
}
