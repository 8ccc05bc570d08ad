import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../../helpers/process.ts";
import { Process } from "../../helpers/process.ts";
import type { RollStory } from "../../helpers/roll_program.ts";

// A network namespace of its own: its settings can be changed, and its resets are those of the test.

/** Runs its arguments in such a namespace with this `net.ipv4.tcp_migrate_req`. */
const SCRIPT = 'ip link set lo up && echo "$0" >/proc/sys/net/ipv4/tcp_migrate_req && exec "$@"';

/** The command that makes one, or why there is none. */
async function findUnshare(): Promise<{ unshare: string[] } | { missing: string }> {
  if (Deno.build.os !== "linux") return { missing: "needs Linux" };
  for (const options of [["--net"], ["--user", "--map-root-user", "--net"]]) {
    const unshare = ["unshare", ...options, "sh", "-c", SCRIPT];
    try {
      const [command = "", ...args] = [...unshare, "0", "true"];
      const output = { stdout: "null", stderr: "null" } as const;
      if ((await new Deno.Command(command, { args, ...output }).output()).success) {
        return { unshare };
      }
    } catch {
      // There is no such program.
    }
  }
  return { missing: "needs unshare, ip, and a network namespace with net.ipv4.tcp_migrate_req" };
}

const found = await findUnshare();

async function roll(migrate: 0 | 1, times: number): Promise<RollStory> {
  if ("missing" in found) throw new Error(found.missing);
  const program = new URL("tests/helpers/roll_program.ts", ROOT).pathname;
  const deno = [Deno.execPath(), "run", "-A", "--no-check", program, `${times}`];
  const [command = "", ...args] = [...found.unshare, `${migrate}`, ...deno];
  await using process = new Process(command, args);
  const { code, out, err } = await process.ended();
  assertEquals(code, 0, err);
  return JSON.parse(out);
}

function rollTest(name: string, fn: () => Promise<void>): void {
  const ignore = "missing" in found;
  Deno.test({ name: ignore ? `${name} (ignored: ${found.missing})` : name, ignore, fn });
}

rollTest("Cluster roll() under load refuses no handshake with tcp_migrate_req=1", async () => {
  const { resets, succeeded, refused } = await roll(1, 3);
  assertEquals(refused, []);
  assertEquals(resets.every((count) => count !== undefined), true);
  assert(succeeded > 100, `${succeeded} handshakes are no load`);
});

rollTest("Cluster roll() counts what is reset without it, and loses nothing else", async () => {
  const { resets, refused } = await roll(0, 5);
  const counted = resets.reduce<number>((sum, count) => sum + count!, 0);
  assert(refused.length <= counted, `${refused.length} were refused, ${counted} counted`);
  assertEquals(refused.filter((reason) => !reason.startsWith("ConnectionReset: ")), []);
});
