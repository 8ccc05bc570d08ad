// What a row of the table of connections shows. Pure, but for the elements it writes to.

import * as format from "./format.js";

/** @typedef {import("../../operations/operations.ts").OperatedConnection} OperatedConnection */

/**
 * @typedef {{ name: string, sort?: string, number?: boolean,
 *   write: (connection: OperatedConnection, now: number) => string, wide?: boolean }} Column
 *   `sort` is what the server calls it; a `wide` one may be cut.
 */

/** The columns behind the checkbox and the 4-tuple. @type {readonly Column[]} */
export const COLUMNS = [
  { name: "Path", write: ({ target }) => format.printable(target), wide: true },
  {
    name: "Subprotocol",
    write: ({ subprotocol }) => format.printable(subprotocol ?? ""),
    wide: true,
  },
  { name: "State", write: ({ state }) => state },
  {
    name: "Age",
    sort: "age",
    number: true,
    write: ({ connectedAt }, now) => format.duration(now - connectedAt),
  },
  {
    name: "Idle",
    sort: "idle",
    number: true,
    write: ({ lastActivity }, now) => format.duration(now - lastActivity),
  },
  { name: "Msgs in", number: true, write: ({ messagesIn }) => format.count(messagesIn) },
  { name: "Msgs out", number: true, write: ({ messagesOut }) => format.count(messagesOut) },
  {
    name: "Bytes",
    sort: "bytes",
    number: true,
    write: ({ bytesIn, bytesOut }) => format.bytes(bytesIn + bytesOut),
  },
  {
    name: "Rate",
    sort: "rate",
    number: true,
    write: ({ bytesPerSecond }) => format.bytesPerSecond(bytesPerSecond),
  },
  {
    name: "Queued",
    sort: "queued",
    number: true,
    write: ({ queuedBytes }) => format.bytes(queuedBytes),
  },
  {
    name: "Round trip",
    sort: "roundTrip",
    number: true,
    write: ({ roundTrip }) => format.milliseconds(roundTrip),
  },
];

/**
 * Shown behind the state, each as soon as a connection has something there.
 *
 * @type {readonly (Column & { has: (connection: OperatedConnection) => boolean })[]}
 */
export const EXTRA_COLUMNS = [
  {
    name: "Client",
    has: ({ client }) => client !== undefined,
    write: ({ client }) => client === undefined ? "" : writeClient(client),
  },
  {
    name: "Worker",
    number: true,
    has: ({ worker }) => worker !== undefined,
    write: ({ worker }) => format.count(worker),
  },
];

/**
 * Writes the address that a trusted proxy has told, and its port if it told that.
 *
 * @param {NonNullable<OperatedConnection["client"]>} client
 */
export function writeClient({ address, port }) {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Cuts a 4-tuple into its two ends: "127.0.0.1:51324" and "127.0.0.1:8080".
 *
 * @param {string} key
 * @returns {[source: string, destination: string]}
 */
export function endsOf(key) {
  const [source = "", destination = ""] = key.split("-");
  return [source, destination];
}

/**
 * Cuts one end into its address and its port.
 *
 * @param {string} end
 * @returns {[address: string, port: string]}
 */
export function partsOf(end) {
  const colon = end.lastIndexOf(":");
  return [end.slice(0, colon), end.slice(colon + 1)];
}

/**
 * Where the page about a connection is.
 *
 * @param {string} key
 */
export function linkTo(key) {
  return `#/connection/${encodeURIComponent(key)}`;
}
