/**
 * `fourtuple report`: what a running server holds, and what its host allows.
 *
 * @module
 */

import { jsonLine } from "../../escape.ts";
import type { Command } from "../command/command.ts";
import { optionHelp, type OptionTable } from "../command/options.ts";
import { fitLine } from "../terminal/table.ts";
import { adminCommand } from "./admin_command.ts";
import { ADMIN_EXIT_CODES, ADMIN_OPTIONS } from "./admin_options.ts";
import { reportLines } from "./report_text.ts";

const OPTIONS = {
  json: {
    kind: "switch",
    help: "Print all of it as one JSON object: snapshot and host, as the ops port has them",
  },
} as const satisfies OptionTable;

const help = `Usage: fourtuple report [options]

Says what a running server holds, through its ops port: connections, traffic,
refusals, memory, descriptors, each of its workers; and what the host allows,
which limit is met first and the command that raises it.

Options:
${optionHelp({ ...OPTIONS, ...ADMIN_OPTIONS })}

Exit codes: 0 done, 1 failed,
${ADMIN_EXIT_CODES}
`;

/** The `report` command. */
export const report: Command = adminCommand({
  name: "report",
  summary: "Say what a running server holds and what its host allows",
  help,
  options: OPTIONS,
  read: () => ({}),
  async run(client, { json }, { out, columns }) {
    const [snapshot, host] = await Promise.all([client.snapshot(), client.host()]);
    const lines = json ? [] : reportLines(snapshot, host);
    out(
      json
        ? jsonLine({ snapshot, host })
        : lines.map((line) => `${fitLine(line, columns)}\n`).join(""),
    );
    return 0;
  },
});
