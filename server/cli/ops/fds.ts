/**
 * `fourtuple fds`: the descriptors of a running server, as the kernel has them.
 *
 * @module
 */

import { escapeToAscii, jsonLine } from "../../escape.ts";
import type { DescriptorRow } from "../../operations/operations.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { bytes, count, countOf, silenceText } from "../terminal/figures.ts";
import { alignTable, fitLine } from "../terminal/table.ts";
import type { AdminClient } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { wholePage } from "./whole_page.ts";

/** Shown unless all are asked for. */
const DEFAULT_LIMIT = 100;

/** The most that is asked for at once. */
const PAGE = 1_000;

const OPTIONS = {
  flagged: { kind: "switch", help: "Only what is flagged" },
  all: { kind: "switch", help: `All of them (default: the first ${DEFAULT_LIMIT})` },
  json: { kind: "switch", help: "Print each as one line of JSON, and nothing else" },
} as const satisfies OptionTable;

const help = `Usage: fourtuple fds [options]

Lists the file descriptors of a running server, or of all its workers, through
its ops port, as the kernel has them: number, what it is, and of a TCP socket its
state, the bytes that the server has not read, those that the client has not
acknowledged, and the 4-tuple. What is in one of the kernel's table and our
registry of connections, and not in the other, is flagged:

  not_in_registry  a socket to our port that is no WebSocket connection: a
                   handshake, a plain request, or one that leaks
  not_in_kernel    a connection without a socket

With --all, ${PAGE} at a time are asked for. For ten seconds all of them come of
one reading of the kernel's table, so what is opened meanwhile is not among them.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 done, whatever is flagged, 1 failed,
${ADMIN_EXIT_CODES}
`;

/** What was asked for. */
interface Options {
  readonly flagged: boolean;
  readonly all: boolean;
}

/** The `fds` command. */
export const fds: Command = adminCommand({
  name: "fds",
  summary: "List the file descriptors of a running server",
  help,
  options: OPTIONS,
  read,
  run,
});

function read({ flagged, all }: OptionValues<typeof OPTIONS>): Options {
  return { flagged, all };
}

async function run(
  client: AdminClient,
  { flagged, all, json }: Options & JsonOption,
  { out, err, columns }: CommandIo,
): Promise<number> {
  const rows: DescriptorRow[] = [];
  const silent = new Set<number>();
  let after: string | undefined;
  let last;
  do {
    const limit = all ? PAGE : DEFAULT_LIMIT;
    const query = { flagged, limit, ...after !== undefined && { after } };
    last = await wholePage(() => client.fds(query), silent);
    if (!json) rows.push(...last.rows);
    else if (out(last.rows.map(jsonLine).join("")) === false) return 0;
    after = last.rows.length === 0 ? undefined : last.next ?? undefined;
  } while (all && after !== undefined);
  if (silent.size > 0) err(`${silenceText(silent, "descriptors")}\n`);
  if (json) return 0;
  const table = rows.length === 0 ? [] : [...descriptorTable(rows), ""];
  const sum = `${countOf(rows.length, "descriptor")} shown, ${count(last.open)} open, ` +
    `${count(last.connections)} of them connections, ${count(last.flagged)} flagged`;
  out([...table, sum].map((line) => `${fitLine(line, columns)}\n`).join(""));
  return 0;
}

/**
 * Writes descriptors as a table.
 *
 * @param rows The descriptors.
 * @returns The heading and a line for each, of any length.
 */
export function descriptorTable(rows: readonly DescriptorRow[]): string[] {
  const byWorkers = rows.some(({ worker }) => worker !== undefined);
  const table = rows.map(({ descriptor, worker, target, key = "", kernel, flag = "" }) => [
    descriptor < 0 ? "-" : String(descriptor),
    ...byWorkers ? [worker === undefined ? "" : String(worker)] : [],
    escapeToAscii(flag),
    kernel === undefined ? "" : escapeToAscii(kernel.state),
    kernel === undefined ? "" : bytes(kernel.receiveQueue),
    kernel === undefined ? "" : bytes(kernel.sendQueue),
    escapeToAscii(key),
    escapeToAscii(target),
  ]);
  const heading = [
    "fd",
    ...byWorkers ? ["worker"] : [],
    "flag",
    "state",
    "unread",
    "unacked",
    "4-tuple",
    "what",
  ];
  const right = ["fd", "worker", "unread", "unacked"].map((name) => heading.indexOf(name));
  return alignTable([heading, ...table], right);
}
