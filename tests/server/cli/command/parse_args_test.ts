import { assertEquals } from "@std/assert";
import { parseArgs } from "../../../../server/cli/command/parse_args.ts";

Deno.test("parseArgs() reads values, switches, aliases and lists", () => {
  const problems: string[] = [];
  const { name, json, help, h, many } = parseArgs(
    ["--name", "a", "--json", "-h", "--many=1", "--many", "2"],
    {
      string: ["name", "many"],
      boolean: ["json", "help"],
      collect: ["many"],
      alias: { h: "help" },
    },
    problems,
  );
  assertEquals(problems, []);
  assertEquals([name, json, help, h, many], ["a", true, true, true, ["1", "2"]]);
});

Deno.test("parseArgs() takes a negative number for a value, where an option takes one", () => {
  const problems: string[] = [];
  const { limit, json } = parseArgs(
    ["--limit", "-1", "--json", "-2", "--limit"],
    { string: ["limit"], boolean: ["json"], collect: ["limit"] },
    problems,
  );
  assertEquals([limit, json, problems], [["-1", ""], true, ["-2: no such option"]]);
});

Deno.test("parseArgs() finds problem with everything else, and says what looks like an option", () => {
  const problems: string[] = [];
  const args = ["--odd", "--no-name=1", "-_", "", "-", "007", "--", "--name", "x"];
  const { name, _ } = parseArgs(args, { string: ["name"] }, problems);
  assertEquals([name, _], [undefined, []]);
  assertEquals(problems, [
    "--no-name=1: no such option",
    "--odd: no such option",
    "-_: no such option",
    '"": unexpected argument',
    '"-": unexpected argument',
    '"007": unexpected argument',
    '"--name": unexpected argument',
    '"x": unexpected argument',
  ]);
});

Deno.test("parseArgs() takes as many words as were asked for, as they were typed", () => {
  const problems: string[] = [];
  const parsed = parseArgs(
    ["12", "--a=1", "--", "-x", "more"],
    { string: ["a"], words: 2 },
    problems,
  );
  assertEquals([parsed._, parsed.a, problems], [["12", "-x"], "1", [
    '"more": unexpected argument',
  ]]);
});
