import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { descriptorTable, fds } from "../../../../server/cli/ops/fds.ts";
import type { DescriptorPage, DescriptorQuery } from "../../../../server/operations/operations.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { fakeConnections, FakeOperations } from "../../../helpers/fake_operations.ts";
import { written } from "../../../helpers/written.ts";

async function run(operations: FakeOperations, ...args: string[]) {
  await using port = startAdminPort(operations);
  return await written((io) => fds.run(["--admin", port.place, ...args], io));
}

Deno.test("fds shows descriptors, and how many there are", async () => {
  const { code, out, err } = await run(new FakeOperations(fakeConnections(150)));
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(
    lines.at(-2),
    "100 descriptors shown, 153 open, 150 of them connections, 1 flagged",
  );
  assert(lines.some((line) => line.startsWith("  4  not_in_registry  ESTABLISHED")));
});

Deno.test("fds --flagged shows only those, and --json one on each line", async () => {
  const { out } = await run(new FakeOperations(), "--flagged", "--json");
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ flag }) => flag), ["not_in_registry"]);
});

Deno.test("fds --all follows all pages", async () => {
  const operations = new FakeOperations(fakeConnections(1_500));
  const { out } = await run(operations, "--all", "--json");
  const descriptors = out.trimEnd().split("\n").map((line) => JSON.parse(line).descriptor);
  assertEquals([new Set(descriptors).size, descriptors.length], [1_503, 1_503]);
  assertEquals(operations.callsOf("descriptors").length, 2);
});

Deno.test("fds asks once more for a page that a worker has not answered", async () => {
  class WithSlowWorker extends FakeOperations {
    override async descriptors(query?: DescriptorQuery): Promise<DescriptorPage> {
      const page = await super.descriptors(query);
      return this.calls.length > 1 ? page : { ...page, rows: [], missing: [2] };
    }
  }
  const operations = new WithSlowWorker(fakeConnections(10));
  const { out, err } = await run(operations, "--json");
  assertEquals([out.trimEnd().split("\n").length, err], [13, ""]);
  const [first, second] = operations.callsOf("descriptors");
  assertEquals(first, second);
});

Deno.test("fds says which workers have not answered", async () => {
  const operations = new FakeOperations();
  operations.missing = [2];
  const { code, err } = await run(operations, "--json");
  assertEquals([code, err], [0, "No answer from worker 2: its descriptors are left out\n"]);
});

Deno.test("descriptorTable() has a column for workers, and a dash where there is no descriptor", () => {
  const [heading = "", row = "", other = ""] = descriptorTable([
    { descriptor: -1, worker: 2, target: "", key: "a", flag: "not_in_kernel" },
    { descriptor: 5, worker: 2, target: "/tmp/\x1b[2J" },
  ]);
  assertStringIncludes(heading, "worker");
  assertEquals(row.trim().split(/ +/), ["-", "2", "not_in_kernel", "a"]);
  assertStringIncludes(other, "/tmp/\\x1b[2J");
});
