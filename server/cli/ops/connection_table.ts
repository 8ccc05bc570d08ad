import { escapeToAscii } from "../../escape.ts";
import type { OperatedConnection } from "../../operations/operations.ts";
import { bytes, duration, milliseconds } from "../terminal/figures.ts";
import { alignTable } from "../terminal/table.ts";

/** One column. */
interface Column {
  readonly heading: string;
  /** The least width; set for numbers, so that what is drawn each second stays calm. */
  readonly least?: number;
  readonly cell: (connection: OperatedConnection, now: number) => string;
  /** Whether the column is left out where no connection has a value for it. */
  readonly optional?: boolean;
}

/** What may be missing on a narrow terminal stands last. */
const COLUMNS: readonly Column[] = [
  { heading: "4-tuple", cell: ({ key }) => escapeToAscii(key) },
  { heading: "state", cell: ({ state }) => escapeToAscii(state) },
  {
    heading: "age",
    least: 6,
    cell: ({ connectedAt }, now) => duration(now - connectedAt),
  },
  {
    heading: "rate",
    least: 11,
    optional: true,
    cell: ({ bytesPerSecond }) => bytesPerSecond === undefined ? "" : `${bytes(bytesPerSecond)}/s`,
  },
  { heading: "in", least: 9, cell: ({ bytesIn }) => bytes(bytesIn) },
  { heading: "out", least: 9, cell: ({ bytesOut }) => bytes(bytesOut) },
  { heading: "queued", least: 9, cell: ({ queuedBytes }) => bytes(queuedBytes) },
  {
    heading: "idle",
    least: 6,
    cell: ({ lastActivity }, now) => duration(now - lastActivity),
  },
  {
    heading: "rtt",
    least: 6,
    cell: ({ roundTrip }) => roundTrip === undefined ? "-" : milliseconds(roundTrip),
  },
  {
    heading: "worker",
    optional: true,
    cell: ({ worker }) => worker === undefined ? "" : String(worker),
  },
  {
    heading: "client",
    optional: true,
    cell: ({ client }) => client === undefined ? "" : escapeToAscii(clientText(client)),
  },
  {
    heading: "subprotocol",
    optional: true,
    cell: ({ subprotocol = "" }) => escapeToAscii(subprotocol),
  },
  { heading: "target", cell: ({ target }) => escapeToAscii(target) },
];

/** The columns that are text; numbers stand to the right. */
const LEFT = new Set(["4-tuple", "state", "client", "subprotocol", "target"]);

/**
 * Writes connections as a table; what is from peers is escaped.
 *
 * @param connections The connections.
 * @param now What ages are counted to, in ms since the epoch.
 * @returns The heading and a line for each connection, of any length.
 */
export function connectionTable(
  connections: readonly OperatedConnection[],
  now: number,
): string[] {
  const columns = COLUMNS.map((column) => ({
    ...column,
    cells: connections.map((connection) => column.cell(connection, now)),
  })).filter(({ optional, cells }) => optional !== true || cells.some((cell) => cell !== ""));
  const right = columns.flatMap(({ heading }, index) => LEFT.has(heading) ? [] : [index]);
  const rows = [
    columns.map(({ heading }) => heading),
    ...connections.map((_, row) => columns.map(({ cells }) => cells[row]!)),
  ];
  return alignTable(rows, right, columns.map(({ least = 0 }) => least));
}

/** Writes a client's own address, as a proxy has told it, with the port where it is known. */
export function clientText({ address, port }: NonNullable<OperatedConnection["client"]>): string {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
