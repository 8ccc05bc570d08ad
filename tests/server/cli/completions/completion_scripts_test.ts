import { assertEquals } from "@std/assert";
import { completionScript } from "../../../../server/cli/completions/completion_scripts.ts";
import {
  completionTable,
  type Shell,
  SHELLS,
} from "../../../../server/cli/completions/completion_table.ts";
import { completionsCommand } from "../../../../server/cli/completions/completions.ts";
import { decode } from "../../../../server/cli/decode/decode.ts";
import { COMMANDS } from "../../../../server/main.ts";
import { hasShell, pressTab } from "../../../helpers/shells.ts";

const TABLE = completionTable([
  ...new Set([...COMMANDS, decode, completionsCommand(() => COMMANDS)]),
]);

function flagsOf(name: string, start: string): string[] {
  const { options } = TABLE.find((command) => command.name === name)!;
  return options.map(({ flag }) => flag).filter((flag) => flag.startsWith(start)).sort();
}

/** A test in the real shell. */
async function shellTest(
  shell: Shell,
  name: string,
  fn: (tab: (line: string) => Promise<string[]>) => Promise<void>,
): Promise<void> {
  const ignore = !await hasShell(shell);
  const script = completionScript(shell, TABLE);
  Deno.test({
    name: `completionScript() in ${shell} ${name}${ignore ? ` (ignored: needs ${shell})` : ""}`,
    ignore,
    fn: () => fn((line) => pressTab(shell, script, line)),
  });
}

for (const shell of SHELLS) {
  await shellTest(shell, "completes commands", async (tab) => {
    assertEquals(await tab("fourtuple to"), ["top"]);
    const first = await tab("fourtuple ");
    for (const { name } of TABLE) assertEquals(first.includes(name), true, name);
  });

  await shellTest(shell, "completes the options of a command", async (tab) => {
    assertEquals(await tab("fourtuple serve --lo"), ["--log-format", "--log-level"]);
    assertEquals(await tab("fourtuple top --"), flagsOf("top", "--"));
    assertEquals(await tab("fourtuple decode --json --r"), ["--role"]);
  });

  await shellTest(shell, "completes options of serve without its name", async (tab) => {
    assertEquals(await tab("fourtuple --lo"), ["--log-format", "--log-level"]);
    assertEquals(await tab("fourtuple --app echo --no-"), flagsOf("serve", "--no-"));
    assertEquals(flagsOf("serve", "--no-").includes("--no-figures"), true);
    assertEquals(await tab("fourtuple --ver"), ["--version"]);
  });

  await shellTest(shell, "completes values where they are known", async (tab) => {
    assertEquals(await tab("fourtuple connections --sort r"), ["rate", "roundTrip"]);
    assertEquals(await tab("fourtuple --app "), ["broadcast", "echo", "relay", "talk"]);
    assertEquals(await tab("fourtuple serve --log-level w"), ["warning"]);
    assertEquals(await tab("fourtuple completions "), [...SHELLS].sort());
  });

  await shellTest(shell, "completes values behind an equals sign", async (tab) => {
    // fish has the option in front of each.
    const found = (await tab("fourtuple connections --sort=r")).map((it) => it.split("=").at(-1));
    assertEquals(found, ["rate", "roundTrip"]);
  });

  await shellTest(shell, "completes nothing where nobody can know", async (tab) => {
    assertEquals(await tab("fourtuple serve --port "), []);
    assertEquals(await tab("fourtuple nonsense --"), []);
  });

  await shellTest(shell, "completes files", async (tab) => {
    const found = await tab("fourtuple decode --file /etc/host");
    // bash does that by itself when it is told to.
    const wanted = shell === "bash" ? "compopt -o default" : "hosts";
    assertEquals(found.some((it) => it.endsWith(wanted)), true, found.join());
  });
}

for (const shell of SHELLS) {
  const summary = 'It\'s "$(this)" `and` \\that\\ 100% of it';
  await shellTest(shell, "takes text for text", async () => {
    const script = completionScript(shell, [{
      name: "serve",
      summary,
      words: [],
      options: [{ flag: "--one", takes: "nothing", values: [], summary }],
    }]);
    assertEquals(await pressTab(shell, script, "fourtuple serve --o"), ["--one"]);
    assertEquals(await pressTab(shell, script, "fourtuple s"), ["serve"]);
  });
}
