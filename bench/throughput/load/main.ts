/**
 * The load generator: `deno run -A main.ts PORT SPEC`, the spec as JSON. It tells on stdout when it
 * begins to count and what it has counted, a line of JSON each, keeps its connections, and ends when
 * its stdin does: so it cannot outlive the bench.
 *
 * @module
 */

import { runPush } from "./push.ts";
import { runEcho, runFanOut, sleep } from "./rate.ts";
import type { LoadEvent, LoadFigures, LoadSpec } from "./spec.ts";
import { openConnections } from "./wire.ts";

async function run(port: number, load: LoadSpec, begin: () => void): Promise<LoadFigures> {
  switch (load.kind) {
    case "echo":
      return await runEcho(port, load, begin);
    case "fan-out":
      return await runFanOut(port, load, begin);
    case "handshakes": {
      begin();
      const start = performance.now();
      await openConnections(port, load.connections);
      return { operations: load.connections, seconds: (performance.now() - start) / 1_000 };
    }
    case "idle": {
      await openConnections(port, load.connections);
      begin();
      await sleep(load.seconds);
      return { operations: load.connections, seconds: load.seconds };
    }
    case "push":
      return await runPush(port, load, begin);
  }
}

function say(event: LoadEvent): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
}

if (import.meta.main) {
  const [port, spec] = Deno.args;
  Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(0));
  try {
    const figures = await run(Number(port), JSON.parse(spec!), () => say({ event: "begin" }));
    say({ event: "end", figures });
  } catch (error) {
    say({ event: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
}
