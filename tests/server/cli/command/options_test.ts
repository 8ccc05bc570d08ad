import { assertEquals } from "@std/assert";
import {
  HELP_OPTION,
  optionHelp,
  type OptionTable,
  readOptions,
} from "../../../../server/cli/command/options.ts";

const TABLE = {
  n: { kind: "integer", placeholder: "N", range: [1, 10], help: "A number" },
  count: { kind: "integer", placeholder: "N", range: [1, Number.MAX_SAFE_INTEGER], help: "Many" },
  sort: { kind: "choice", placeholder: "ORDER", choices: ["a", "b"], help: "An order" },
  file: { kind: "text", placeholder: "FILE", help: "A file" },
  match: { kind: "texts", placeholder: "TEXT", help: "Several" },
  loud: { kind: "switch", alias: "l", help: "word ".repeat(20).trim() },
  ...HELP_OPTION,
} as const satisfies OptionTable;

function read(...args: string[]) {
  const problems: string[] = [];
  const { values, words } = readOptions(args, TABLE, problems, 1);
  return { values, words, problems };
}

Deno.test("readOptions() reads an option of each kind", () => {
  const args = ["--n=10", "--sort", "b", "--file=f", "--match=x", "--match=y", "word", "-l"];
  assertEquals(read(...args), {
    values: {
      n: 10,
      count: undefined,
      sort: "b",
      file: "f",
      match: ["x", "y"],
      loud: true,
      help: false,
    },
    words: ["word"],
    problems: [],
  });
});

Deno.test("readOptions() refuses all but an integer in its range", () => {
  for (const text of ["", "0", "11", "1.5", "1e1", "-1", "ten"]) {
    const { values, problems } = read(`--n=${text}`);
    assertEquals(values.n, NaN);
    assertEquals(problems, [`--n: expected an integer from 1 to 10, received "${text}"`]);
  }
});

Deno.test("readOptions() lists all problems at once", () => {
  assertEquals(read("--nope", "--count=0", "--sort=B", "one", "two").problems, [
    "--nope: no such option",
    '"two": unexpected argument',
    '--count: expected a positive integer, received "0"',
    '--sort: expected one of a, b, received "B"',
  ]);
});

Deno.test("optionHelp() writes each option, and wraps the sentence below it", () => {
  const { file, loud } = TABLE;
  assertEquals(
    optionHelp({ file, loud }),
    `\
  --file FILE
      A file
  -l, --loud
      ${"word ".repeat(15).trimEnd()}
      ${"word ".repeat(5).trimEnd()}`,
  );
});
