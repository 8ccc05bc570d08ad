import { assertEquals, assertStringIncludes } from "@std/assert";
import { clusterTest } from "../../../helpers/clusters.ts";
import { Process, ROOT, servedAt } from "../../../helpers/process.ts";
import { assertServes } from "../../../helpers/serving.ts";

/** Starts the echo app in a program that throws and rejects where nothing catches it. */
function faulty(...args: string[]): Process {
  const program = new URL("tests/helpers/faulty_program.ts", ROOT).pathname;
  return new Process(Deno.execPath(), [
    ...["run", "--allow-all", program, "serve", "--app=echo", "--port=0", "--log-format=json"],
    ...args,
  ]);
}

const FAULTS = ["TypeError: thrown to nobody", "TypeError: rejected for nobody"];

Deno.test("outliveFaults() has a server go on, and the log say what was thrown and where", async () => {
  await using process = faulty();
  const url = await servedAt(process);
  for (const problem of FAULTS) {
    const line = JSON.parse(await process.errLine(problem));
    assertEquals([line.level, line.event], ["ERROR", "fault"]);
    assertStringIncludes(line.error, "faulty_program.ts");
  }
  await assertServes(url);
  process.signal("SIGTERM");
  assertEquals((await process.ended()).code, 0);
});

clusterTest("outliveFaults() has workers and their supervisor go on", async () => {
  await using process = faulty("--workers=2");
  const url = await servedAt(process);
  for (const problem of FAULTS) await process.errLine(problem);
  await assertServes(url);
  process.signal("SIGTERM");
  const { code, err } = await process.ended();
  assertEquals([code, err.includes("worker_restarting")], [0, false], err);
});
