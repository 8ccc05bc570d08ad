import { assert, assertEquals } from "@std/assert";
import { commandLine, Flags } from "../../bench/flags.ts";

const NAMES = { string: ["n", "list", "path", "other"], boolean: ["yes"] };
const RANGE = { least: 1, most: 10 };

/** What a reader gives, and the faults. */
function read<Value>(args: string[], reader: (flags: Flags) => Value): [Value, ...string[]] {
  const flags = new Flags(args, NAMES);
  return [reader(flags), ...flags.faults];
}

Deno.test("Flags read what was given, and nothing else", () => {
  const flags = new Flags(["--n", "1", "--yes", "-h"], NAMES);
  assertEquals([flags.text("n"), flags.text("list")], ["1", undefined]);
  assertEquals([flags.isSet("yes"), flags.isSet("help")], [true, true]);
  assertEquals(new Flags([], NAMES).isSet("yes"), false);
  assertEquals(new Flags(["more", "--no", "--n"], NAMES).faults, [
    '"more": unexpected argument',
    "--no: no such option",
  ]);
});

Deno.test("Flags take each option once", () => {
  const [text, ...faults] = read(["--n", "1", "--n=2", "--n="], (flags) => flags.text("n"));
  assertEquals([text, faults], ["1", ["--n: expected once"]]);
});

Deno.test("Flags.number() reads a number in its range, and says so of all else", () => {
  const number = (text: string) => read([`--n=${text}`], (flags) => flags.number("n", RANGE, 5));
  assertEquals([number("1"), number("10")], [[1], [10]]);
  assertEquals(read([], (flags) => flags.number("n", RANGE, undefined)), [undefined]);
  for (
    const wrong of [
      "",
      "0",
      "11",
      "-1",
      "1.5",
      "NaN",
      "Infinity",
      "1e1",
      "0x5",
      " 5",
      "9".repeat(400),
    ]
  ) {
    const [value, fault = "", ...more] = number(wrong);
    assertEquals([value, more], [5, []]);
    assert(fault.startsWith("--n: expected an integer from 1 to 10, received "), fault);
  }
  const fraction = { ...RANGE, fraction: true };
  assertEquals(read(["--n", "1.5"], (flags) => flags.number("n", fraction, 5)), [1.5]);
  assertEquals(read(["--n", "-1.5"], (flags) => flags.number("n", fraction, 5)), [
    5,
    '--n: expected a number from 1 to 10, received "-1.5"',
  ]);
});

Deno.test("Flags.numbers() reads several, none of them twice", () => {
  const numbers = (text: string) => read(["--list", text], (flags) => flags.numbers("list", RANGE));
  assertEquals([numbers("7"), numbers("7,1")], [[[7]], [[7, 1]]]);
  assertEquals(read([], (flags) => flags.numbers("list", RANGE)), [undefined]);
  assertEquals(numbers("1,,2,1,1,11"), [
    [1, 2, 1, 1],
    '--list: "1" is there twice',
    '--list: expected an integer from 1 to 10, received ""',
    '--list: expected an integer from 1 to 10, received "11"',
  ]);
});

Deno.test("Flags.words() reads some of those that there are, none of them twice", () => {
  const words = (text: string, none?: string) =>
    read([`--list=${text}`], (flags) => flags.words("list", ["a", "b", "c"], none));
  assertEquals([words("c,a"), words("none", "none")], [[["a", "c"]], [[]]]);
  assertEquals(read([], (flags) => flags.words("list", ["a", "b"])), [["a", "b"]]);
  assertEquals(words(""), [[], '--list: expected some of a,b,c, received ""']);
  assertEquals(words("", "none"), [[], '--list: expected some of a,b,c, or none, received ""']);
  assertEquals(
    words("a,none", "none")[1],
    '--list: expected some of a,b,c, or none, received "none"',
  );
  assertEquals(words("b,b"), [["b"], '--list: "b" is there twice']);
});

Deno.test("Flags.path() reads paths, each for one file", () => {
  const paths = (...args: string[]) =>
    read(args, (flags) => [flags.path("path"), flags.path("other")]);
  assertEquals(paths("--path", "a", "--other=b"), [["a", "b"]]);
  assertEquals(paths("--other", "b"), [[undefined, "b"]]);
  assertEquals(paths("--path=", "--other="), [
    ["", ""],
    "--path: expected a path",
    "--other: expected a path",
  ]);
  assertEquals(paths("--path=a", "--other=a"), [
    ["a", "a"],
    "--other: expected another path than --path",
  ]);
});

Deno.test("commandLine() quotes what a shell would read otherwise", () => {
  assertEquals(
    commandLine("deno task bench", ["--out", "a b", "--steps=1,2", "it's", "$x", ""]),
    `deno task bench --out 'a b' --steps=1,2 'it'\\''s' '$x' ''`,
  );
});
