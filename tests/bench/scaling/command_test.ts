// Runs alone: it sends a signal to the process, which is that of all tests.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Engine, scalingCommand } from "../../../bench/scaling/command.ts";
import { HELP } from "../../../bench/scaling/options.ts";
import config from "../../../deno.json" with { type: "json" };
import { STOPPED, WHOLE } from "./result.ts";
import { written } from "../../helpers/written.ts";

/** What an engine returns: the command adds its own line to it. */
const { command: _, ...RESULT } = WHOLE;

/** An engine that has the result at once. */
const ENGINE: Engine = {
  plan: () => Promise.resolve(WHOLE.plan),
  run: () => Promise.resolve(RESULT),
};

function runCommand(args: string[], engine: Engine = ENGINE) {
  return written((io) => scalingCommand(engine).run(args, io));
}

Deno.test("bench prints its help", async () => {
  assertEquals(await runCommand(["--help"]), { code: 0, out: HELP, err: "" });
});

Deno.test("bench refuses wrong usage and starts nothing", async () => {
  const never = () => Promise.reject(new Error("Not to be called"));
  const { code, out, err } = await runCommand(["--steps", "x"], { plan: never, run: never });
  assertEquals([code, out], [2, ""]);
  assert(err.startsWith("bench: --steps: expected an integer from 1 to 100000"), err);
});

Deno.test("bench shows the plan before it runs, and the table and what was seen after", async () => {
  const { code, out, err } = await runCommand([]);
  assertEquals(code, 0);
  assert(err.startsWith("Grow to 100,000 connections on one port"), err);
  assert(/^ +100,000 +100,000 +8,000 /m.test(out), out);
  assert(out.includes("The kernel counted 100,000 distinct 4-tuples"), out);
});

Deno.test("bench writes JSON, report and picture", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const args = [
      "--out",
      `${folder}/a b`,
      "--json",
      `${folder}/c/d.json`,
      "--html",
      `${folder}/e.html`,
    ];
    const { code, err } = await runCommand(args);
    assertEquals(code, 0);
    const base = `${folder}/a b/${config.version}`;
    const read = async (path: string) => await Deno.readTextFile(path);
    const { command, ...result } = JSON.parse(await read(`${base}.json`));
    assertEquals(result, RESULT);
    assert(
      command.startsWith(`deno task bench --out '${folder}/a b' --json ${folder}/c/`),
      command,
    );
    assertEquals(await read(`${folder}/c/d.json`), await read(`${base}.json`));
    assert((await read(`${base}.html`)).startsWith("<!DOCTYPE html>"));
    assertEquals(await read(`${folder}/e.html`), await read(`${base}.html`));
    assert((await read(`${base}.svg`)).startsWith("<svg "));
    assertEquals(err.match(/^Wrote /gm)?.length, 5);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bench finds out before the run that it cannot write", async () => {
  const file = await Deno.makeTempFile();
  try {
    const run = () => Promise.reject(new Error("Not to be called"));
    const { code, err } = await runCommand(["--out", `${file}/x`], { ...ENGINE, run });
    assertEquals(code, 1);
    assert(err.startsWith(`bench: Cannot write "${file}/x/`), err);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("bench fails when a run stops before what was announced", async () => {
  const run = () => Promise.resolve(STOPPED);
  const { code, out } = await runCommand([], { ...ENGINE, run });
  assertEquals(code, 1);
  assert(
    out.endsWith("  to raise it, run\n            ulimit -n 200000 # in the shell & before\n"),
    out,
  );
});

Deno.test("bench succeeds when a run stops where it was announced", async () => {
  const plan = { ...WHOLE.plan, connections: 20_000, stop: STOPPED.stop! };
  const { code } = await runCommand([], {
    plan: () => Promise.resolve(plan),
    run: () => Promise.resolve({ ...STOPPED, plan }),
  });
  assertEquals(code, 0);
});

Deno.test("bench fails when the limits allow no connection at all", async () => {
  const stop = { ...STOPPED.stop!, connections: 0 };
  const plan = { ...WHOLE.plan, connections: 0, steps: [], stop };
  const { code, out, err } = await runCommand([], {
    plan: () => Promise.resolve(plan),
    run: () => Promise.resolve({ ...STOPPED, plan, stop, steps: [] }),
  });
  assertEquals(code, 1);
  assert(out.startsWith("Nothing was measured.\n"), out);
  assert(err.includes("allowed   0 of "), err);
  assertEquals(/starts|measures|takes/.test(err), false, err);
});

Deno.test("bench fails as the engine does", async () => {
  const run = () => Promise.reject(new Error("Process did not start"));
  const error = await assertRejects(() => runCommand([], { ...ENGINE, run }), Error);
  assertEquals(error.message, "Process did not start");
});

/** Sends this process a signal, and resolves when the command has passed it on. */
async function interrupt(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A listener for signals alone keeps no program running; the engine's sockets do.
  const running = setInterval(() => {}, 1_000);
  signal.addEventListener("abort", () => resolve());
  // Not SIGINT, which the test runner listens to as well.
  Deno.kill(Deno.pid, "SIGTERM");
  await promise;
  clearInterval(running);
}

const hasSignals = Deno.build.os !== "windows";
const named = (name: string): string =>
  hasSignals ? name : `${name} (ignored: Windows has no SIGTERM)`;

Deno.test({
  name: named("bench ends the run at a signal and still reports"),
  ignore: !hasSignals,
  async fn() {
    const stop = {
      limit: "interrupted",
      connections: 20_000,
      message: "It was interrupted",
      raise: [],
    };
    const { code, out, err } = await runCommand([], {
      ...ENGINE,
      async run(_options, _onProgress, signal) {
        await interrupt(signal);
        return { ...STOPPED, stop };
      },
    });
    assertEquals(code, 1);
    assert(err.includes("Ending; what was measured is reported\n"), err);
    assert(out.includes("It stopped at 20,000 connections: It was interrupted."), out);
  },
});

Deno.test("bench says so when a run was ended before anything was measured", async () => {
  const stop = { limit: "interrupted", connections: 0, message: "It was interrupted", raise: [] };
  const run = () => Promise.resolve({ ...RESULT, steps: [], stop });
  const { code, out } = await runCommand([], { ...ENGINE, run });
  assertEquals(code, 1);
  assertEquals(out, "Nothing was measured.\nIt stopped at 0 connections: It was interrupted.\n");
});
