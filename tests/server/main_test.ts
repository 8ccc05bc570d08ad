import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../server/cli/version.ts";
import { COMMANDS, run } from "../../server/main.ts";
import { FOURTUPLE, fourtuple, Process } from "../helpers/process.ts";
import { written } from "../helpers/written.ts";

function runHere(...args: string[]) {
  return written((io) => run(args, io));
}

Deno.test("run() prints the help of the program, which lists every command", async () => {
  for (const word of ["--help", "-h", "help"]) {
    const { code, out, err } = await runHere(word);
    assertEquals([code, err], [0, ""]);
    for (const { name, summary } of COMMANDS) {
      assert(out.split("\n").some((line) => line.includes(name) && line.endsWith(summary)), name);
    }
  }
});

Deno.test("run() prints the help of a command", async () => {
  for (const { name, help } of COMMANDS) {
    assertEquals(await runHere("help", name), { code: 0, out: help, err: "" });
  }
  assertStringIncludes((await runHere("help", "sevre")).err, 'no such command: "sevre"');
  for (const words of [["serve", "top"], ["--help"]]) {
    const { code, out, err } = await runHere("help", ...words);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, "expected one command");
  }
});

Deno.test("run() prints the version", async () => {
  for (const word of ["--version", "-V"]) {
    assertEquals(await runHere(word), { code: 0, out: `fourtuple ${VERSION}\n`, err: "" });
  }
  assert(/^\d+\.\d+\.\d+$/.test(VERSION));
});

Deno.test("run() refuses a command that there is not", async () => {
  for (const word of ["sevre", "Serve", "constructor", "--", "-"]) {
    const { code, out, err } = await runHere(word, "--nope");
    assertEquals([code, out], [2, ""], word);
    assertStringIncludes(err, "--help\n");
  }
  assertEquals(
    (await runHere("sevre")).err,
    [
      'fourtuple: no such command: "sevre"',
      "Try: fourtuple --help\n",
    ].join("\n"),
  );
});

Deno.test("run() serves where no command is named", async () => {
  const { code, err } = await runHere("--nope");
  assertEquals(code, 2);
  assertStringIncludes(err, "fourtuple serve: --nope: no such option");
});

Deno.test("main.ts hands the exit code and the streams of the command on", async () => {
  await using good = fourtuple(["--version"]);
  await using help = fourtuple(["serve", "--help"]);
  await using bad = fourtuple(["serve", "--port=x", "--nope"]);
  await using unknown = fourtuple(["nope"]);
  assertEquals(await good.ended(), { code: 0, out: `fourtuple ${VERSION}\n`, err: "" });
  assertEquals(await help.ended(), { code: 0, out: COMMANDS[0]!.help, err: "" });
  assertEquals(await bad.ended(), {
    code: 2,
    out: "",
    err: `\
fourtuple serve: --nope: no such option
fourtuple serve: --port: expected an integer from 0 to 65535, received "x"
Try: fourtuple serve --help
`,
  });
  assertEquals((await unknown.ended()).code, 2);
});

Deno.test("main.ts doctor prints JSON, and exits 1 when connections cannot be held", async () => {
  await using plain = fourtuple(["doctor", "--json"]);
  await using much = fourtuple(["doctor", "--connections", "9007199254740991"]);
  const { code, out, err } = await plain.ended();
  assertEquals([code, err], [Deno.build.os === "linux" ? 0 : 1, ""]);
  assertEquals(typeof JSON.parse(out).limits, "object");
  assertEquals((await much.ended()).code, 1);
});

Deno.test("main.ts says in one line what a command did not expect, and exits 1", async () => {
  const main = FOURTUPLE.at(-1)!;
  const args = ["run", "--allow-net", "--no-prompt", main, "--port=0"];
  await using process = new Process(Deno.execPath(), args);
  assertEquals(await process.ended(), {
    code: 1,
    out: "",
    err: "fourtuple serve: Requires env access, run again with the --allow-env flag\n",
  });
});

Deno.test("main.ts ends quietly when nobody reads what it prints", async () => {
  await using process = fourtuple(["serve", "--help"]);
  await process.leaveOut();
  const { code, err } = await process.ended();
  assertEquals([code, err], [141, ""]);
});
