/**
 * Tables of text. Each character must take one cell: see `escapeToAscii()`.
 *
 * @module
 */

/**
 * Pads columns to equal width.
 *
 * @param rows The cells, row by row.
 * @param right The columns whose cells stand to the right, as numbers do.
 * @param least The least widths, by column; a table that is drawn again and again stays calm so.
 * @returns One line for each row, without trailing blanks.
 */
export function alignTable(
  rows: readonly (readonly string[])[],
  right: readonly number[],
  least: readonly number[] = [],
): string[] {
  const widths = [...least];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
  };
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

/**
 * Cuts a line to a width.
 *
 * @param line The line.
 * @param columns The width in cells; the line stays as it is where there is none.
 * @returns The line; where something is missing it ends with `~`.
 */
export function fitLine(line: string, columns: number | undefined): string {
  if (columns === undefined || line.length <= columns) return line;
  return columns < 1 ? "" : `${line.slice(0, columns - 1)}~`;
}
