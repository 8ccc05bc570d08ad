import { assertEquals, assertStringIncludes } from "@std/assert";
import { closed, echoed, stubborn } from "../../../helpers/echo_clients.ts";
import { fourtuple, Process, ROOT, servedAt } from "../../../helpers/process.ts";

// The signals come to the whole program, since a process has only one set of them.

for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
  Deno.test(`drainOnSignal() drains at ${signal}: clients get 1001, exit code 0`, async () => {
    await using process = fourtuple(["--app=echo", "--port=0"]);
    const socket = await echoed(await servedAt(process));
    const end = closed(socket);
    process.signal(signal);
    assertEquals(await end, 1001);
    const { code, err } = await process.ended();
    assertEquals(code, 0);
    assertStringIncludes(
      err,
      "Draining 1 connection; those that are left after 30000 ms are cut\n",
    );
    assertStringIncludes(err, "Drained: 1 closed, 0 cut\n");
  });
}

Deno.test("drainOnSignal() cuts at the deadline whoever does not answer Close, and exits 0", async () => {
  await using process = fourtuple(["--app=echo", "--port=0", "--drain-deadline=0"]);
  using client = await stubborn(await servedAt(process));
  process.signal("SIGTERM");
  await client.gone();
  const { code, err } = await process.ended();
  assertEquals(code, 0);
  assertStringIncludes(err, "Drained: 0 closed, 1 cut\n");
});

const PATIENT = ["--app=echo", "--port=0", "--close-timeout=600000", "--drain-deadline=600000"];

/**
 * Sends two signals at once, the second by `again`, and shows that the server still waits for its
 * client. On a very busy machine a second may pass in between: then nothing was shown.
 *
 * @returns Whether something was shown.
 */
async function drainsStill(process: Process, again: (pid: number) => void): Promise<boolean> {
  const url = await servedAt(process);
  const [, pid] = (await process.outLine(" serves ")).match(/\(pid (\d+)\)/)!;
  try {
    using client = await stubborn(url);
    const start = performance.now();
    process.signal("SIGINT");
    await process.errLine("Draining 1 connection;");
    again(Number(pid));
    await client.sendClose(1001).catch(() => {}); // fails where the server has ended too early
    await client.gone();
    client.close();
    const { code } = await process.ended();
    if (code === 130 && performance.now() - start > 900) return false;
    assertEquals(code, 0);
    return true;
  } catch (error) {
    // Behind `deno task` the server is a child's child, which would outlive the test.
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    throw error;
  }
}

Deno.test("drainOnSignal() takes a second signal within a second for the same Ctrl-C", async () => {
  for (let shown = false; !shown;) {
    await using process = fourtuple(PATIENT);
    shown = await drainsStill(process, () => process.signal("SIGINT"));
  }
});

Deno.test("drainOnSignal() takes the Ctrl-C that deno task start delivers twice for one", async () => {
  for (let shown = false; !shown;) {
    // The task has an ops port, at a port that may be in use.
    const args = ["task", "start", "--admin=127.0.0.1:0", ...PATIENT];
    await using task = new Process(Deno.execPath(), args, { cwd: ROOT });
    shown = await drainsStill(task, (pid) => Deno.kill(pid, "SIGINT"));
  }
});

// The one real wait of these tests: what a second signal means depends on the clock alone.
Deno.test("drainOnSignal() ends at once at a second signal more than a second later", async () => {
  await using interrupted = fourtuple(PATIENT);
  await using terminated = fourtuple(PATIENT);
  using _one = await stubborn(await servedAt(interrupted));
  using _two = await stubborn(await servedAt(terminated));
  interrupted.signal("SIGINT");
  terminated.signal("SIGINT");
  await Promise.all([interrupted, terminated].map((it) => it.errLine("Draining 1 connection;")));
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  interrupted.signal("SIGINT");
  terminated.signal("SIGTERM");
  assertEquals((await interrupted.ended()).code, 130);
  assertEquals((await terminated.ended()).code, 143);
});
