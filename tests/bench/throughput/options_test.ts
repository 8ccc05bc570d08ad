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

const ROUNDS = "--rounds: expected an integer from 1 to 100";
const SECONDS = "--seconds: expected a number from 0.1 to 20";
const ONLY = `--only: expected some of ${CASE_NAMES}`;
const SOME_PEERS = "--peers: expected some of ws,deno,bun, or none";

for (
  const [args, fault] of [
    [["--rounds", "0"], `${ROUNDS}, received "0"`],
    [["--rounds", "1.5"], `${ROUNDS}, received "1.5"`],
    [["--rounds", "many"], `${ROUNDS}, received "many"`],
    [["--rounds", "101"], `${ROUNDS}, received "101"`],
    [["--rounds", ""], `${ROUNDS}, received ""`],
    [["--seconds", "0"], `${SECONDS}, received "0"`],
    [["--seconds", "21"], `${SECONDS}, received "21"`],
    [["--seconds", "-1"], `${SECONDS}, received "-1"`],
    [["--seconds", "0x9"], `${SECONDS}, received "0x9"`],
    [["--seconds", "0.01"], `${SECONDS}, received "0.01"`],
    [["--only", "echo65"], `${ONLY}, received "echo65"`],
    [["--only", ""], `${ONLY}, received ""`],
    [["--only", "echo64,"], `${ONLY}, received ""`],
    [["--only", "echo64,echo64"], '--only: "echo64" is there twice'],
    [["--peers", "uws"], `${SOME_PEERS}, received "uws"`],
    [["--peers", "deno,none"], `${SOME_PEERS}, received "none"`],
    [["--peers", ""], `${SOME_PEERS}, received ""`],
    [["--peers", "none,none"], '--peers: "none" is there twice'],
    [["--peers", "deno,deno"], '--peers: "deno" is there twice'],
    [["--json", ""], "--json: expected a path"],
    [["--json", "a", "--html", "a"], "--html: expected another path than --json"],
    [["--rounds", "1", "--rounds", "2"], "--rounds: expected once"],
    [["--fast"], "--fast: no such option"],
    [["echo64"], '"echo64": unexpected argument'],
  ] as const
) {
  Deno.test(`readOptions() finds the fault in ${JSON.stringify(args)}`, () => {
    const { faults } = readOptions(args);
    assert(faults.includes(fault), faults.join("\n"));
  });
}

Deno.test("readOptions() lists all faults at once", () => {
  const { faults } = readOptions(["--rounds", "0", "--only", "a,b", "--fast"]);
  assertEquals(faults.length, 4, faults.join("\n"));
});
