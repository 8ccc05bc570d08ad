import { assertEquals } from "@std/assert";
import { encodeFrame, FRAME_NAMES, Opcode, payloadBytes } from "../../../protocol/mod.ts";
import { Histogram, Measurements } from "../../../server/metrics/measurements.ts";

const IDLE = { mean: 0, max: 0 };

/** How many values of so many milliseconds fell into which bucket, by its upper bound. */
function bucketsOf(...values: number[]): Record<string, number> {
  const histogram = new Histogram();
  for (const value of values) histogram.observe(value);
  const { bounds, counts } = histogram.read();
  const named = counts.map((count, at): [string, number] => [String(bounds[at]), count]);
  return Object.fromEntries(named.filter(([, count]) => count > 0));
}

Deno.test("Histogram counts a value in the least bucket that holds it, the bound included", () => {
  assertEquals(bucketsOf(0, 0.5), { "0.0005": 2 });
  assertEquals(bucketsOf(0.501, 1), { "0.001": 2 });
  assertEquals(bucketsOf(10_000), { "10": 1 });
  assertEquals(bucketsOf(10_000.1, 1e9), { "undefined": 2 }); // the last one has no bound
});

Deno.test("Histogram has bounds that rise, and one bucket more", () => {
  const { bounds, counts } = new Histogram().read();
  assertEquals(bounds.toSorted((a, b) => a - b), bounds);
  assertEquals(new Set(bounds).size, bounds.length);
  assertEquals(counts, Array(bounds.length + 1).fill(0));
});

Deno.test("Histogram sums seconds up", () => {
  const histogram = new Histogram();
  for (const milliseconds of [250, 500, 20_000]) histogram.observe(milliseconds);
  assertEquals(histogram.read().sum, 20.75);
});

Deno.test("Histogram read() gives what later values do not change", () => {
  const histogram = new Histogram();
  const before = histogram.read();
  histogram.observe(1);
  assertEquals(before, new Histogram().read());
});

Deno.test("Measurements counts a frame from a peer once, with all of its pieces", () => {
  const measurements = new Measurements();
  measurements.received([{ opcode: Opcode.Binary, payload: new Uint8Array(100), last: false }]);
  measurements.received([{ opcode: Opcode.Binary, payload: new Uint8Array(50), last: false }]);
  measurements.received([{ opcode: Opcode.Binary, payload: new Uint8Array(0), last: true }]);
  measurements.received([{ opcode: Opcode.Pong, payload: new Uint8Array(0), last: true }]);
  const { framesIn, framesOut } = measurements.read(IDLE);
  assertEquals(framesIn.binary, { frames: 1, bytes: 150 });
  assertEquals(framesIn.pong, { frames: 1, bytes: 0 });
  assertEquals(FRAME_NAMES.reduce((sum, name) => sum + framesIn[name].frames, 0), 2);
  assertEquals(framesOut, new Measurements().read(IDLE).framesOut);
});

Deno.test("Measurements counts frames for peers apart", () => {
  const measurements = new Measurements();
  measurements.sent(Opcode.Text, 1_000, 5_000);
  measurements.sent(Opcode.Text, 1, 3);
  const { framesIn, framesOut } = measurements.read(IDLE);
  assertEquals(framesOut.text, { frames: 1_001, bytes: 5_003 });
  assertEquals(framesIn, new Measurements().read(IDLE).framesIn);
});

Deno.test("Measurements counts each opcode under its name", () => {
  const opcodes = {
    continuation: Opcode.Continuation,
    text: Opcode.Text,
    binary: Opcode.Binary,
    close: Opcode.Close,
    ping: Opcode.Ping,
    pong: Opcode.Pong,
  };
  assertEquals(Object.keys(opcodes), [...FRAME_NAMES]);
  for (const name of FRAME_NAMES) {
    const measurements = new Measurements();
    measurements.received([{ opcode: opcodes[name], payload: new Uint8Array(1), last: true }]);
    measurements.sent(opcodes[name], 2, 3);
    const { framesIn, framesOut } = measurements.read(IDLE);
    const none = new Measurements().read(IDLE).framesIn;
    assertEquals(framesIn, { ...none, [name]: { frames: 1, bytes: 1 } });
    assertEquals(framesOut, { ...none, [name]: { frames: 2, bytes: 3 } });
  }
});

Deno.test("Measurements counts closes by who ended them, and codes that peers choose together", () => {
  const measurements = new Measurements();
  measurements.closed("us", 1001);
  measurements.closed("us", 1001);
  for (let code = 3000; code <= 4999; code++) measurements.closed("peer", code);
  measurements.closed("peer", 1000);
  measurements.closed("peer", undefined);
  assertEquals(measurements.read(IDLE).closes, {
    us: { 1001: 2 },
    peer: { 1000: 1, "3xxx": 1_000, "4xxx": 1_000, none: 1 },
  });
});

Deno.test("Measurements gives the other counters as they are", () => {
  const measurements = new Measurements();
  Object.assign(measurements, { textIn: 1, textOut: 2, slowClosed: 3, peersLost: 4 });
  Object.assign(measurements, { unfinishedLate: 5, unfinishedFull: 6 });
  measurements.handshakes.observe(7);
  measurements.roundTrips.observe(70);
  const read = measurements.read({ mean: 5, max: 6 });
  const { textIn, textOut, slowClosed, peersLost, loopDelay, handshakes, roundTrips } = read;
  assertEquals([textIn, textOut, slowClosed, peersLost], [1, 2, 3, 4]);
  assertEquals([read.unfinishedLate, read.unfinishedFull], [5, 6]);
  assertEquals(loopDelay, { mean: 5, max: 6 });
  assertEquals([handshakes.sum, roundTrips.sum], [0.007, 0.07]);
});

Deno.test("Measurements read() gives plain data that survives JSON", () => {
  const measurements = new Measurements();
  measurements.closed("us", 1000);
  const read = measurements.read(IDLE);
  assertEquals(JSON.parse(JSON.stringify(read)), read);
});

Deno.test("payloadBytes() gives the payload's length of a whole unmasked frame", () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    const frame = encodeFrame(Opcode.Binary, new Uint8Array(length));
    assertEquals(payloadBytes(frame.length), length, `${length}`);
  }
});
