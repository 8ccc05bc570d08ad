import { assertEquals } from "@std/assert";
import { formatProgress, ProgressDisplay } from "../../../bench/scaling/progress.ts";
import type { ScaleProgress } from "../../../server/scale/result.ts";
import { step } from "./result.ts";

const OPENING: ScaleProgress = {
  phase: "opening",
  step: 2,
  steps: 4,
  connections: 12_500,
  target: 20_000,
  perSecond: 8_123.4,
  elapsed: 4,
  left: 71,
};
const LINE =
  "[##------------------] 12,500 of 100,000 connections, opening step 2 of 4, 8,123/s, 1 min 11 s left";
const MEASURED = "Step 2 of 4: 20,000 connections, 8,000 handshakes/s, 12.0 KiB each, p99 2.25 ms";

/** A display on a screen that remembers. */
function display(columns?: number): { display: ProgressDisplay; written: string[] } {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const screen = columns === undefined ? { write } : { write, columns };
  return { display: new ProgressDisplay(screen, 100_000), written };
}

Deno.test("formatProgress() shows how far it is, the rate and the time left", () => {
  assertEquals(formatProgress(OPENING, 100_000), LINE);
});

Deno.test("formatProgress() shows a rate only while connections are opened, and no step before the first", () => {
  assertEquals(
    formatProgress({ ...OPENING, phase: "starting", step: 0, connections: 0 }, 100_000),
    `[${"-".repeat(20)}] 0 of 100,000 connections, starting, 1 min 11 s left`,
  );
  assertEquals(
    formatProgress({ ...OPENING, phase: "closing", step: 4, connections: 100_010 }, 100_000),
    `[${"#".repeat(20)}] 100,010 of 100,000 connections, closing step 4 of 4, 1 min 11 s left`,
  );
});

Deno.test("ProgressDisplay writes one line over on a terminal, cut to its width", () => {
  const { display: it, written } = display(30);
  it.show(OPENING);
  it.show(OPENING);
  it.end();
  const over = `\r\x1b[2K${LINE.slice(0, 29)}`;
  assertEquals(written, [over, over, "\r\x1b[2K"]);
});

Deno.test("ProgressDisplay keeps the lines of measured steps above the line on a terminal", () => {
  const { display: it, written } = display(200);
  it.show(OPENING);
  it.show({ ...OPENING, measured: step(20_000) });
  it.say("Ending");
  const after = LINE.replace("##--", "####").replace("12,500", "20,000");
  const over = "\r\x1b[2K";
  assertEquals(written.join("").split(over), [
    "",
    LINE,
    `${MEASURED}\n`,
    after,
    `Ending\n${after}`,
  ]);
});

Deno.test("ProgressDisplay writes plain lines now and then where there is no terminal", () => {
  const { display: it, written } = display();
  for (const elapsed of [0, 1, 4.9, 5, 9, 11]) it.show({ ...OPENING, elapsed });
  it.show({ ...OPENING, elapsed: 12, measured: step(20_000) });
  it.say("Ending");
  it.end();
  assertEquals(written, [`${LINE}\n`, `${LINE}\n`, `${LINE}\n`, `${MEASURED}\n`, "Ending\n"]);
});
