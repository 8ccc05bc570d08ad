import { assertEquals, assertStringIncludes } from "@std/assert";
import { closed, echoed } from "./echo_clients.ts";
import { fourtuple, type Process } from "./process.ts";

/** Makes a directory with these files, runs the test, and removes it. */
export async function withFiles(
  files: Record<string, string>,
  body: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    await body((name) => `${directory}/${name}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Shows that the echo app behind an address works. */
export async function assertServes(url: URL): Promise<void> {
  const socket = await echoed(url);
  const end = closed(socket);
  socket.close(1000);
  assertEquals(await end, 1000);
}

/** Shows that a command line does not start anything, and says why in one line. */
export async function assertRefuses(args: string[], code: number, reason: string): Promise<void> {
  await using process = fourtuple(["serve", ...args]);
  await assertEndsWith(process, code, reason);
}

/** Shows that a process has not started anything, and has said why in one line. */
export async function assertEndsWith(
  process: Process,
  code: number,
  reason: string,
): Promise<void> {
  const ended = await process.ended();
  assertEquals([ended.code, ended.out], [code, ""], ended.err);
  const lines = ended.err.split("\n").filter((line) => line !== "");
  assertEquals(lines.length, code === 2 ? 2 : 1, ended.err);
  assertStringIncludes(lines[0]!, "fourtuple serve: ");
  assertStringIncludes(lines[0]!, reason);
}

/** Starts two workers of the echo app that log JSON lines. */
export function twoWorkers(...args: string[]): Process {
  return fourtuple(["--workers=2", "--app=echo", "--port=0", "--log-format=json", ...args]);
}

/** The process of a worker, from the log. */
export async function pidOf(process: Process, worker: number): Promise<number> {
  const line = await process.errLine(`"event":"worker_started","worker":${worker}`);
  return Number(/pid (\d+)/.exec(line)![1]);
}

/** Waits for the banner, and returns the address of the ops port in it. */
export async function opsPortOf(process: Process): Promise<URL> {
  const line = await process.outLine("Ops port: ");
  return new URL(line.slice(line.indexOf("http")));
}
