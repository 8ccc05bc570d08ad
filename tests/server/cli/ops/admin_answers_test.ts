import { assertEquals } from "@std/assert";
import {
  type Answer,
  CLOSED,
  CONNECTIONS,
  DESCRIPTION,
  DRAIN,
  FDS,
  HOST,
  PROBLEM,
  SNAPSHOT,
  TAP_EVENT,
} from "../../../../server/cli/ops/admin_answers.ts";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";

const operations = new FakeOperations(fakeConnections(3));
const [first] = operations.connections;

/** What our own release answers. */
const GOOD: [string, Answer<unknown>, unknown][] = [
  ["SNAPSHOT", SNAPSHOT, await operations.snapshot()],
  ["HOST", HOST, await operations.host()],
  ["CONNECTIONS", CONNECTIONS, { ...await operations.query({ sort: "rate" }), next: null }],
  ["DESCRIPTION", DESCRIPTION, await operations.describe(first!.key)],
  ["CLOSED", CLOSED, { closed: 1, examples: ["a"] }],
  ["FDS", FDS, { ...await operations.descriptors(), next: "abc" }],
  ["DRAIN", DRAIN, await operations.drainProgress()],
  ["TAP_EVENT", TAP_EVENT, { type: "end", at: 1, code: 1000, reason: "" }],
  ["PROBLEM", PROBLEM, { status: 404, detail: "There is none" }],
];

for (const [name, answer, value] of GOOD) {
  Deno.test(`${name}.read() takes what our release answers, with what a later one may add`, () => {
    const wire = JSON.parse(JSON.stringify({ ...value as object, later: { a: 1 } }));
    assertEquals(answer.read(wire), { value: wire });
  });

  Deno.test(`${name}.read() says what is wrong with another answer`, () => {
    for (const other of [null, 5, "text", []]) {
      assertEquals(Object.keys(answer.read(other)), ["problem"], JSON.stringify(other));
    }
  });
}

Deno.test("Answer.read() names the place of a problem", () => {
  assertEquals(DRAIN.read({ phase: "serving", left: "3" }), {
    problem: "left: Invalid input: expected number, received string",
  });
  assertEquals(CLOSED.read({ closed: 1, examples: [1] }), {
    problem: "examples.0: Invalid input: expected string, received number",
  });
});
