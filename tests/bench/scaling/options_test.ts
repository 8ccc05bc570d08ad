import { assertEquals } from "@std/assert";
import { readOptions } from "../../../bench/scaling/options.ts";

Deno.test("readOptions() goes to 100,000 unless told otherwise", () => {
  assertEquals(readOptions([]), { scale: { connections: 100_000 } });
});

Deno.test("readOptions() reads every option", () => {
  const args =
    "--connections 1000000 --steps 10,200 --workers 3 --clients=4 --json a --html b --out c";
  assertEquals(readOptions(args.split(" ")), {
    scale: { connections: 1_000_000, steps: [10, 200], workers: 3, clients: 4 },
    json: "a",
    html: "b",
    out: "c",
  });
  assertEquals(readOptions(["--url", "ws://127.0.0.1:9000/"]), {
    scale: { connections: 100_000, url: "ws://127.0.0.1:9000/" },
  });
});

Deno.test("readOptions() lists everything that is wrong", () => {
  const args = [
    ..."more --connections many --steps=1,,2,2,200000 --clients=0 --workers 1025".split(" "),
    ..."--workers 1 --json= --html a --out a --yes".split(" "),
  ];
  assertEquals(readOptions(args), {
    faults: [
      '"more": unexpected argument',
      "--yes: no such option",
      "--workers: expected once",
      '--connections: expected an integer from 1 to 100000000, received "many"',
      '--steps: "2" is there twice',
      '--steps: expected an integer from 1 to 100000, received ""',
      '--steps: expected an integer from 1 to 100000, received "200000"',
      '--workers: expected an integer from 1 to 1024, received "1025"',
      '--clients: expected an integer from 1 to 1024, received "0"',
      "--json: expected a path",
      "--out: expected another path than --html",
    ],
  });
});

Deno.test("readOptions() refuses a URL that is none of a server, and workers beside it", () => {
  assertEquals(readOptions(["--url", "localhost:9000", "--workers", "2"]), {
    faults: [
      '--url: expected ws://HOST:PORT/ or http://HOST:PORT/, received "localhost:9000"',
      "--workers: only for a server of its own, not with --url",
    ],
  });
  for (const url of ["", "wss://a/", "ws://", "ws://user@a/", "ws://:secret@a/", "ws://a/#b"]) {
    const options = readOptions([`--url=${url}`]);
    assertEquals(options !== "help" && "faults" in options && options.faults.length, 1, url);
  }
});

Deno.test("readOptions() tells a wish for help, unless something is wrong", () => {
  assertEquals(readOptions(["-h"]), "help");
  assertEquals(readOptions(["--help", "x"]), { faults: ['"x": unexpected argument'] });
});
