import { assertEquals } from "@std/assert";
import { clusterCapacity } from "../../../server/cluster/cluster_capacity.ts";
import type { HostLimits } from "../../../server/host/host.ts";

const LIMITS: HostLimits = {
  descriptors: { soft: 50, hard: 50 }, // the supervisor's own
  nrOpen: 1_000_000,
  fileMax: 10_000,
  filesOpen: 3_000,
};

const WORKERS = [
  { connections: 400, descriptors: { open: 420, soft: 1_000, hard: 2_000 } },
  { connections: 600, descriptors: { open: 618, soft: 1_000, hard: 2_000 } },
];

Deno.test("clusterCapacity() adds descriptors up by worker, and shares what is the host's", () => {
  const [first, second, ...others] = clusterCapacity(LIMITS, WORKERS);
  const { name, connections, value, used, unit } = first!;
  // Of 1,000 each, 32 are kept, and 20 and 18 are in use for something else.
  assertEquals(
    { name, connections, value, used, unit },
    {
      name: "descriptors",
      connections: 948 + 950,
      value: 1_000,
      used: 618,
      unit: "descriptors of each worker",
    },
  );
  // Of 3,000 that are open, 1,000 are the workers' connections.
  assertEquals([second?.name, second?.connections], ["fs.file-max", 8_000]);
  assertEquals(others, []);
});

Deno.test("clusterCapacity() puts the host's limit first where it is met first", () => {
  const [first] = clusterCapacity({ ...LIMITS, fileMax: 3_500 }, WORKERS);
  assertEquals([first?.name, first?.connections], ["fs.file-max", 1_500]);
});

Deno.test("clusterCapacity() leaves descriptors out where those of one worker are unknown", () => {
  const capacity = clusterCapacity(LIMITS, [...WORKERS, { connections: 1 }]);
  assertEquals(capacity.map(({ name }) => name), ["fs.file-max"]);
  assertEquals(clusterCapacity(LIMITS, []).map(({ name }) => name), ["fs.file-max"]);
});
