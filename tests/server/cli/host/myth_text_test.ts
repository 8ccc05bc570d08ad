import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  explanation,
  liveBlock,
  liveLine,
  planText,
  PORT_NUMBERS,
} from "../../../../server/cli/host/myth_text.ts";
import type { HostLimits } from "../../../../server/host/host.ts";
import { planScale } from "../../../../server/scale/plan.ts";
import type { ScaleProgress, ScaleResult, ScaleStep } from "../../../../server/scale/result.ts";

const LIMITS: HostLimits = {
  descriptors: { soft: 20_000, hard: 20_000 },
  ephemeralPorts: { first: 32_768, last: 60_999 },
  memoryTotal: 24 * 2 ** 30,
  memoryAvailable: 22 * 2 ** 30,
};

const AROUND = { limits: LIMITS, cores: 2, reusePort: true, varied: "source" } as const;
const PLAN = planScale({ connections: 70_000 }, AROUND);

const STEP: ScaleStep = {
  target: 70_000,
  connections: 70_000,
  at: 20,
  handshakes: { opened: 4_464, seconds: 1, perSecond: 4_464, failures: {} },
  kernelCount: {
    connections: 70_000,
    fourTuples: 70_000,
    serverPorts: 1,
    sourceAddresses: 4,
    destinationAddresses: 1,
    sharedPort: { port: 40_123, uses: 4 },
  },
  server: { processes: 4, descriptors: 70_112, descriptorLimit: 20_000, resident: 2 ** 30 },
  clients: { processes: 4, descriptors: 70_100, resident: 2 ** 29 },
  kernelMemory: {},
  perConnection: { server: 10_240, kernel: 5_120, serverWithKernel: 15_360 },
};

function resultOf(step: ScaleStep | undefined, parts: Partial<ScaleResult> = {}): ScaleResult {
  return {
    date: "2026-11-20T12:00:00.000Z",
    host: {
      os: "linux 6.18",
      arch: "x86_64",
      cores: 2,
      deno: "2.9.6",
      v8: "15.0",
      fourtuple: "0.1.0",
    },
    limits: LIMITS,
    plan: PLAN,
    url: "http://127.0.0.1:34567/",
    steps: step === undefined ? [] : [step],
    seconds: 25,
    ...parts,
  };
}

const PROGRESS: ScaleProgress = {
  phase: "opening",
  step: 2,
  steps: 4,
  connections: 35_000,
  target: 65_536,
  perSecond: 4_200,
  elapsed: 12.7,
  left: 8.2,
  kernelCount: STEP.kernelCount!,
  server: STEP.server!,
  clients: STEP.clients,
};

Deno.test("explanation() explains in ten lines what happened past 65,535", () => {
  assertEquals(
    explanation(resultOf(STEP)),
    `\
One port, 34567, held 70,000 connections at once: 4,465 more than there are port numbers (65,535).
None of them took a port from the server: at its end the kernel saw 1 port in use.
The kernel tells connections apart by source address, source port, destination address and destination port: the 4-tuple.
It counted 70,000 different 4-tuples, one for each connection.
A source port serves again where an address differs: port 40123 was in use 4 times at once, from 4 addresses.
One source address has 28,232 source ports here, so it reaches one address and port so many times: a limit of the client.
What a connection does cost the server is a descriptor: 70,112 are open in 4 processes, each allowed 20,000.
That is why 4 processes share the port: no port ran out, descriptors would have.
And memory: 10.0 KiB of the server's own, and 5.0 KiB of the kernel's, for each connection.
On this host such a run would meet descriptors first, at 152,704 connections (20,000 for each of at most 8 server processes allow 152,704 connections); the number of ports never.
`,
  );
});

Deno.test("explanation() does not blame descriptors where one process could have held them all", () => {
  const server = { ...STEP.server!, descriptorLimit: 1_048_576 };
  assertEquals(explanation(resultOf({ ...STEP, server })).includes("That is why"), false);
});

