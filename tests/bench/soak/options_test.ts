import { assertEquals } from "@std/assert";
import { readOptions } from "../../../bench/soak/options.ts";

Deno.test("readOptions() soaks 10,000 connections for an hour unless told otherwise", () => {
  assertEquals(readOptions([]), {
    soak: { minutes: 60, connections: 10_000, churn: 200, messages: 500 },
    json: false,
  });
});

Deno.test("readOptions() reads every option", () => {
  const args = "--minutes 0.5 --connections 10 --churn 0 --messages=3 --out a --json";
  assertEquals(readOptions(args.split(" ")), {
    soak: { minutes: 0.5, connections: 10, churn: 0, messages: 3 },
    json: true,
    out: "a",
  });
  assertEquals(readOptions(["-h"]), "help");
});

Deno.test("readOptions() lists everything that is wrong", () => {
  const args = "more --minutes=0 --connections 0 --churn 1.5 --messages 1000001 --out= --yes";
  assertEquals(readOptions(args.split(" ")), {
    faults: [
      '"more": unexpected argument',
      "--yes: no such option",
      '--minutes: expected a number from 0.05 to 10080, received "0"',
      '--connections: expected an integer from 1 to 100000000, received "0"',
      '--churn: expected an integer from 0 to 100000, received "1.5"',
      '--messages: expected an integer from 0 to 1000000, received "1000001"',
      "--out: expected a path",
    ],
  });
});
