import { assert, assertEquals } from "@std/assert";
import { completionScript } from "../../../../server/cli/completions/completion_scripts.ts";
import { completionTable, SHELLS } from "../../../../server/cli/completions/completion_table.ts";
import { completionsCommand } from "../../../../server/cli/completions/completions.ts";
import { decode } from "../../../../server/cli/decode/decode.ts";
import { written } from "../../../helpers/written.ts";

const completions = completionsCommand(() => [decode, completions]);

function run(...args: string[]) {
  return written((io) => completions.run(args, io));
}

for (const shell of SHELLS) {
  Deno.test(`completions prints the script for ${shell}, which has every command`, async () => {
    const { code, out, err } = await run(shell);
    assertEquals([code, err], [0, ""]);
    assertEquals(out, completionScript(shell, completionTable([decode, completions])));
    for (const name of ["decode", "completions"]) assert(out.includes(name), name);
  });
}

Deno.test("completions exits 2 when the shell is none, or there are two", async () => {
  for (const args of [[], ["csh"], ["bash", "zsh"], ["bash", "--json"], [""]]) {
    const { code, out, err } = await run(...args);
    assertEquals([code, out], [2, ""], args.join());
    assert(err.startsWith("fourtuple completions: "));
    assert(err.endsWith("Try: fourtuple completions --help\n"));
  }
});

Deno.test("completions --help says how to have them", async () => {
  const { code, out } = await run("--help");
  assertEquals([code, out], [0, completions.help]);
  for (const shell of SHELLS) assert(out.includes(`fourtuple completions ${shell}`));
});
