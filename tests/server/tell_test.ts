import { assertEquals } from "@std/assert";
import type { LogEntry } from "../../server/options.ts";
import { tell } from "../../server/tell.ts";

Deno.test("tell() hands an entry over, and ignores what is thrown, at once or later", async () => {
  const entry: LogEntry = { level: "info", event: "opened", message: "Connection is open" };
  const got: LogEntry[] = [];
  tell((entry) => {
    got.push(entry);
    throw new Error("fails");
  }, entry);
  tell((entry) => {
    got.push(entry);
    return Promise.reject(new Error("fails later"));
  }, entry);
  await new Promise((resolve) => setTimeout(resolve)); // an unhandled rejection would end the test
  assertEquals(got, [entry, entry]);
});
