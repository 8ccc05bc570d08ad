import { assertEquals } from "@std/assert";
import { KeepAlive, type Liveness } from "../../../server/connection/keep_alive.ts";

const PATIENCE = { missedPings: 2 };

/** A peer that said its last word at a time, with nothing waiting for it. */
function heard(lastReceived: number, more: Partial<Liveness> = {}): Liveness {
  return { lastReceived, paused: false, queuedBytes: 0, bytesOut: 0, ...more };
}

Deno.test("KeepAlive gives a silent peer up after the missed pings", () => {
  const keepAlive = new KeepAlive();
  const verdicts = [30, 60, 90].map((now) => keepAlive.judge(now, heard(0), PATIENCE));
  assertEquals(verdicts, ["ping", "ping", "lost"]);
});

Deno.test("KeepAlive has exactly as much patience as it is told", () => {
  const keepAlive = new KeepAlive();
  const limits = { missedPings: 1 };
  assertEquals([30, 60].map((now) => keepAlive.judge(now, heard(0), limits)), ["ping", "lost"]);
});

Deno.test("KeepAlive pings on while anything comes from the peer", () => {
  const keepAlive = new KeepAlive();
  // Heard at the very moment of the ping counts too.
  for (const [now, last] of [[30, 0], [60, 30], [90, 61], [120, 119], [150, 120]] as const) {
    assertEquals(keepAlive.judge(now, heard(last), PATIENCE), "ping");
  }
});

Deno.test("KeepAlive begins to count anew when the peer was heard", () => {
  const keepAlive = new KeepAlive();
  const lastReceived = [0, 0, 61, 61, 61];
  const verdicts = lastReceived.map((last, i) =>
    keepAlive.judge(30 * (i + 1), heard(last), PATIENCE)
  );
  assertEquals(verdicts, ["ping", "ping", "ping", "ping", "lost"]);
});

Deno.test("KeepAlive does not blame the peer while our own side does not read", () => {
  const keepAlive = new KeepAlive();
  for (let now = 30; now < 300; now += 30) {
    assertEquals(keepAlive.judge(now, heard(0, { paused: true }), PATIENCE), "ping");
  }
});

Deno.test("KeepAlive gives a peer up that takes none of its bytes, however much it says", () => {
  const keepAlive = new KeepAlive();
  const verdicts = [30, 60, 90, 120].map((now) =>
    keepAlive.judge(now, heard(now, { queuedBytes: 5, bytesOut: 100 }), PATIENCE)
  );
  assertEquals(verdicts, ["ping", "wait", "lost", "lost"]);
});

Deno.test("KeepAlive lets a peer be that takes its bytes slowly", () => {
  const keepAlive = new KeepAlive();
  const taken = [1, 2, 2, 3, 3, 4];
  const verdicts = taken.map((bytesOut, i) =>
    keepAlive.judge(30 * (i + 1), heard(30 * (i + 1), { queuedBytes: 5, bytesOut }), PATIENCE)
  );
  assertEquals(verdicts, ["ping", "ping", "wait", "ping", "wait", "ping"]);
});

Deno.test("KeepAlive does not count a ping that was not sent as unanswered", () => {
  const keepAlive = new KeepAlive();
  const answered = heard(31, { queuedBytes: 5, bytesOut: 0 });
  assertEquals(keepAlive.judge(30, heard(0), PATIENCE), "ping");
  assertEquals(keepAlive.judge(60, answered, PATIENCE), "wait");
  // Since then the peer was asked nothing, so it had nothing to answer.
  const silent = { ...answered, queuedBytes: 0, bytesOut: 5 };
  assertEquals(keepAlive.judge(90, silent, PATIENCE), "ping");
  assertEquals(keepAlive.judge(120, silent, PATIENCE), "ping");
  assertEquals(keepAlive.judge(150, silent, PATIENCE), "lost");
});

Deno.test("KeepAlive lets a peer live that says nothing and takes what waits", () => {
  const keepAlive = new KeepAlive();
  for (let look = 1; look < 9; look++) {
    const liveness = heard(0, { queuedBytes: 5, bytesOut: look });
    assertEquals(keepAlive.judge(30 * look, liveness, PATIENCE), "ping");
  }
});

Deno.test("KeepAlive takes no Pong for an answer that was not asked for", () => {
  const keepAlive = new KeepAlive();
  keepAlive.receivedPong(new Uint8Array(8), 50);
  assertEquals(keepAlive.roundTrip, undefined);
  keepAlive.judge(100, heard(60), PATIENCE);
  keepAlive.receivedPong(keepAlive.payload, 110);
  keepAlive.receivedPong(keepAlive.payload, 150);
  assertEquals(keepAlive.roundTrip, 10);
});

Deno.test("KeepAlive measures the round trip of its own last ping only", () => {
  const keepAlive = new KeepAlive();
  assertEquals(keepAlive.roundTrip, undefined);
  keepAlive.judge(1_000, heard(0), PATIENCE);
  const first = keepAlive.payload;
  keepAlive.judge(2_000.5, heard(1_500), PATIENCE);
  const second = keepAlive.payload;
  const foreign = [new Uint8Array(0), second.subarray(1), Uint8Array.of(...second, 0), first];
  for (const payload of foreign) keepAlive.receivedPong(payload, 2_010);
  assertEquals(keepAlive.roundTrip, undefined);
  keepAlive.receivedPong(second, 2_012.5);
  assertEquals(keepAlive.roundTrip, 12);
});

Deno.test("KeepAlive.payload stays that of the last ping while the peer is waited for", () => {
  const keepAlive = new KeepAlive();
  keepAlive.judge(30, heard(0), PATIENCE);
  const { payload } = keepAlive;
  assertEquals(keepAlive.judge(60, heard(0, { queuedBytes: 5 }), PATIENCE), "wait");
  assertEquals(keepAlive.payload, payload);
  keepAlive.receivedPong(payload, 70);
  assertEquals(keepAlive.roundTrip, 40);
});

Deno.test("KeepAlive.ask() has a round trip measured beside the pings of its own", () => {
  const keepAlive = new KeepAlive();
  keepAlive.judge(1_000, heard(0), PATIENCE);
  const own = keepAlive.payload;
  const asked = keepAlive.ask(1_005);
  assertEquals(keepAlive.payload, own);
  assertEquals(keepAlive.receivedPong(asked, 1_012), 7);
  assertEquals(keepAlive.receivedPong(asked, 1_013), undefined);
  assertEquals(keepAlive.receivedPong(own, 1_020), 20);
  assertEquals(keepAlive.roundTrip, 20);
});

Deno.test("KeepAlive.ask() has no say in whether a peer is there", () => {
  const keepAlive = new KeepAlive();
  const verdicts = [30, 60, 90].map((now) => {
    keepAlive.ask(now - 1);
    return keepAlive.judge(now, heard(now - 10), PATIENCE);
  });
  assertEquals(verdicts, ["ping", "ping", "ping"]);
});
