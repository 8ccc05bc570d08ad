import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { listCases } from "../../../bench/throughput/cases.ts";
import { FOURTUPLE } from "../../../bench/throughput/contestants.ts";
import { displayCommand, type Plan, runCases } from "../../../bench/throughput/run.ts";
import { Subprocesses } from "../../../bench/throughput/subprocess.ts";
import { dyingServer } from "./fake_server.ts";

const [echo64, text64] = listCases(0.1);

function plan(processes: Subprocesses, more: Partial<Plan> = {}): Plan {
  return {
    contestants: [FOURTUPLE, dyingServer],
    rounds: 2,
    cores: undefined,
    bounds: {},
    processes,
    signal: new AbortController().signal,
    say: () => {},
    ...more,
  };
}

Deno.test({
  name: "runCases() writes down what fails and goes on (needs Linux)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using processes = new Subprocesses();
    const said: string[] = [];
    const options = plan(processes, { say: (line) => said.push(line) });
    const [result] = await runCases([echo64!], options);
    const [own, fake] = result!.outcomes;
    assertEquals([own?.rounds.length, own?.failures], [2, []]);
    assert(own!.median!.value > 0);
    const failure = "The server ended with 3: Out of luck";
    assertEquals([fake?.rounds, fake?.failures], [[], [failure, failure]]);
    assertEquals([fake?.median, fake?.ratio], [undefined, undefined]);
    // One after the other, round by round.
    const order = said.slice(1).map((line) => /round (\d) of 2, (\w+)/.exec(line)?.slice(1).join());
    assertEquals(order, ["1,fourtuple", "1,fake", "2,fourtuple", "2,fake"]);
  },
});

Deno.test("runCases() skips what the host does not allow, and says why", async () => {
  await using processes = new Subprocesses();
  const cases = await runCases(
    [echo64!, text64!],
    plan(processes, { bounds: { descriptors: 99 } }),
  );
  assertEquals(cases.map(({ outcomes }) => outcomes), [[], []]);
  for (const { skipped } of cases) assertStringIncludes(skipped ?? "", "99 are allowed");
});

Deno.test("runCases() begins nothing after the signal", async () => {
  await using processes = new Subprocesses();
  assertEquals(await runCases([echo64!], plan(processes, { signal: AbortSignal.abort() })), []);
});

Deno.test("displayCommand() leaves out this machine's paths and quotes what a shell would split", () => {
  const command = [Deno.execPath(), "run", "-A", "a.ts", "--port", "0", '{"a":1}'];
  assertEquals(displayCommand(command), `deno run -A a.ts --port 0 '{"a":1}'`);
  const home = Deno.env.get("HOME");
  if (home) assertEquals(displayCommand([`${home}/bin/bun`, `${home}x`]), `~/bin/bun ${home}x`);
});
