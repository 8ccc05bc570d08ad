import { assertEquals, assertStringIncludes } from "@std/assert";
import { report } from "../../../../server/cli/ops/report.ts";
import { startAdminPort } from "../../../helpers/admin_port.ts";
import { FakeOperations } from "../../../helpers/fake_operations.ts";
import { written } from "../../../helpers/written.ts";

Deno.test("report prints what the server holds, cut to the terminal", async () => {
  await using port = startAdminPort(new FakeOperations());
  const args = ["--admin", port.place];
  const { code, out, err } = await written((io) => report.run(args, io));
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "Met first: descriptors");
  const cut = await written((io) => report.run(args, { ...io, columns: 20 }));
  assertEquals(cut.out.split("\n").filter((line) => line.length > 20), []);
});

Deno.test("report --json prints one object", async () => {
  await using port = startAdminPort(new FakeOperations());
  const { out } = await written((io) => report.run(["--admin", port.place, "--json"], io));
  const { snapshot, host } = JSON.parse(out);
  assertEquals([snapshot.sum.report.connections, host.capacity[0].name], [10, "descriptors"]);
});
