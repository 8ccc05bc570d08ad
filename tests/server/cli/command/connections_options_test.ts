import { assertEquals } from "@std/assert";
import { readConnectionsOptions } from "../../../../server/cli/command/connections_options.ts";

Deno.test("readConnectionsOptions() reads a number, and the switches", () => {
  assertEquals(readConnectionsOptions(["--connections", "70000", "--json"]), {
    problems: [],
    showHelp: false,
    json: true,
    connections: 70_000,
  });
  assertEquals(readConnectionsOptions(["-h"]).showHelp, true);
  assertEquals(readConnectionsOptions([]).connections, undefined);
});

for (const text of ["0", "-1", "1.5", "1e3", "many", "99999999999999999999"]) {
  Deno.test(`readConnectionsOptions() refuses --connections=${text}`, () => {
    const { problems } = readConnectionsOptions([`--connections=${text}`]);
    assertEquals(problems, [`--connections: expected a positive integer, received "${text}"`]);
  });
}

Deno.test("readConnectionsOptions() names every problem at once", () => {
  assertEquals(readConnectionsOptions(["--connections=x", "--speed"]).problems.length, 2);
});
