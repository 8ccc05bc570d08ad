import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  choiceOption,
  fourTupleWords,
  integerOption,
} from "../../../../server/cli/command/option_values.ts";

Deno.test("integerOption() reads an integer in its range, and says so of all else", () => {
  const read = (n: string | undefined) => {
    const problems: string[] = [];
    return [integerOption(n === undefined ? {} : { n }, "n", [1, 10], problems), ...problems];
  };
  assertEquals([read("1"), read("10"), read(undefined)], [[1], [10], [undefined]]);
  for (const text of ["", "0", "11", "1.5", "1e1", "-1", "ten"]) {
    assertEquals(read(text), [
      undefined,
      `--n: expected an integer from 1 to 10, received "${text}"`,
    ]);
  }
});

Deno.test("choiceOption() reads one of its words, and names them otherwise", () => {
  const problems: string[] = [];
  assertEquals(choiceOption({ s: "b" }, "s", ["a", "b"], problems), "b");
  assertEquals(choiceOption({}, "s", ["a", "b"], problems), undefined);
  assertEquals(problems, []);
  assertEquals(choiceOption({ s: "B" }, "s", ["a", "b"], problems), undefined);
  assertEquals(problems, ['--s: expected one of a, b, received "B"']);
});

Deno.test("fourTupleWords() reads 4-tuples, each once", () => {
  const problems: string[] = [];
  const [one, other] = ["127.0.0.1:1-127.0.0.1:2", "[::1]:1-[::1]:2"];
  assertEquals(fourTupleWords([one, other, one], problems), [one, other]);
  assertEquals(fourTupleWords([], problems), []);
  assertEquals(problems, []);
  fourTupleWords(["nonsense", one, ""], problems);
  assertEquals(problems.length, 2);
  assertStringIncludes(problems[0]!, '"nonsense": Cannot parse 4-tuple');
});
