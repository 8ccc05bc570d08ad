import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../../../server/cli/command/command.ts";
import { COMMANDS } from "../../../../server/main.ts";
import { written } from "../../../helpers/written.ts";

function run(command: Command, ...args: string[]) {
  return written((io) => command.run(args, io));
}

for (const command of COMMANDS) {
  Deno.test(`Command ${command.name} prints its help on stdout when asked for it`, async () => {
    for (const args of [["--help"], ["-h"], ["-h", "--help"]]) {
      assertEquals(await run(command, ...args), { code: 0, out: command.help, err: "" });
    }
    assert(command.help.startsWith(`Usage: fourtuple ${command.name} [`));
    assert(command.help.endsWith("\n"));
    for (const word of ["Exit codes: 0 ", "-h, --help"]) assert(command.help.includes(word), word);
  });

  Deno.test(`Command ${command.name} refuses wrong usage on stderr and points to its help`, async () => {
    const { code, out, err } = await run(command, "--nope");
    assertEquals([code, out], [2, ""]);
    assert(err.endsWith(`Try: fourtuple ${command.name} --help\n`));
  });
}
