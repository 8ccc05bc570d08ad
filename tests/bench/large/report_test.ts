import { assert, assertEquals } from "@std/assert";
import { type LargeResult, reportPicture, summarize } from "../../../bench/large/report.ts";

const MIB = 2 ** 20;

const RESULT: LargeResult = {
  command: "deno task bench large",
  date: "2026-11-20T00:00:00.000Z",
  fourtuple: "1.2.3",
  deno: "2.9.6",
  transfers: [
    {
      way: "relay",
      bytes: 1_024 * MIB,
      seconds: 8,
      isSame: true,
      resident: [[0, 80 * MIB], [4, 100 * MIB], [8, 90.5 * MIB]],
    },
    { way: "echo", bytes: 4 * MIB, seconds: 0.5, isSame: false, resident: [[0, MIB], [0.5, MIB]] },
  ],
};

Deno.test("summarize() says what each message has shown, and shouts when one has changed", () => {
  assertEquals(summarize(RESULT), [
    "relay: a message of 1.0 GiB came as it was sent, 128 MiB/s; the server took 80.0 MiB before, " +
    "100.0 MiB at most, 90.5 MiB after it.",
    "echo: a message of 4 MiB came CHANGED, 8 MiB/s; the server took 1.0 MiB before, 1.0 MiB at " +
    "most, 1.0 MiB after it.",
  ]);
});

Deno.test("reportPicture() draws a line for each message", () => {
  const svg = reportPicture(RESULT);
  assert(svg.startsWith("<svg "));
  for (
    const text of [
      "Fourtuple 1.2.3: one message of 1.0 GiB by relay, one of 4 MiB by echo",
      "relay, 1.0 GiB",
      "echo, 4 MiB",
      "Server’s memory (MiB)",
    ]
  ) assert(svg.includes(text), text);
  assertEquals(svg.match(/\b(?:NaN|undefined|null|Infinity)\b/g), null);
});
