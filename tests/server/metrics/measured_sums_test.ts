import { assertEquals } from "@std/assert";
import { Opcode } from "../../../protocol/mod.ts";
import { joinMeasured } from "../../../server/metrics/measured_sums.ts";
import {
  type LoopDelay,
  type Measured,
  Measurements,
} from "../../../server/metrics/measurements.ts";

const IDLE: LoopDelay = { mean: 0, max: 0 };

function measured(
  count: (measurements: Measurements) => void = () => {},
  loopDelay: LoopDelay = IDLE,
): Measured {
  const measurements = new Measurements();
  count(measurements);
  return measurements.read(loopDelay);
}

Deno.test("joinMeasured() gives zeros for no parts, and one part as it is", () => {
  assertEquals(joinMeasured([]), measured());
  const one = measured((it) => {
    it.received([{ opcode: Opcode.Text, payload: new Uint8Array(5), last: true }]);
    it.closed("us", 1000);
    it.roundTrips.observe(3);
  }, { mean: 0.001, max: 0.002 });
  assertEquals(joinMeasured([one]), one);
  assertEquals(joinMeasured([joinMeasured([]), one]), one);
});

Deno.test("joinMeasured() adds up what was counted", () => {
  const counted = (scale: number): Measured =>
    measured((it) => {
      it.received([{ opcode: Opcode.Text, payload: new Uint8Array(10 * scale), last: true }]);
      it.received([{ opcode: Opcode.Ping, payload: new Uint8Array(scale), last: true }]);
      it.sent(Opcode.Binary, 2 * scale, 20 * scale);
      it.textIn = 3 * scale;
      it.textOut = 4 * scale;
      it.slowClosed = 5 * scale;
      it.peersLost = 6 * scale;
      it.unfinishedLate = 7 * scale;
      it.unfinishedFull = 8 * scale;
    });
  assertEquals(joinMeasured([counted(1), counted(10), counted(100)]), {
    ...counted(111),
    framesIn: {
      ...measured().framesIn,
      text: { frames: 3, bytes: 1110 },
      ping: { frames: 3, bytes: 111 },
    },
  });
});

Deno.test("joinMeasured() adds up closes by their codes", () => {
  const first = measured((it) => {
    it.closed("us", 1001);
    it.closed("us", 1001);
    it.closed("peer", 4000);
  });
  const second = measured((it) => {
    it.closed("us", 1001);
    it.closed("us", 1013);
    it.closed("peer", undefined);
  });
  assertEquals(joinMeasured([first, second]).closes, {
    us: { 1001: 3, 1013: 1 },
    peer: { "4xxx": 1, none: 1 },
  });
});

Deno.test("joinMeasured() adds up distributions bucket by bucket", () => {
  const first = measured((it) => {
    it.handshakes.observe(1);
    it.handshakes.observe(30_000);
    it.roundTrips.observe(500);
  });
  const second = measured((it) => it.handshakes.observe(1));
  const both = measured((it) => {
    for (const milliseconds of [1, 30_000, 1]) it.handshakes.observe(milliseconds);
    it.roundTrips.observe(500);
  });
  assertEquals(joinMeasured([first, second]), both);
});

Deno.test("joinMeasured() takes the longest delay, and the mean over those that measured", () => {
  const parts = [
    measured(undefined, { mean: 0.001, max: 0.5 }),
    measured(undefined, IDLE),
    measured(undefined, { mean: 0.003, max: 0.25 }),
  ];
  assertEquals(joinMeasured(parts).loopDelay, { mean: 0.002, max: 0.5 });
});

Deno.test("joinMeasured() changes none of its parts", () => {
  const part = measured((it) => it.closed("us", 1000));
  const before = structuredClone(part);
  joinMeasured([part, part]);
  assertEquals(part, before);
});
