import { assertEquals } from "@std/assert";
import { parseArgs } from "../../../server/cli/parse_args.ts";

Deno.test("parseArgs() reads values, switches, aliases and lists", () => {
  const { name, json, help, h, many } = parseArgs(
    ["--name", "a", "--json", "-h", "--many=1", "--many", "2"],
    {
      string: ["name", "many"],
      boolean: ["json", "help"],
      collect: ["many"],
      alias: { h: "help" },
      unknown(arg) {
        throw new Error(arg);
      },
    },
  );
  assertEquals([name, json, help, h, many], ["a", true, true, true, ["1", "2"]]);
});

Deno.test("parseArgs() hands out everything else, and says what looks like an option", () => {
  const unknown: unknown[] = [];
  const args = ["--odd", "--no-name=1", "-_", "", "-", "007", "--", "--name", "x"];
  const { name, _ } = parseArgs(args, {
    string: ["name"],
    unknown: (arg, key) => unknown.push([arg, key !== undefined]),
  });
  assertEquals([name, _], [undefined, []]);
  assertEquals(unknown, [
    ["--no-name=1", true],
    ["--odd", true],
    ["-_", true],
    ["", false],
    ["-", false],
    ["007", false],
    ["--name", false],
    ["x", false],
  ]);
});