Deno.test("explanation() claims no more than the run has shown where it stopped short", () => {
  const { limits: _, ...plan } = PLAN;
  const step: ScaleStep = {
    ...STEP,
    connections: 2_480,
    kernelCount: {
      ...STEP.kernelCount!,
      connections: 2_480,
      fourTuples: 2_480,
      sharedPort: { port: 40_123, uses: 1 },
    },
  };
  const text = explanation(resultOf(step, {
    plan: { ...plan, limits: [] },
    stop: {
      limit: "descriptors",
      connections: 2_480,
      message: "A client process has no descriptor left (EMFILE, 9 times)",
      raise: ["ulimit -n 9689"],
    },
  }));
  assertStringIncludes(text, "held 2,480 connections at once; that port numbers end at 65,535");
  assertStringIncludes(text, "one source address was enough");
  assertEquals(text.includes("more than there are port numbers"), false);
  assertEquals(text.includes("such a run would meet"), false);
  assert(
    text.endsWith(`
It stopped at 2,480 of 70,000 connections. A client process has no descriptor left (EMFILE, 9 times) (descriptors).
To go further:
  ulimit -n 9689
`),
    text,
  );
});

Deno.test("explanation() says that few connections bear the warm-up of the server", () => {
  const note = "With so few, much of that is code";
  assertEquals(explanation(resultOf(STEP)).includes(note), false);
  assertStringIncludes(explanation(resultOf({ ...STEP, connections: 2_480 })), note);
});

Deno.test("explanation() speaks of destination addresses where those varied", () => {
  const text = explanation(resultOf(STEP, { plan: { ...PLAN, varied: "destination" } }));
  assertStringIncludes(text, "4 times at once, to 4 addresses");
});

Deno.test("explanation() leaves out what this system does not tell", () => {
  const { kernelCount: _k, server: _s, ...step } = STEP;
  const lines = explanation(resultOf({ ...step, perConnection: {} }, { limits: {} })).split("\n");
  assert(lines.length < 6 && lines.every((line) => !line.includes("undefined")), lines.join("\n"));
});

Deno.test("explanation() takes the step with most connections, or says that there was none", () => {
  const less = { ...STEP, connections: 5 };
  const text = explanation(resultOf(STEP, { steps: [less, STEP, less] }));
  assertStringIncludes(text, "held 70,000");
  assertStringIncludes(explanation(resultOf(undefined)), "No connection was open");
});

Deno.test("planText() says what will be started, and what this host does not allow", () => {
  const text = planText(PLAN);
  assertStringIncludes(text, "70,000 WebSocket connections to one port of this host: 4 server");
  assertStringIncludes(text, "4 source addresses.");
  const more = planText(planScale({ connections: 1_000_000 }, AROUND));
  assertStringIncludes(
    more,
    "1,000,000 are more than this host allows: 20,000 for each of at most",
  );
});

Deno.test("liveBlock() shows what the live display promises", () => {
  const lines = liveBlock(PROGRESS, PLAN);
  assertEquals(lines, [
    "[###############...............] 4,200 a second, 9 s left",
    "  server ports used     1",
    "  connections           35,000 of 70,000",
    "  distinct 4-tuples     70,000",
    "  the same source port  40123 used from 4 addresses",
    "  descriptors           server 70,112 in 4 processes, clients 70,100 in 4 processes",
    "  memory                server 1.0 GiB in 4 processes, clients 512.0 MiB in 4 processes",
  ]);
});

Deno.test("liveBlock() has as many lines when nothing is known yet", () => {
  const { kernelCount: _k, server: _s, clients: _c, ...rest } = PROGRESS;
  const lines = liveBlock({ ...rest, phase: "starting", connections: 0 }, PLAN);
  assertEquals(lines.length, liveBlock(PROGRESS, PLAN).length);
  assertEquals(lines[0], `[${".".repeat(30)}] starting`);
  assertEquals(lines.at(-1), "  memory                -");
});

Deno.test("liveLine() says the same in one line", () => {
  assertEquals(
    liveLine(PROGRESS, PLAN),
    "12 s  server ports used: 1, connections: 35,000, 4-tuples: 70,000, " +
      "the same source port: 40123 used from 4 addresses, descriptors: 140,212, memory: 1.5 GiB",
  );
  const { kernelCount: _k, server: _s, clients: _c, ...rest } = PROGRESS;
  assertEquals(liveLine(rest, PLAN), "12 s  connections: 35,000");
});

Deno.test("PORT_NUMBERS is what 16 bits can name without 0", () => {
  assertEquals(PORT_NUMBERS, 2 ** 16 - 1);
});
