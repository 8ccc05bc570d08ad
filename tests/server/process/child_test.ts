// Runs alone: it sets TMPDIR, which every test of the process would see.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Child,
  type ChildOptions,
  endOf,
  isChild,
  joinParent,
  startChild,
} from "../../../server/process/child.ts";
import { programOf } from "../../../server/process/program.ts";
import type { ChildCalls, ParentCalls } from "../../helpers/child_program.ts";
import { Events, until } from "../../helpers/events.ts";
import { gone } from "../../helpers/gone.ts";
import { Process } from "../../helpers/process.ts";

const MODULE = import.meta.resolve("../../helpers/child_program.ts");
const OURS: ParentCalls = { name: () => "parent" };

function start(
  args: string[] = [],
  options: Partial<ChildOptions> = {},
): Promise<Child<ChildCalls>> {
  return startChild(programOf(MODULE), args, { ours: OURS, ...options });
}

Deno.test("startChild() links a process of a program, with its arguments and our variables", async () => {
  const received = new Events<Uint8Array>();
  const { link, status } = await start(["a", "b c"], { received: received.push });
  assertEquals(await link.call("tell", "PATH"), {
    args: ["a", "b c"],
    value: Deno.env.get("PATH"),
    child: false, // what it starts itself is no child of ours
  });
  assertEquals(await link.call("ask"), "parent");
  link.send(Uint8Array.of(1, 2, 3));
  assertEquals(await received.next(), Uint8Array.of(1, 2, 3));
  link.close();
  assertEquals((await status).code, 0);
});

/** Runs with another folder for temporary files. */
async function withTmpdir(path: string, body: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", path);
  try {
    await body();
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
}

Deno.test("startChild() links it where TMPDIR is too long for a socket, or not there", async () => {
  const folder = await Deno.makeTempDir();
  const long = `${folder}/${"x".repeat(100)}`;
  await Deno.mkdir(long);
  for (const path of [long, "/nowhere"]) {
    await withTmpdir(path, async () => {
      const { link, status } = await start();
      assertEquals(await link.call("ask"), "parent");
      link.close();
      await status;
    });
  }
  assertEquals(await Array.fromAsync(Deno.readDir(long)), [], "nothing is left behind");
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "startChild() says where it had no room, when that is nowhere",
  permissions: { run: true, env: true, read: true, write: [] },
  fn: async () => {
    const { message } = await assertRejects(() => start(), Error, "Cannot start a process as no");
    for (const part of ["temporary files: ", "; /tmp: ", "; /dev/shm: ", "set TMPDIR"]) {
      assertStringIncludes(message, part);
    }
  },
});

Deno.test("startChild() fails when the process ends before it has joined", async () => {
  await assertRejects(() => start(["early"]), Error, "before it had joined: exit code 7");
});

Deno.test("startChild() kills the process when its signal is aborted, or starts none", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/started`;
  const ending = new AbortController();
  const { signal } = ending;
  const program = { command: "sh", args: ["-c", 'echo >"$0"; exec sleep 60', file] };
  const starting = startChild(program, [], { ours: {}, signal });
  await until(
    "the process has started",
    async () => await Deno.stat(file).then(() => true, () => false),
  );
  ending.abort(new Error("Not any more"));
  await assertRejects(() => starting, Error, "before it had joined: ended by SIGKILL");
  await assertRejects(() => start([], { signal }), Error, "Not any more");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("Child's link closes when the process ends, and kill() does nothing then", async () => {
  const child = await start();
  await assertRejects(() => child.link.call("exit", 3), Error, "has gone");
  await child.link.closed;
  assertEquals(endOf(await child.status), "exit code 3");
  child.kill("SIGKILL");
  const killed = await start();
  killed.kill("SIGKILL");
  await killed.link.closed;
  assertEquals(endOf(await killed.status), "ended by SIGKILL");
});

Deno.test({
  name: "joinParent()'s link closes when the parent is killed, and nothing is left behind" +
    (Deno.build.os === "linux" ? "" : " (ignored: needs Linux's /proc)"),
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const { command, args } = programOf(MODULE);
    await using parent = new Process(command, [...args], { env: { TMPDIR: folder } });
    const [, pid] = (await parent.outLine("child ")).split(" ");
    parent.signal("SIGKILL");
    await gone(Number(pid));
    await Deno.remove(folder); // fails unless it is empty
  },
});

Deno.test("joinParent() fails when the parent was killed before, and removes its socket", async () => {
  const folder = await Deno.makeTempDir();
  const { command, args } = programOf(MODULE);
  const path = `${folder}/link`;
  const listening = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });`;
  await using parent = new Process(command, [
    "eval",
    `${listening} Deno.kill(Deno.pid, "SIGKILL")`,
  ]);
  await parent.ended();
  assertEquals((await Deno.lstat(path)).isSocket, true);
  const env = { _FOURTUPLE_PARENT: path };
  await using child = new Process(command, [...args], { env });
  const { code, err } = await child.ended();
  assertEquals(code, 1);
  assertStringIncludes(err, "Process that started this one has gone");
  await assertRejects(() => Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("joinParent() fails in a process that is no child", async () => {
  assertEquals(isChild(), false);
  await assertRejects(() => joinParent({}), Error, "no parent to join");
});
