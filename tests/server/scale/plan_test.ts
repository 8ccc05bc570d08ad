import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { HostLimits } from "../../../server/host/host.ts";
import { planScale, type PlanSurroundings } from "../../../server/scale/plan.ts";
import type { ScaleOptions, Varied } from "../../../server/scale/result.ts";

const GIB = 2 ** 30;
const PORTS = { first: 32_768, last: 60_999 };

const SMALL: HostLimits = {
  descriptors: { soft: 20_000, hard: 20_000 },
  nrOpen: 1_048_576,
  fileMax: 2_464_000,
  filesOpen: 1_000,
  ephemeralPorts: PORTS,
  conntrackMax: 262_144,
  conntrackCount: 10,
  memoryTotal: 24 * GIB,
  memoryAvailable: 22 * GIB,
};

const BIG: HostLimits = {
  descriptors: { soft: 1_048_576, hard: 1_048_576 },
  fileMax: Number.MAX_SAFE_INTEGER,
  ephemeralPorts: PORTS,
  memoryTotal: 128 * GIB,
  memoryAvailable: 120 * GIB,
};

function plan(options: ScaleOptions, around: Partial<PlanSurroundings> = {}) {
  return planScale(options, {
    limits: SMALL,
    cores: 2,
    reusePort: true,
    varied: "source",
    ...around,
  });
}

Deno.test("planScale() needs six processes a side for 100,000 with 20,000 descriptors each", () => {
  const { connections, workers, clients, addresses, stop } = plan({ connections: 100_000 });
  assertEquals([connections, workers, clients, stop], [100_000, 6, 6, undefined]);
  assertEquals(addresses, [2, 3, 4, 5, 6, 7].map((last) => `127.0.0.${last}`));
});

Deno.test("planScale() reaches a million on a host that allows it", () => {
  const planned = plan({ connections: 1_000_000 }, { limits: BIG, cores: 16 });
  assertEquals([planned.connections, planned.stop], [1_000_000, undefined]);
  assert(planned.workers >= 10 && planned.clients >= 10, "one heap holds 100,000");
  assert(planned.addresses.length * 28_232 > 1_000_000);
  assertEquals(new Set(planned.addresses).size, planned.addresses.length);
});

Deno.test("planScale() stops at the limit that is met first and says how to raise it", () => {
  const cases: [Partial<HostLimits>, string, string][] = [
    [{ descriptors: { soft: 500, hard: 500 } }, "descriptors", "ulimit -n"],
    [{ fileMax: 21_000 }, "fs.file-max", "sysctl -w fs.file-max="],
    [{ conntrackMax: 9_000 }, "net.netfilter.nf_conntrack_max", "sysctl -w net.netfilter"],
    [{ memoryAvailable: 3 * GIB }, "memory", "GiB wanted"],
  ];
  for (const [limits, name, command] of cases) {
    const { connections, stop, limits: [first] } = plan(
      { connections: 150_000 },
      { limits: { ...SMALL, ...limits } },
    );
    assertEquals([stop?.limit, first?.name], [name, name]);
    assertEquals(stop?.connections, connections);
    assert(connections > 0 && connections < 150_000, name);
    assertStringIncludes(stop!.raise.join("\n"), command);
  }
});

Deno.test("planScale() names the source ports where only one address can be used", () => {
  const url = "ws://192.0.2.1:8080/";
  const planned = plan({ connections: 100_000, url }, { varied: "none" });
  assertEquals([planned.connections, planned.workers], [28_232, 0]);
  assertEquals(planned.stop?.limit, "source ports");
  assertStringIncludes(planned.stop!.raise[0]!, "ip_local_port_range");
  const addresses = ["192.0.2.2", "192.0.2.3"];
  assertEquals(plan({ connections: 100_000, url }, { addresses }).connections, 2 * 28_232);
});

Deno.test("planScale() keeps to the processes that are asked for", () => {
  const planned = plan({ connections: 300, workers: 2, clients: 3 });
  assertEquals([planned.workers, planned.clients, planned.connectionsPerClient], [2, 3, 100]);
  const one = plan({ connections: 70_000, workers: 1 });
  assertEquals([one.workers, one.stop?.limit], [1, "descriptors"]);
  assert(one.connections < 20_000);
});

Deno.test("planScale() has one server process where a port cannot be shared", () => {
  const { workers, connections } = plan({ connections: 70_000 }, { reusePort: false });
  assertEquals(workers, 1);
  assert(connections < 20_000);
});

Deno.test("planScale() plans without any limit known", () => {
  const planned = plan({ connections: 70_000 }, { limits: {}, varied: "none", reusePort: false });
  assertEquals([planned.connections, planned.stop?.limit], [28_232, "source ports"]);
});

Deno.test("planScale() says what a Deno that cannot choose the source address does", () => {
  const planned = plan({ connections: 70_000 }, { varied: "destination" });
  assertStringIncludes(planned.notes.join(), "destination");
  assert(planned.memory > plan({ connections: 70_000 }).memory);
});

Deno.test("planScale() is quicker without measuring delays", () => {
  const [with_, without] = [plan({ connections: 9 }), plan({ connections: 9, latency: false })];
  assert(with_.seconds > without.seconds);
});

Deno.test("planScale() holds together on many hosts", () => {
  const soft = [100, 256, 1_024, 20_000, 65_536, 1_048_576];
  const memory = [GIB / 4, 4 * GIB, 24 * GIB, 500 * GIB];
  const varied: Varied[] = ["source", "destination", "none"];
  for (const connections of [1, 300, 28_233, 65_536, 100_000, 1_000_000]) {
    for (const descriptors of soft) {
      for (const memoryAvailable of memory) {
        for (const vary of varied) {
          const limits = {
            ...SMALL,
            descriptors: { soft: descriptors, hard: descriptors },
            memoryTotal: memoryAvailable,
            memoryAvailable,
          };
          const planned = plan({ connections }, { limits, varied: vary, cores: 4 });
          const about = JSON.stringify({ connections, descriptors, memoryAvailable, vary });
          assert(planned.connections <= connections, about);
          assertEquals(planned.stop !== undefined, planned.connections < connections, about);
          for (const limit of planned.limits) {
            assert(planned.connections <= limit.connections, `${limit.name} ${about}`);
            assert(limit.raise.length > 0 && limit.reason !== "", `${limit.name} ${about}`);
          }
          assertEquals(planned.steps.at(-1), planned.connections || undefined, about);
          assertEquals(planned.steps, [...planned.steps].sort((a, b) => a - b), about);
          if (planned.connections === 0) continue;
          assert(planned.connectionsPerClient * planned.clients >= planned.connections, about);
          assert(planned.connectionsPerClient < descriptors, about);
          assert(planned.connections / planned.workers < descriptors, about);
          assert(planned.memory <= memoryAvailable, about);
          assert(
            vary === "none" || planned.addresses.length * 28_232 >= planned.connections,
            about,
          );
        }
      }
    }
  }
});
