import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Retired, Roller } from "../../../server/cluster/roll.ts";
import type { WorkerProcess } from "../../../server/cluster/worker_process.ts";
import type { WorkerSlot } from "../../../server/cluster/worker_slot.ts";
import { LogBook } from "../../helpers/log_book.ts";
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
  // Deno says the second where the reset comes before it has asked for the addresses.
  const isReset = (reason: string) => /^(?:ConnectionReset|NotConnected): /.test(reason);
  assertEquals(refused.filter((reason) => !isReset(reason)), []);
});

// Without processes.

/** Rolls workers that are mere names: what becomes of each slot's one before, or why it stays. */
function rollerOf(
  story: (Partial<Retired> | Error | undefined)[],
): { roller: Roller; book: LogBook } {
  const book = new LogBook();
  const workers = story.map((_, worker) => ({ worker }) as unknown as WorkerProcess);
  const slots = story.map((it, at) => ({
    renew: () => it instanceof Error ? Promise.reject(it) : Promise.resolve(workers[at]),
  }));
  const roller = new Roller({
    slots: slots as unknown as WorkerSlot[],
    ending: new AbortController().signal,
    retire: (worker) => {
      const gone = story[workers.indexOf(worker)];
      return Promise.resolve(gone && { last: undefined, lost: 0, ...gone } as Retired);
    },
    log: book.log,
  });
  return { roller, book };
}

/** What a worker said last that had so many resets. */
function lastOf(resets?: number): Retired["last"] {
  return (resets === undefined ? {} : { resets }) as Retired["last"];
}

Deno.test("Roller.roll() adds up what was reset and lost, and tells it", async () => {
  const { roller, book } = rollerOf([{ last: lastOf(2) }, undefined, { lost: 1 }, {
    last: lastOf(3),
  }]);
  assertEquals(await roller.roll(), 5);
  assertEquals(book.entries().map(({ level, message }) => `${level}: ${message}`), [
    "info: Rolling 4 workers",
    "warning: Rolled 4 workers, at most 5 connections reset, " +
    "1 connection lost with workers that had to be killed",
  ]);
});

Deno.test("Roller.roll() does not know the resets when one worker does not", async () => {
  const { roller, book } = rollerOf([{ last: lastOf(2) }, { last: lastOf() }]);
  assertEquals(await roller.roll(), undefined);
  assertEquals(book.entries("rolled").map(({ level, message }) => [level, message]), [
    ["info", "Rolled 2 workers"],
  ]);
});

Deno.test("Roller.roll() stops at the first slot that keeps its worker, and can be called again", async () => {
  const story = [new Error("No port"), { last: lastOf(1) }];
  const { roller, book } = rollerOf(story);
  await assertRejects(() => roller.roll(), Error, "No port");
  const { message } = book.entries("roll_failed")[0]!;
  assertEquals(message, "Roll has failed, the workers that are left go on: No port");
  const again = roller.roll();
  await assertRejects(() => roller.roll(), Error, "they are rolling already");
  await assertRejects(() => again, Error, "No port");
});
