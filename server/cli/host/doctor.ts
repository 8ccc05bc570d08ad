/**
 * `server/cli/host/` is for the commands doctor and myth, which look at this host.
 *
 * `fourtuple doctor`: what this host allows, before the server meets it.
 *
 * @module
 */

import { capacityLimits, connectionsPerSource } from "../../host/capacity.ts";
import type { CapacityLimit } from "../../host/capacity.ts";
import { type HostLimits, openDescriptors, readHostLimits } from "../../host/host.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { readConnectionsOptions } from "../command/connections_options.ts";
import { bytes, count } from "../terminal/figures.ts";
import { alignTable } from "../terminal/table.ts";

const help = `Usage: fourtuple doctor [--connections N] [--json]

Reads this host's limits, says how many connections each allows to one server
process, which is met first, and the command that raises it.

Options:
  --connections N  Check that N connections can be held; exit code 1 if not
  --json           Print the same as JSON
  -h, --help       Print this text

Exit codes: 0 done, 1 N connections cannot be held or no limit can be read,
2 wrong usage
`;

/** The `doctor` command. */
export const doctor: Command = {
  name: "doctor",
  summary: "Say how many connections this host allows, and what stops more",
  help,
  run: runDoctor,
};

/** What the doctor found; `--json` prints it as it is. */
export interface Diagnosis {
  /** The limits as read. */
  limits: HostLimits;
  /** The same in connections, the one met first at the front; empty where nothing can be read. */
  capacity: CapacityLimit[];
  /** The name of the limit met first. */
  first?: string;
  /** Connections that one client address with this host's port range can open to one address and port. */
  connectionsPerSource?: number;
  /** The connections asked for. */
  connections?: number;
  /** Whether they can be held as far as is known; false where nothing can be read, absent where nothing was asked. */
  possible?: boolean;
}

async function runDoctor(args: string[], io: CommandIo): Promise<number> {
  const { problems, showHelp, json, connections } = readConnectionsOptions(args);
  if (showHelp && problems.length === 0) {
    io.out(help);
    return 0;
  }
  if (problems.length > 0) {
    for (const problem of problems) io.err(`fourtuple doctor: ${problem}\n`);
    io.err("Try: fourtuple doctor --help\n");
    return 2;
  }
  const diagnosis = diagnose(await readHostLimits(), await openDescriptors(), connections);
  io.out(json ? JSON.stringify(diagnosis, null, 2) + "\n" : formatDiagnosis(diagnosis));
  return diagnosis.capacity.length === 0 || diagnosis.possible === false ? 1 : 0;
}

/**
 * Computes what a host with these limits can hold.
 *
 * @param limits The limits as read.
 * @param descriptorsOpen Descriptors that a process has open before its first connection.
 * @param connections Connections asked for, if any.
 */
export function diagnose(
  limits: HostLimits,
  descriptorsOpen: number | undefined,
  connections: number | undefined,
): Diagnosis {
  const use = descriptorsOpen === undefined
    ? { connections: 0 }
    : { connections: 0, descriptorsOpen };
  const capacity = capacityLimits(limits, use, connections);
  const [first] = capacity;
  const perSource = connectionsPerSource(limits);
  return {
    limits,
    capacity,
    ...(first && { first: first.name }),
    ...(perSource !== undefined && { connectionsPerSource: perSource }),
    ...(connections !== undefined && { connections }),
    ...(connections !== undefined && { possible: (first?.connections ?? 0) >= connections }),
  };
}

/**
 * Writes a diagnosis for a person.
 *
 * @param diagnosis What {@linkcode diagnose} returned.
 */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { capacity } = diagnosis;
  const lines: string[] = [];
  if (capacity.length === 0) {
    lines.push(
      "No limit of this host can be read: that takes Linux and, from source, deno run --allow-all.",
    );
    if (diagnosis.connections !== undefined) {
      lines.push(`Whether ${count(diagnosis.connections)} connections can be held is not known.`);
    }
  } else {
    lines.push("What this host allows to one server process:", "", ...limitTable(capacity));
  }
  const settings = settingLines(diagnosis.limits);
  if (settings.length > 0) lines.push("", ...settings);
  if (capacity.length > 0) lines.push("", ...verdictLines(diagnosis));
  lines.push("", ...portLines(diagnosis));
  return lines.join("\n") + "\n";
}

function limitTable(capacity: readonly CapacityLimit[]): string[] {
  const rows = capacity.map((limit, index) => [
    limit.name,
    quantity(limit.value, limit.unit),
    limit.used === undefined ? "" : quantity(limit.used, limit.unit),
    count(limit.connections),
    index === 0 ? "met first" : "",
  ]);
  return alignTable([["limit", "value", "in use", "connections", ""], ...rows], [1, 2, 3]);
}

/** Settings that bound no number of connections by themselves. */
function settingLines(limits: HostLimits): string[] {
  const { descriptors, parentDescriptors, nrOpen, somaxconn, tcpMigrateReq } = limits;
  const rows: string[][] = [];
  if (parentDescriptors?.soft !== undefined) {
    rows.push([
      "descriptors, parent's soft limit",
      count(parentDescriptors.soft),
      "Deno raises its own to the hard limit at start",
    ]);
  }
  if (descriptors?.hard !== undefined) {
    rows.push(["descriptors, hard limit", count(descriptors.hard), "root alone can raise it"]);
  }
  if (nrOpen !== undefined) {
    rows.push(["fs.nr_open", count(nrOpen), "the most a hard limit can be"]);
  }
  if (somaxconn !== undefined) {
    rows.push(["net.core.somaxconn", count(somaxconn), "connections that wait for accept"]);
  }
  if (tcpMigrateReq !== undefined) {
    const effect = tcpMigrateReq === 0
      ? "rolling workers resets what waits for accept; 1 prevents it"
      : "rolling workers resets no connection";
    rows.push(["net.ipv4.tcp_migrate_req", count(tcpMigrateReq), effect]);
  }
  return alignTable(rows, [1]);
}

function verdictLines({ capacity, connections, possible }: Diagnosis): string[] {
  const [first] = capacity;
  if (first === undefined) return [];
  if (connections === undefined) {
    return [
      `Met first: ${first.name}, at ${count(first.connections)} connections (${first.reason}).`,
      "For twice as many:",
      ...first.raise.map((command) => `  ${command}`),
    ];
  }
  if (possible) {
    return [
      `${count(connections)} connections can be held.`,
      `Met first: ${first.name}, at ${count(first.connections)} connections (${first.reason}).`,
    ];
  }
  const lines = [`${count(connections)} connections cannot be held:`];
  for (const limit of capacity) {
    if (limit.connections >= connections) continue;
    lines.push(
      `${limit.name} allows ${count(limit.connections)} (${limit.reason}). To raise it:`,
      ...limit.raise.map((command) => `  ${command}`),
    );
  }
  return lines;
}

/** The old belief, put right. */
function portLines({ limits, connectionsPerSource }: Diagnosis): string[] {
  const lines = [
    "Ports are no limit: all connections of a server share its one port, so 65,535 bounds nothing here.",
  ];
  if (limits.ephemeralPorts !== undefined && connectionsPerSource !== undefined) {
    const { first, last } = limits.ephemeralPorts;
    const each = count(connectionsPerSource);
    lines.push(
      `One client address with ports ${first}-${last} can open ${each} connections to one address and`,
      "port; another source address has as many again.",
    );
  }
  return lines;
}

function quantity(value: number, unit: string): string {
  return unit === "bytes" ? bytes(value) : count(value);
}
