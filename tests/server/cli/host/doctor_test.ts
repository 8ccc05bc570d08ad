import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { diagnose, doctor, formatDiagnosis } from "../../../../server/cli/host/doctor.ts";
import type { HostLimits } from "../../../../server/host/host.ts";
import { written } from "../../../helpers/written.ts";

const GIB = 2 ** 30;

const HOST: HostLimits = {
  descriptors: { soft: 4096, hard: 4096 },
  parentDescriptors: { soft: 1024, hard: 4096 },
  nrOpen: 1_048_576,
  fileMax: 200_000,
  filesOpen: 1_000,
  ephemeralPorts: { first: 32768, last: 60999 },
  somaxconn: 4096,
  tcpMigrateReq: 0,
  memoryTotal: 8 * GIB,
  memoryAvailable: 6 * GIB,
};

const TABLE = `\
What this host allows to one server process:

limit          value   in use  connections
descriptors    4,096       24        4,040  met first
fs.file-max  200,000    1,000      199,000
memory       8.0 GiB  2.0 GiB      370,085

descriptors, parent's soft limit      1,024  Deno raises its own to the hard limit at start
descriptors, hard limit               4,096  root alone can raise it
fs.nr_open                        1,048,576  the most a hard limit can be
net.core.somaxconn                    4,096  connections that wait for accept
net.ipv4.tcp_migrate_req                  0  rolling workers resets what waits for accept; 1 prevents it
`;

const PORTS = `\
Ports are no limit: all connections of a server share its one port, so 65,535 bounds nothing here.
One client address with ports 32768-60999 can open 28,232 connections to one address and
port; another source address has as many again.
`;

function run(...args: string[]) {
  return written((io) => doctor.run(args, io));
}

Deno.test("formatDiagnosis() shows the limits, the one met first and how to raise it", () => {
  assertEquals(
    formatDiagnosis(diagnose(HOST, 24, undefined)),
    `${TABLE}
Met first: descriptors, at 4,040 connections (one per connection; 32 are kept in reserve).
For twice as many:
  ulimit -n 8136 # in the shell that starts the server, as root: the hard limit is 4096
  LimitNOFILE=8136 # instead, in the [Service] section of its systemd unit

${PORTS}`,
  );
});

Deno.test("formatDiagnosis() says so when the connections asked for can be held", () => {
  assertEquals(
    formatDiagnosis(diagnose(HOST, 24, 4_040)),
    `${TABLE}
4,040 connections can be held.
Met first: descriptors, at 4,040 connections (one per connection; 32 are kept in reserve).

${PORTS}`,
  );
});

Deno.test("formatDiagnosis() names every limit that stops the connections asked for", () => {
  assertEquals(
    formatDiagnosis(diagnose(HOST, 24, 250_000)),
    `${TABLE}
250,000 connections cannot be held:
descriptors allows 4,040 (one per connection; 32 are kept in reserve). To raise it:
  ulimit -n 250056 # in the shell that starts the server, as root: the hard limit is 4096
  LimitNOFILE=250056 # instead, in the [Service] section of its systemd unit
fs.file-max allows 199,000 (one per connection). To raise it:
  sysctl -w fs.file-max=251000

${PORTS}`,
  );
});

Deno.test("formatDiagnosis() says so when nothing can be read", () => {
  assertEquals(
    formatDiagnosis(diagnose({}, undefined, 10)),
    `\
No limit of this host can be read: that takes Linux and, from source, deno run --allow-all.
Whether 10 connections can be held is not known.

Ports are no limit: all connections of a server share its one port, so 65,535 bounds nothing here.
`,
  );
});

Deno.test("formatDiagnosis() leaves out what is not known", () => {
  const text = formatDiagnosis(diagnose({ descriptors: { soft: 1024 } }, undefined, undefined));
  assertStringIncludes(text, "descriptors  1,024                  992  met first\n");
  assert(!text.includes("undefined") && !text.includes("NaN") && !text.includes("hard limit"));
});

Deno.test("diagnose() says whether the connections asked for can be held", () => {
  assertEquals(diagnose(HOST, 24, 4_040).possible, true);
  assertEquals(diagnose(HOST, 24, 4_041).possible, false);
  assert(!("possible" in diagnose(HOST, 24, undefined)));
  assertEquals(diagnose({}, undefined, 1).possible, false, "unknown is no promise");
});

Deno.test("doctor --help prints the help and exits 0", async () => {
  for (const flag of ["--help", "-h"]) {
    assertEquals(await run(flag), { code: 0, out: doctor.help, err: "" });
  }
});

Deno.test("doctor lists all usage problems at once and exits 2", async () => {
  assertEquals(await run("--jsn", "--connections", "0", "12", "-x", "--_=1", "--", "more"), {
    code: 2,
    out: "",
    err: `\
fourtuple doctor: --jsn: no such option
fourtuple doctor: "12": unexpected argument
fourtuple doctor: -x: no such option
fourtuple doctor: --_=1: no such option
fourtuple doctor: "more": unexpected argument
fourtuple doctor: --connections: expected a positive integer, received "0"
Try: fourtuple doctor --help
`,
  });
});

Deno.test("doctor does not take --no-connections=1 for --connections=1", async () => {
  const { code, err } = await run("--no-connections=1");
  assertEquals(code, 2);
  assertStringIncludes(err, "--no-connections=1: no such option");
});

for (const value of ["", "0", "-5", "1.5", "1e3", "many", "99999999999999999999"]) {
  Deno.test(`doctor exits 2 when --connections is "${value}"`, async () => {
    const { code, err } = await run(`--connections=${value}`);
    assertEquals(code, 2);
    assertStringIncludes(err, `--connections: expected a positive integer, received "${value}"`);
  });
}

Deno.test({
  name: "doctor exits 1 without permission to read",
  permissions: { read: false },
  fn: async () => {
    const plain = await run();
    assertEquals(plain.code, 1);
    assertStringIncludes(plain.out, "No limit of this host can be read");
    const asked = await run("--connections", "1");
    assertEquals(asked.code, 1);
    assertStringIncludes(asked.out, "Whether 1 connections can be held is not known");
  },
});

const ignore = Deno.build.os !== "linux";
const reason = ignore ? " (ignored: needs Linux's /proc)" : "";

Deno.test({
  name: `doctor reads this host: text, JSON and exit code agree${reason}`,
  ignore,
  fn: async () => {
    const { code, out, err } = await run("--json");
    assertEquals([code, err], [0, ""]);
    const { first, capacity, limits } = JSON.parse(out);
    assertEquals(capacity[0].name, first);
    assert(limits.descriptors.soft > 0);
    assertStringIncludes((await run()).out, `Met first: ${first}`);
    assertEquals((await run("--connections", "1")).code, 0);
    assertEquals((await run("--connections", "9007199254740991", "--json")).code, 1);
  },
});
