import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { descriptorText, reportLines } from "../../../../server/cli/ops/report_text.ts";
import {
  fakeConnection,
  fakeConnections,
  FakeOperations,
} from "../../../helpers/fake_operations.ts";

Deno.test("reportLines() shows totals, memory, descriptors and what is met first", async () => {
  const operations = new FakeOperations(fakeConnections(200));
  const text = reportLines(await operations.snapshot(), await operations.host()).join("\n");
  for (
    const part of [
      "Phase: serving for 33m20s, process 4321",
      "connections                 200 of 19,936",
      "memory per connection       8.8 KiB",
      "descriptors                 232 of 20,000",
      "  origin             3",
      "Met first: descriptors, at 19,936 connections (one per connection; 32 are kept in reserve).",
      "  ulimit -n 40000",
    ]
  ) assertStringIncludes(text, part);
  assert(!text.includes("undefined") && !text.includes("NaN") && !text.includes("supervisor"));
});

Deno.test("reportLines() shows each worker and the supervisor", async () => {
  const connections = [1, 2, 3].map((id) => fakeConnection(id, { worker: id % 2 }));
  const operations = new FakeOperations(connections);
  const lines = reportLines(await operations.snapshot(), await operations.host());
  assertStringIncludes(lines[0]!, "2 workers and their supervisor (process 4320)");
  const heading = lines.findIndex((line) => line.startsWith("worker"));
  assertEquals(lines.slice(heading + 1, heading + 3).map((line) => line.trim().split(/ +/, 3)), [
    ["1", "4322", "2"],
    ["0", "4321", "1"],
  ]);
});

Deno.test("reportLines() says so where nothing is known", async () => {
  const operations = new FakeOperations([]);
  const snapshot = await operations.snapshot();
  const { descriptors: _, hostTcp: __, nextLimit: ___, ...report } = snapshot.sum.report;
  const bare = { ...snapshot, processes: [], sum: { ...snapshot.sum, report } };
  const host = { limits: {}, capacity: [], report };
  const text = reportLines(bare, host).join("\n");
  assertStringIncludes(text, "No limit of the host can be read.");
  assert(!text.includes("undefined") && !text.includes("NaN") && !text.includes("Infinity"));
});

Deno.test("descriptorText() leaves out what is not known", () => {
  assertEquals(
    [descriptorText({ open: 5, soft: 1024 }), descriptorText({ soft: 7 }), descriptorText()],
    ["5 of 1,024", "- of 7", "-"],
  );
});
