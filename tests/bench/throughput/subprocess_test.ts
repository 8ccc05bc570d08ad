// Runs alone: it sets an environment variable, which children of other tests would inherit.

import { assertEquals, assertThrows } from "@std/assert";
import { Subprocesses } from "../../../bench/throughput/subprocess.ts";

/** It finds descendants in /proc. */
const linuxOnly = { ignore: Deno.build.os !== "linux" };

Deno.test({
  ...linuxOnly,
  name: "Subprocess hands out lines, also after its end, and keeps its errors (needs Linux)",
  async fn() {
    await using processes = new Subprocesses();
    const child = processes.start(["sh", "-c", "echo one; echo two; echo why >&2; exit 3"]);
    assertEquals(await child.ended, 3);
    assertEquals(await child.nextLine(), "one");
    assertEquals(await child.nextLine(), "two");
    assertEquals(await child.nextLine(), undefined);
    assertEquals(child.errors, "why");
  },
});

Deno.test({
  ...linuxOnly,
  name: "Subprocess keeps the end of a long complaint (needs Linux)",
  async fn() {
    await using processes = new Subprocesses();
    const child = processes.start(["sh", "-c", "seq 100000 >&2"]);
    await child.ended;
    assertEquals(child.errors.split("\n").at(-1), "100000");
    assertEquals(child.errors.length < 2_001, true);
  },
});

Deno.test({
  ...linuxOnly,
  name: "Subprocesses stops what a process has started too (needs Linux)",
  async fn() {
    const processes = new Subprocesses();
    const child = processes.start(["sh", "-c", "sleep 600 & echo started; wait"]);
    assertEquals(await child.nextLine(), "started");
    await processes.stop(); // ends only when sleep has let go of stdout
    assertEquals(await child.ended, 137);
    assertThrows(() => processes.start(["true"]), Error, "The bench was stopped");
  },
});

Deno.test({
  ...linuxOnly,
  name: "Subprocess keeps settings of somebody's own server away (needs Linux)",
  async fn() {
    await using processes = new Subprocesses();
    Deno.env.set("FOURTUPLE_PORT", "1");
    try {
      const child = processes.start(["sh", "-c", "echo port $FOURTUPLE_PORT."]);
      assertEquals(await child.nextLine(), "port .");
    } finally {
      Deno.env.delete("FOURTUPLE_PORT");
    }
  },
});

Deno.test("Subprocesses throws where there is no such program", async () => {
  await using processes = new Subprocesses();
  assertThrows(() => processes.start(["no-such-program-at-all"]), Deno.errors.NotFound);
});
