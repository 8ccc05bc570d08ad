/**
 * `fourtuple kick`: closes connections of a running server.
 *
 * @module
 */

import { serializeClosePayload } from "../../../protocol/mod.ts";
import { escapeToAscii, jsonLine } from "../../escape.ts";
import type { CloseOrder, CloseOutcome, ConnectionFilter } from "../../operations/operations.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { fourTupleWords } from "../command/option_values.ts";
import { countOf, silenceText } from "../terminal/figures.ts";
import { firstLine } from "../terminal/problems.ts";
import { type AdminClient, AdminError } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { CONDITIONS, readMatch } from "./connection_match.ts";

/** The most connections that can be named at once; the ops port takes no more. */
const MAX_KEYS = 1_000;

const OPTIONS = {
  match: {
    kind: "texts",
    placeholder: "NAME=VALUE[,NAME=VALUE...]",
    help: `All that meet every condition, as in "fourtuple connections --help": ${
      CONDITIONS.join(", ")
    }. May come several times`,
  },
  all: { kind: "switch", help: "All connections" },
  code: {
    kind: "integer",
    placeholder: "N",
    range: [1000, 4999],
    help: "The close code: 1000-1003, 1007-1014 or 3000-4999 (default: 1001)",
  },
  reason: { kind: "text", placeholder: "TEXT", help: "The reason, at most 123 bytes" },
  "dry-run": { kind: "switch", help: "Say what would be closed, and close nothing" },
  yes: { kind: "switch", help: "Do not ask; needed where standard input is no terminal" },
  json: {
    kind: "switch",
    help: "Print the answer as one JSON object: closed (how many), examples (4-tuples), missing " +
      "(workers that did not answer, if any)",
  },
} as const satisfies OptionTable;

const help = `Usage: fourtuple kick [options] 4-TUPLE...
       fourtuple kick [options] --match NAME=VALUE[,NAME=VALUE...]
       fourtuple kick [options] --all

Closes some connections of a running server, up to ${MAX_KEYS} by name or all that
match, with a Close frame. Where it is more than one, it says how many and
asks first.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 done, 1 no connection matches, the answer was no, or it failed,
${ADMIN_EXIT_CODES}
`;

/** What was asked for. */
interface Options {
  /** The one connection; absent where it may be several. */
  readonly key?: string;
  /** The conditions; without any, all connections. */
  readonly match: ConnectionFilter;
  readonly code?: number;
  readonly reason?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** The `kick` command. */
export const kick: Command = adminCommand({
  name: "kick",
  summary: "Close connections of a running server",
  help,
  options: OPTIONS,
  words: MAX_KEYS,
  read,
  run,
});

function read(
  { match: matches, all, code, reason, "dry-run": dryRun, yes }: OptionValues<typeof OPTIONS>,
  problems: string[],
  words: readonly string[],
): Options {
  const keys = fourTupleWords(words, problems);
  const ways = [keys.length > 0, matches.length > 0, all];
  if (ways.filter(Boolean).length !== 1) {
    problems.push("expected one of: 4-tuples, --match, --all");
  }
  const match = readMatch(matches, problems);
  const [key, ...others] = keys;
  try {
    serializeClosePayload(code || 1001, reason); // a code that is NaN was refused already
  } catch (error) {
    problems.push(firstLine(error));
  }
  return {
    ...key !== undefined && others.length === 0 && { key },
    match: keys.length > 0 ? { keys } : match,
    ...code !== undefined && { code },
    ...reason !== undefined && { reason },
    dryRun,
    yes,
  };
}

async function run(
  client: AdminClient,
  { key, match, code, reason, dryRun, yes, json }: Options & JsonOption,
  io: CommandIo,
): Promise<number> {
  const close: CloseOrder = {
    ...code !== undefined && { code },
    ...reason !== undefined && { reason },
  };
  const would = { ...close, dryRun: true };
  let outcome: CloseOutcome;
  if (key !== undefined) {
    outcome = await (dryRun ? client.closeMatching(match, would) : client.closeOne(key, close));
  } else {
    outcome = await client.closeMatching(match, would);
    if (outcome.closed > 0 && !dryRun) {
      if (!await mayClose(outcome.closed, yes, io)) return 1;
      outcome = await client.closeMatching(match, close);
    }
  }
  const { missing, closed } = outcome;
  if (missing !== undefined) io.err(`${silenceText(missing, "connections")}\n`);
  const named = match.keys?.length ?? 0;
  if (closed < named) io.err(`Not open: ${named - closed} of the ${named} that were named\n`);
  io.out(json ? jsonLine(outcome) : outcomeText(outcome, dryRun));
  return closed > 0 ? 0 : 1;
}

async function mayClose(closed: number, yes: boolean, { ask, err }: CommandIo): Promise<boolean> {
  if (yes || closed === 1) return true;
  const many = countOf(closed, "connection");
  if (ask === undefined) {
    throw new AdminError(`${many} match: give --yes, or run it at a terminal to be asked`, 2);
  }
  const answer = await ask(`Close ${many}? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return true;
  err("Nothing was closed.\n");
  return false;
}

function outcomeText({ closed, examples }: CloseOutcome, dryRun: boolean): string {
  if (closed === 0) return "No open connection matches.\n";
  const lines = [
    `${dryRun ? "Would close" : "Told to close:"} ${countOf(closed, "connection")}.`,
    ...examples.map((key) => `  ${escapeToAscii(key)}`),
    ...closed > examples.length ? [`  and ${countOf(closed - examples.length, "other")}`] : [],
  ];
  return lines.map((line) => `${line}\n`).join("");
}
