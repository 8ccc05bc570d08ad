import { assert, assertEquals } from "@std/assert";
import { type Column, OVERVIEW, SUBJECTS } from "../../../bench/scaling/figures.ts";
import { formatTable } from "../../../bench/scaling/table.ts";
import { ABSENT } from "../../../bench/scaling/units.ts";
import { FOREIGN, step, WHOLE } from "./result.ts";

Deno.test("formatTable() lines figures up below their names and units", () => {
  const columns: Column[] = [
    { name: "Connections", digits: 0, of: (step) => step.connections },
    { name: "p99", unit: "ms", digits: 2, of: (step) => step.latency?.p99 },
    { name: "None", digits: 0, of: () => undefined },
  ];
  assertEquals(
    formatTable(columns, [step(1_000), step(100_000)]),
    [
      "Connections   p99  None\n",
      "               ms\n",
      "      1,000  2.25     –\n",
      "    100,000  2.25     –\n",
    ].join(""),
  );
});

Deno.test("formatTable() shows the overview within 100 characters", () => {
  const lines = formatTable(OVERVIEW, WHOLE.steps).trimEnd().split("\n");
  assertEquals(lines.length, 2 + WHOLE.steps.length);
  assert(lines.every(({ length }) => length <= 100), lines.join("\n"));
});

Deno.test("SUBJECTS reads a figure of every kind from a whole run", () => {
  for (const { columns } of SUBJECTS) {
    for (const { name, of } of columns) assert(Number.isFinite(of(step(70_000))), name);
  }
});

Deno.test("SUBJECTS draws as many lines as have a colour of their own, with a name for the side", () => {
  for (const { heading, axis, columns } of SUBJECTS) {
    const drawn = columns.filter(({ drawn }) => drawn).length;
    assert(drawn <= 4 && (drawn === 0) === (axis === undefined), heading);
  }
});

Deno.test("SUBJECTS leaves absent what another server does not tell", () => {
  const [first] = FOREIGN.steps;
  const known = SUBJECTS.flatMap(({ columns }) =>
    columns.filter(({ of }) => of(first!) !== undefined).map(({ name }) => name)
  );
  assertEquals(known, [
    "Clients",
    "Clients",
    "Handshakes a second",
    "Opened",
    "Took",
    "Failed tries",
  ]);
  assert(formatTable(OVERVIEW, FOREIGN.steps).includes(ABSENT));
});
