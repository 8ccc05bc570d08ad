import { assertEquals } from "@std/assert";
import { programOf } from "../../../server/process/program.ts";

Deno.test("programOf() runs a module with this same Deno", () => {
  const command = Deno.execPath();
  assertEquals(programOf("file:///a.ts"), {
    command,
    args: ["run", "-A", "--unstable-net", "file:///a.ts"],
  });
});
