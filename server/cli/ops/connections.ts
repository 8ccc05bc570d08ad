/**
 * `fourtuple connections`: who is connected to a running server.
 *
 * @module
 */

import { CONNECTION_SORTS } from "../../connection/connection_record.ts";
import { jsonLine } from "../../escape.ts";
import type { ConnectionQuery, OperatedConnection } from "../../operations/operations.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { countOf, silenceText } from "../terminal/figures.ts";
import { fitLine } from "../terminal/table.ts";
import type { AdminClient } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { checkSource } from "./connection_match.ts";
import { connectionTable } from "./connection_table.ts";
import { wholePage } from "./whole_page.ts";

/** Shown unless more, or all, are asked for. */
const DEFAULT_LIMIT = 100;

/** The most that the ops port gives at once. */
const PAGE = 1_000;

const OPTIONS = {
  source: {
    kind: "text",
    placeholder: "ADDRESS",
    help: "Only from this address or network, such as 192.0.2.7 or 2001:db8::/32",
  },
  path: {
    kind: "text",
    placeholder: "PATH",
    help: "Only with this path; one that ends in * is a beginning",
  },
  subprotocol: {
    kind: "text",
    placeholder: "NAME",
    help: 'Only with this subprotocol; "" for those without one',
  },
  state: {
    kind: "choice",
    placeholder: "STATE",
    choices: ["open", "closing"],
    help: "Only open or closing ones",
  },
  worker: {
    kind: "integer",
    placeholder: "N",
    range: [0, Number.MAX_SAFE_INTEGER],
    help: "Only those of this worker",
  },
  sort: {
    kind: "choice",
    placeholder: "ORDER",
    choices: CONNECTION_SORTS,
    help: `${CONNECTION_SORTS.join(", ")}: the most first (default: age; roundTrip is the rtt ` +
      `column). By all but age, connections change places meanwhile: beyond ${PAGE}, some may be ` +
      "missed or shown twice",
  },
  reverse: { kind: "switch", help: "The least first" },
  limit: {
    kind: "integer",
    placeholder: "N",
    range: [1, Number.MAX_SAFE_INTEGER],
    help: `At most N (default: ${DEFAULT_LIMIT})`,
  },
  all: { kind: "switch", help: "All of them" },
  json: { kind: "switch", help: "Print each as one line of JSON, and nothing else" },
} as const satisfies OptionTable;

const help = `Usage: fourtuple connections [options]

Lists the connections of a running server, through its ops port: 4-tuple (client
first), state, age, rate, bytes in from the client and out to it, bytes that wait
to be sent, how long nothing has come, round trip, and what was asked for. Lines
are cut to the terminal's width, and end with "~" then; a pipe gets them whole.
What clients chose, and is not ASCII, is written as escapes.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 done, also when there is none, 1 failed,
${ADMIN_EXIT_CODES}
`;

/** What was asked for. */
interface Options {
  readonly query: Omit<ConnectionQuery, "after" | "limit">;
  /** The most; infinite with `--all`. */
  readonly limit: number;
}

/** The `connections` command. */
export const connections: Command = adminCommand({
  name: "connections",
  summary: "List the connections of a running server",
  help,
  options: OPTIONS,
  read,
  run,
});

function read(
  { source, path, subprotocol, state, worker, sort, reverse, limit, all }: OptionValues<
    typeof OPTIONS
  >,
  problems: string[],
): Options {
  if (source !== undefined) checkSource("--source", source, problems);
  if (all && limit !== undefined) problems.push("--all: --limit is given too");
  return {
    query: {
      ...source !== undefined && { source },
      ...path !== undefined && { path },
      ...subprotocol !== undefined && { subprotocol },
      ...state !== undefined && { state },
      ...worker !== undefined && { worker },
      ...sort !== undefined && { sort },
      reverse,
    },
    limit: all ? Infinity : limit ?? DEFAULT_LIMIT,
  };
}

async function run(
  client: AdminClient,
  { query, limit, json }: Options & JsonOption,
  { out, err, columns }: CommandIo,
): Promise<number> {
  // A table has to know all of its rows; lines of JSON are gone when they are written.
  const rows: OperatedConnection[] = [];
  let cursor: string | undefined;
  let left = limit;
  let matched = 0;
  let total = 0;
  const silent = new Set<number>();
  do {
    const wanted = { ...query, limit: Math.min(left, PAGE) };
    const page = await wholePage(() => client.connections(wanted, cursor), silent);
    if (!json) rows.push(...page.connections);
    else if (out(page.connections.map(jsonLine).join("")) === false) return 0;
    left -= page.connections.length;
    matched = page.matched;
    total = page.total;
    // An empty page that is not the last would be asked for without end.
    cursor = page.connections.length === 0 ? undefined : page.next ?? undefined;
  } while (cursor !== undefined && left > 0);
  if (silent.size > 0) {
    err(`${silenceText(silent, "connections")}\n`);
  }
  if (json) return 0;
  const table = rows.length === 0 ? [] : [...connectionTable(rows, Date.now()), ""];
  const sum =
    `${countOf(rows.length, "connection")} shown, ${countOf(matched, "matches", "match")}` +
    `, ${countOf(total, "is", "are")} there`;
  out([...table, sum].map((line) => `${fitLine(line, columns)}\n`).join(""));
  return 0;
}
