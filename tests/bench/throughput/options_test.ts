import { assert, assertEquals } from "@std/assert";
import { CASE_NAMES, readOptions } from "../../../bench/throughput/options.ts";

Deno.test("readOptions() runs everything where nothing is said", () => {
  assertEquals(readOptions([]), {
    rounds: 3,
    seconds: 3,
    only: CASE_NAMES,
    peers: ["ws", "deno", "bun"],
    showHelp: false,
    faults: [],
  });
});

Deno.test("readOptions() takes all options", () => {
  const args =
    "--rounds 5 --seconds=0.5 --only push,echo64 --peers deno --json a.json --html b.html";
  assertEquals(readOptions(args.split(" ")), {
    rounds: 5,
    seconds: 0.5,
    only: ["echo64", "push"],
    peers: ["deno"],
    json: "a.json",
    html: "b.html",
    showHelp: false,
    faults: [],
  });
  assertEquals(readOptions(["--peers", "none"]).peers, []);
  assertEquals(readOptions(["-h"]).showHelp, true);
});

for (
  const args of [
    ["--rounds", "0"],
    ["--rounds", "1.5"],
    ["--rounds", "many"],
    ["--rounds", "101"],
    ["--rounds", ""],
    ["--seconds", "0"],
    ["--seconds", "21"],
    ["--seconds", "-1"],
    ["--seconds", "0x9"],
    ["--only", "echo65"],
    ["--peers", "uws"],
    ["--json", ""],
    ["--peers", "deno,none"],
    ["--peers", ""],
    ["--peers", "none,none"],
    ["--peers", "deno,deno"],
    ["--only", ""],
    ["--only", "echo64,"],
    ["--only", "echo64,echo64"],
    ["--rounds", "1", "--rounds", "2"],
    ["--seconds", "0.01"],
    ["--json", "a", "--html", "a"],
    ["--fast"],
    ["echo64"],
  ]
) {
  Deno.test(`readOptions() finds the fault in ${JSON.stringify(args)}`, () => {
    assert(readOptions(args).faults.length > 0);
  });
}

Deno.test("readOptions() lists all faults at once", () => {
  const { faults } = readOptions(["--rounds", "0", "--only", "a,b", "--fast"]);
  assertEquals(faults.length, 4, faults.join("\n"));
});
