/**
 * A table of figures for the terminal.
 *
 * @module
 */

import type { ScaleStep } from "../../server/scale/result.ts";
import type { Column } from "./figures.ts";
import { formatFigure } from "./units.ts";

/** Between two columns. */
const GAP = "  ";

/**
 * Writes the figures of the steps as lines of text.
 *
 * @param columns The figures.
 * @param steps A line for each.
 * @returns Two lines of heads and the others, each ending with a line feed.
 */
export function formatTable(columns: readonly Column[], steps: readonly ScaleStep[]): string {
  const cells = columns.map(({ name, unit = "", digits, of }) => [
    name,
    unit,
    ...steps.map((step) => formatFigure(of(step), digits)),
  ]);
  const widths = cells.map((column) => Math.max(...column.map((cell) => cell.length)));
  const rows = Array.from({ length: steps.length + 2 }, (_, row) => {
    const line = cells.map((column, index) => column[row]!.padStart(widths[index]!));
    return `${line.join(GAP).trimEnd()}\n`;
  });
  return rows.join("");
}
