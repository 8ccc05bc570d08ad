/**
 * `fourtuple tap`: the frames of one connection of a running server, as they go by.
 *
 * @module
 */

import { jsonLine } from "../../escape.ts";
import type { Command, CommandIo } from "../command/command.ts";
import { optionHelp, type OptionTable, type OptionValues } from "../command/options.ts";
import { fourTupleWords } from "../command/option_values.ts";
import { runUntilSignal } from "../command/run_until_signal.ts";
import { type AdminClient, AdminError } from "./admin_client.ts";
import { adminCommand, type JsonOption } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { tapLine } from "./tap_line.ts";

/** Bytes of each payload that are shown when payload is asked for. */
const DEFAULT_BYTES = 64;

/** The most that the ops port shows. */
const MAX_BYTES = 4_096;

const OPTIONS = {
  payload: { kind: "switch", help: "Show the first bytes of payloads" },
  bytes: {
    kind: "integer",
    placeholder: "N",
    range: [1, MAX_BYTES],
    help: `How many of them, 1 to ${MAX_BYTES} (default: ${DEFAULT_BYTES}); only with --payload`,
  },
  json: { kind: "switch", help: "Print each as one line of JSON, and nothing else" },
} as const satisfies OptionTable;

const help = `Usage: fourtuple tap [options] 4-TUPLE

Shows the frames of one connection from now on, one line each, until it is over
or Ctrl-C: time (UTC), -> from the client or <- to it, opcode by name and
number, length of the payload, whether it is the last frame of its message (fin)
and masked, and the code of a Close. Payloads are shown only when asked for, as
hex and, for text, as a text between quotes; those of compressed messages are
inflated, or called compressed where that needs messages before them. The server
writes into its audit log who asked.

"fourtuple connections" lists the 4-tuples.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 the connection is over, or Ctrl-C, 1 there is no such connection,
or the server has gone,
${ADMIN_EXIT_CODES},
130, 131 or 143 ended by a second signal
`;

/** What was asked for. */
interface Options {
  readonly key: string;
  readonly payloadBytes: number;
}

/** The `tap` command. */
export const tap: Command = adminCommand({
  name: "tap",
  summary: "Show the frames of one connection as they go by",
  help,
  options: OPTIONS,
  words: 1,
  read,
  run,
});

function read(
  { payload, bytes }: OptionValues<typeof OPTIONS>,
  problems: string[],
  words: readonly string[],
): Options {
  if (bytes !== undefined && !payload) problems.push("--bytes: needs --payload");
  const [key] = fourTupleWords(words, problems);
  if (key === undefined) problems.push("expected the 4-tuple of a connection");
  return { key: key ?? "", payloadBytes: payload ? bytes ?? DEFAULT_BYTES : 0 };
}

async function run(
  client: AdminClient,
  { key, payloadBytes, json }: Options & JsonOption,
  io: CommandIo,
): Promise<number> {
  const shown = await runUntilSignal(async (signal) => {
    for await (const event of client.tap(key, payloadBytes, signal)) {
      // Leaving the loop ends the tap. A slow reader makes the server leave frames out, and say so.
      const line = json ? jsonLine(event) : `${tapLine(event)}\n`;
      if (!await io.write(line)) return { whole: true };
      if (event.type === "end") return { whole: true };
    }
    return { whole: signal.aborted };
  });
  if (typeof shown === "number") return shown;
  if (!shown.whole) {
    throw new AdminError("The server ended the tap before the connection was over", 1);
  }
  return 0;
}
