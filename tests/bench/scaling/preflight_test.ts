import { assert, assertEquals } from "@std/assert";
import { formatPlan } from "../../../bench/scaling/preflight.ts";
import { FOREIGN, STOPPED, WHOLE } from "./result.ts";

Deno.test("formatPlan() says what is allowed, started, measured and taken", () => {
  assertEquals(formatPlan(WHOLE.plan).split("\n"), [
    "Grow to 100,000 connections on one port of a server of its own",
    "  allowed   400,000 here; what stops more is memory: 9.1 GiB are free & a connection takes 24 KiB",
    "  starts    6 server processes that share the port, 6 client processes of up to 16,667 " +
    "connections, 6 source addresses (127.0.0.2 to 127.0.0.7)",
    "  measures  at 1,000, 20,000, 65,600, 100,000",
    "  takes     about 1 min 35 s and 2.1 GiB of memory",
    "  note      The clients' ends are <here> too.",
    "",
  ]);
});

Deno.test("formatPlan() says what stops a run short, and what raises it", () => {
  const { stop } = STOPPED;
  const lines = formatPlan({ ...WHOLE.plan, connections: 20_000, stop: stop! }).split("\n");
  assertEquals(lines.slice(1, 5), [
    "  allowed   20,000 of 100,000 here, so it goes as far as that",
    "  because   Cannot open more as the limit is <20,000>",
    "  to raise it, run",
    "            ulimit -n 200000 # in the shell & before",
  ]);
});

Deno.test("formatPlan() names the server to measure where it is another one", () => {
  const text = formatPlan(FOREIGN.plan, "ws://127.0.0.1:9000/");
  assert(
    text.startsWith("Grow to 100,000 connections on one port of ws://127.0.0.1:9000/\n"),
    text,
  );
  assert(text.includes("  starts    6 client processes of up to 16,667 connections\n"), text);
  assert(text.includes("no limit of this host can be read"), text);
});
