import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { large } from "../../../bench/large/command.ts";
import type { LargeResult } from "../../../bench/large/report.ts";
import { run } from "../../../bench/main.ts";
import { mayReadHost } from "../../../server/host/host_reader.ts";
import { childrenOf } from "../../helpers/children_of.ts";
import { gone } from "../../helpers/gone.ts";
import { Process, ROOT } from "../../helpers/process.ts";
import { written } from "../../helpers/written.ts";

/** It reads a server's memory. */
const needs = { ignore: !mayReadHost() };

function runHere(...args: string[]) {
  return written((io) => run(["large", ...args], io));
}

Deno.test("large prints its help", async () => {
  assertEquals(await runHere("--help"), { code: 0, out: large.help, err: "" });
  for (const line of large.help.split("\n")) assert(line.length <= 82, line);
});

Deno.test("large refuses wrong usage with 2", async () => {
  const { code, out, err } = await runHere("--relay", "0", "--echo=1025", "--only=", "--out=", "x");
  assertEquals([code, out], [2, ""]);
  assertEquals(err.split("\n").slice(0, -1), [
    'bench large: "x": unexpected argument',
    'bench large: --only: expected some of relay,echo, received ""',
    'bench large: --relay: expected a number from 0.001 to 1024, received "0"',
    'bench large: --echo: expected a number from 0.001 to 1024, received "1025"',
    "bench large: --out: expected a path",
    "Try: deno task bench large --help",
  ]);
});

Deno.test({
  ...needs,
  name: "large sends a message each way and writes what it saw (needs Linux)",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const { code, out, err } = await runHere(
        ...["--relay", "0.004", "--echo", "0.002", "--out", `${folder}/new`],
      );
      assertEquals(code, 0, err);
      assertEquals(out.match(/came as it was sent/g)?.length, 2, out);
      const [json, svg] = err.match(/(?<=^Wrote ).*$/gm)!;
      const { transfers }: LargeResult = JSON.parse(await Deno.readTextFile(json!));
      assertEquals(transfers.map(({ way, bytes, isSame }) => ({ way, bytes, isSame })), [
        { way: "relay", bytes: Math.round(0.004 * 2 ** 30), isSame: true },
        { way: "echo", bytes: Math.round(0.002 * 2 ** 30), isSame: true },
      ]);
      for (const { resident, seconds } of transfers) {
        assert(resident.length >= 2 && resident.every(([, bytes]) => bytes > 2 ** 20));
        assert(resident.at(-1)![0] >= seconds && seconds > 0);
      }
      assert((await Deno.readTextFile(svg!)).startsWith("<svg "));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  ...needs,
  name: "large ends at Ctrl-C and leaves no process behind (needs Linux)",
  async fn() {
    const script = new URL("bench/main.ts", ROOT).pathname;
    const args = ["run", "--allow-all", script, "large", "--only", "echo", "--echo", "1024"];
    await using process = new Process(Deno.execPath(), args);
    await process.errLine("echo: sending 1024 GiB");
    let children: number[] = [];
    while (children.length === 0) children = await childrenOf(process.pid);
    process.signal("SIGINT");
    const { code, out, err } = await process.ended();
    assertEquals([code, out], [1, ""], err);
    assertStringIncludes(err, "bench large: It was ended early\n");
    await Promise.all(children.map(gone));
  },
});
