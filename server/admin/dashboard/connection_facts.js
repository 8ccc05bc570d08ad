// What is said of one connection. Pure.

import { writeClient } from "./columns.js";
import * as format from "./format.js";

/** @typedef {import("../../operations/operations.ts").OperatedDescription} OperatedDescription */

/** What is written of a record by itself; the rest follows under its own name. */
const WRITTEN = new Set([
  "id",
  "key",
  "state",
  "target",
  "subprotocol",
  "worker",
  "client",
  "connectedAt",
  "lastActivity",
  "bytesIn",
  "bytesOut",
  "messagesIn",
  "messagesOut",
  "messagesDropped",
  "queuedBytes",
  "roundTrip",
  "kernel",
]);

/**
 * Lists what the server knows of a connection.
 *
 * @param {OperatedDescription} record
 * @param {number} now
 * @param {string} [state] What it is, where that is known better.
 * @returns {[string, string, boolean?][]}
 */
export function recordFacts(record, now, state = record.state) {
  const { count, bytes, duration, printable, UNKNOWN } = format;
  const since = new Date(record.connectedAt).toISOString().slice(0, 19).replace("T", " ");
  return [
    ["State", state],
    ["Request target", printable(record.target), true],
    [
      "Subprotocol",
      record.subprotocol === undefined ? "none" : printable(record.subprotocol),
      true,
    ],
    ...record.client === undefined ? [] : /** @type {[string, string, boolean][]} */ ([
      ["Client, as a proxy told it", writeClient(record.client), true],
    ]),
    ["Handshake number", count(record.id)],
    ...record.worker === undefined
      ? []
      : /** @type {[string, string][]} */ ([["Worker", count(record.worker)]]),
    ["Connected since", `${since} UTC, ${duration(now - record.connectedAt)}`],
    ["Last bytes from the peer", `${duration(now - record.lastActivity)} ago`],
    ["Messages in", count(record.messagesIn)],
    ["Messages out", count(record.messagesOut)],
    ["Messages dropped", count(record.messagesDropped)],
    ["Bytes in", `${bytes(record.bytesIn)} (${count(record.bytesIn)})`],
    ["Bytes out", `${bytes(record.bytesOut)} (${count(record.bytesOut)})`],
    ["Bytes queued", count(record.queuedBytes)],
    ...record.deflateBytes === undefined
      ? []
      : /** @type {[string, string][]} */ ([["Kept for compression", bytes(record.deflateBytes)]]),
    [
      "Round trip",
      record.roundTrip === undefined ? UNKNOWN : format.milliseconds(record.roundTrip),
    ],
    ...Object.entries(record)
      .filter(([name, value]) => !WRITTEN.has(name) && typeof value !== "object")
      .map((
        [name, value],
      ) => /** @type {[string, string, boolean]} */ ([name, printable(String(value)), true])),
  ];
}

/**
 * Lists what the kernel knows of its socket.
 *
 * @param {OperatedDescription["kernel"]} kernel
 * @returns {[string, string][]}
 */
export function kernelFacts(kernel) {
  if (kernel === undefined) return [["Not in the kernel's table", "or it cannot be read"]];
  return [
    [
      "File descriptor",
      kernel.descriptor === undefined ? format.UNKNOWN : String(kernel.descriptor),
    ],
    ["Inode", String(kernel.inode)],
    ["TCP state", kernel.state],
    ["Receive queue", `${format.count(kernel.receiveQueue)} B not read yet`],
    ["Send queue", `${format.count(kernel.sendQueue)} B not acknowledged`],
  ];
}
