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
  const args = ["more", "--connections", "many", "--steps=1,,2", "--clients=0", "--json=", "--yes"];
  assertEquals(readOptions(args), {
    faults: [
      '"more": unexpected argument',
      "--yes: no such option",
      '--connections: expected a whole number above 0, got "many"',
      '--steps: expected a whole number above 0, got ""',
      '--clients: expected a whole number above 0, got "0"',
      "--json: expected a path",
    ],
  });
});

Deno.test("readOptions() refuses a URL that is none of a server, and workers beside it", () => {
  assertEquals(readOptions(["--url", "localhost:9000", "--workers", "2"]), {
    faults: [
      '--url: expected ws://HOST:PORT/ or http://HOST:PORT/, got "localhost:9000"',
      "--workers: only for a server of its own, not with --url",
    ],
  });
});

Deno.test("readOptions() tells a wish for help, unless something is wrong", () => {
  assertEquals(readOptions(["-h"]), "help");
  assertEquals(readOptions(["--help", "x"]), { faults: ['"x": unexpected argument'] });
});
