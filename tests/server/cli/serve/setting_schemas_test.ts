import { assertEquals } from "@std/assert";
import type { z } from "zod";
import {
  addressRanges,
  anything,
  checked,
  choice,
  integer,
  origins,
  text,
  toggle,
  workersProblem,
} from "../../../../server/cli/serve/setting_schemas.ts";

/** What a schema has against a value; nothing where it takes it. */
function faultOf(schema: z.ZodType, value: unknown): string | undefined {
  return schema.safeParse(value).error?.issues[0]?.message;
}

const ORIGIN =
  'expected an origin such as https://a.example or https://*.a.example, or "*" alone for all';
const RANGE = "expected an address such as 10.0.0.1, or a network such as 10.0.0.0/8";

/** What each takes, and what it has against other values. */
const CASES: Record<string, [schema: z.ZodType, good: unknown[], bad: [unknown, string][]]> = {
  text: [text, ["a"], [[1, "expected a text"], ["", "expected a text that is not empty"]]],
  "choice()": [choice("a", "b"), ["a", "b"], [["c", "expected one of a, b"]]],
  "integer()": [
    integer(1, 3),
    [1, 3],
    [0, 4, 1.5, "1", NaN].map((value) => [value, "expected an integer from 1 to 3"]),
  ],
  toggle: [toggle, [true, false], [["yes", "expected true or false"]]],
  origins: [
    origins,
    [[], ["*"], ["https://a.example", "http://b.example:81"]],
    [
      ["*", "expected a list of texts"],
      [[1], "expected a text"],
      [["a.example"], ORIGIN],
      [["//a.example"], ORIGIN],
      [
        ["https://a.example/", "https://b.example/c"],
        "expected scheme, host and port alone, as browsers send no more",
      ],
    ],
  ],
  addressRanges: [
    addressRanges,
    [["10.0.0.1", "10.0.0.0/8", "fd00::/8"]],
    [[["10.0.0.0/33"], RANGE], [["a.example"], RANGE], ["10.0.0.1", "expected a list of texts"]],
  ],
};

for (const [name, [schema, good, bad]] of Object.entries(CASES)) {
  Deno.test(`${name} takes what it is for, and says of the rest what was expected`, () => {
    for (const value of good) assertEquals(faultOf(schema, value), undefined, String(value));
    for (const [value, message] of bad) assertEquals(faultOf(schema, value), message);
  });
}

Deno.test("anything() and checked() pass on what a function finds, the latter of texts alone", () => {
  const problem = (value: unknown) => value === "bad" ? "expected another one" : undefined;
  for (const schema of [anything(problem), checked(problem)]) {
    assertEquals(faultOf(schema, "good"), undefined);
    assertEquals(faultOf(schema, "bad"), "expected another one");
  }
  assertEquals(faultOf(anything(problem), 1), undefined);
  assertEquals(faultOf(checked(problem), 1), "expected a text");
});

Deno.test("workersProblem() takes a number or auto, and more than 1 on Linux alone", () => {
  const expected = 'expected an integer from 1 to 1024, or "auto"';
  for (const value of [0, -1, 1.5, 1_025, "many", "2", null, true]) {
    assertEquals(workersProblem(value, "linux"), expected, String(value));
  }
  for (const value of [1, 2, 1_024, "auto"]) {
    assertEquals(workersProblem(value, "linux"), undefined);
  }
  assertEquals(workersProblem(1, "darwin"), undefined);
  for (const value of [2, "auto"]) {
    const reason = "expected 1, as only Linux shares a port out among processes";
    assertEquals(workersProblem(value, "windows"), reason);
  }
});
