import { assert, assertEquals } from "@std/assert";
import { completionTable } from "../../../../server/cli/completions/completion_table.ts";
import { completionsCommand } from "../../../../server/cli/completions/completions.ts";
import { decode } from "../../../../server/cli/decode/decode.ts";
import { flagOf } from "../../../../server/cli/serve/read_settings.ts";
import { SETTINGS } from "../../../../server/cli/serve/setting_table.ts";
import { COMMANDS } from "../../../../server/main.ts";
import { written } from "../../../helpers/written.ts";

const ALL = [...new Set([...COMMANDS, decode, completionsCommand(() => COMMANDS)])];
const TABLE = completionTable(ALL);

/** What a command says about arguments, beside one that it refuses in any case. */
async function problemsOf(name: string, ...args: string[]): Promise<string[]> {
  const command = ALL.find((command) => command.name === name)!;
  const { code, err } = await written((io) => command.run([...args, "--nope"], io));
  assertEquals(code, 2);
  return err.split("\n");
}

for (const { name, options } of TABLE.slice(0, -1)) { // the last is help
  Deno.test(`completionTable() has every option in the help of ${name}`, () => {
    const { help } = ALL.find((command) => command.name === name)!;
    const listed = help.split("\n").flatMap((line) =>
      /^ {2}-/.test(line) ? line.trim().split("  ")[0]!.match(/(?<![\w-])--?[a-z\d][\w-]*/gi)! : []
    );
    const flags = options.map(({ flag }) => flag).filter((flag) =>
      !flag.startsWith("--no-") || listed.includes(flag)
    );
    assertEquals(flags.toSorted(), listed.sort());
  });

  Deno.test(`completionTable() has options that ${name} takes, and the values that it takes`, async () => {
    for (const { flag, takes, values } of options) {
      if (flag === "--help" || flag === "-h") continue;
      const args = takes === "nothing" ? [flag] : [`${flag}=${values[0] ?? "x"}`];
      const problems = await problemsOf(name, ...args);
      assert(!problems.some((line) => line.includes(`${flag}: no such option`)), flag);
      if (takes !== "choice") continue;
      // That it needs another option beside it says nothing about the value.
      const complaints = async (value: string) =>
        (await problemsOf(name, `${flag}=${value}`))
          .filter((line) => line.includes(` ${flag}: `) && !line.endsWith(" too"));
      for (const value of values) assertEquals(await complaints(value), []);
      assertEquals((await complaints("nonsense")).length, 1, flag);
    }
  });

  Deno.test(`completionTable() says in a line what the options of ${name} do`, () => {
    for (const { flag, summary } of options) {
      assert(summary.length > 4 && summary.length <= 62 && !summary.includes("\n"), flag);
    }
  });
}

Deno.test("completionTable() has every command behind help", () => {
  assertEquals(TABLE.at(-1)?.name, "help");
  assertEquals(TABLE.at(-1)?.words, ALL.map(({ name }) => name));
});

Deno.test("completionTable() knows which options take a value, a file or nothing", () => {
  const serve = TABLE.find(({ name }) => name === "serve")!;
  const takes = new Map(serve.options.map((option) => [option.flag, option]));
  for (const { name, placeholder, kind } of SETTINGS) {
    const option = takes.get(flagOf(name));
    assertEquals(option?.takes === "nothing", kind === "switch", name);
    assertEquals(option?.takes === "file", placeholder === "FILE", name);
  }
  assertEquals(takes.get("--no-figures")?.takes, "nothing");
  assertEquals(takes.get("--app")?.values, ["talk", "echo", "broadcast", "relay"]);
  assertEquals(takes.get("--log-level")?.values, ["debug", "info", "warning", "error"]);
  assertEquals(takes.get("--when-full")?.values, ["close", "drop", "wait"]);
  assertEquals(takes.get("--port")?.takes, "text");
});

Deno.test("completionTable() keeps help that stands beside or below its option", () => {
  const [{ options }] = completionTable([{
    name: "a",
    summary: "A",
    help: `Usage: fourtuple a [--one N]

Options:
  --one N  Beside it; and more
  --two    It's "beside"
  --three FILE
      Below it, on
      two lines (default: none)
  -h, --help     Print
`,
    run: () => Promise.resolve(0),
  }]) as [typeof TABLE[0]];
  assertEquals(options.map(({ flag, takes, summary }) => [flag, takes, summary]), [
    ["--one", "text", "Beside it"],
    ["--two", "nothing", `It's "beside"`],
    ["--three", "file", "Below it, on two lines"],
    ["--help", "nothing", "Print"],
    ["-h", "nothing", "Print"],
  ]);
});
