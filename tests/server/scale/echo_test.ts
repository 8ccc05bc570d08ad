import { assert, assertEquals } from "@std/assert";
import { type EchoPeers, measureEcho } from "../../../server/scale/echo.ts";

/** A clock that each look at it moves on by a tenth of a millisecond. */
function fakeClock(): () => number {
  let now = 0;
  return () => now += 0.1;
}

/** Connections to a server that answers when `answer` says so. */
function fakePeers(connections: number, answer: (message: Uint8Array, reply: () => void) => void) {
  const used = new Set<number>();
  const sockets = Array.from({ length: connections }, (_, index) => ({
    send(payload: Uint8Array) {
      used.add(index);
      const copy = payload.slice();
      answer(copy, () => peers.onmessage?.(copy));
    },
    setNoDelay() {},
  }));
  const peers: EchoPeers = { sockets, onmessage: undefined };
  return { peers, used };
}

Deno.test("measureEcho() sends through as many connections as asked, in turn", async () => {
  const { peers, used } = fakePeers(5, (_, reply) => reply());
  const options = { connections: 3, perSecond: 1_000, seconds: 0.03 };
  const sample = await measureEcho(peers, options, fakeClock());
  assertEquals([sample.connections, sample.sent, sample.delays.length], [3, 30, 30]);
  assertEquals([...used], [0, 1, 2]);
  assertEquals(peers.onmessage, undefined);
});

Deno.test("measureEcho() counts a delay from when the message was due, so a stall shows whole", async () => {
  const waiting: (() => void)[] = [];
  const { peers } = fakePeers(1, (_, reply) => {
    // A server that stands still until the tenth message is there.
    waiting.push(reply);
    if (waiting.length === 10) { for (const late of waiting) late(); }
  });
  const options = { connections: 1, perSecond: 100, seconds: 0.1 };
  const { delays } = await measureEcho(peers, options, fakeClock());
  assertEquals(delays.length, 10);
  // Due 10 ms apart and answered together: the first one waited for all the others.
  for (const [index, delay] of delays.slice(1).entries()) assert(delays[index]! > delay);
  assert(delays[0]! >= 90, `${delays[0]}`);
});

Deno.test("measureEcho() gives up answers that never come, and counts one that comes twice once", async () => {
  let odd = false;
  const { peers } = fakePeers(1, (_, reply) => {
    odd = !odd;
    if (!odd) return;
    reply();
    reply();
  });
  const options = { connections: 1, perSecond: 1_000, seconds: 0.01 };
  const { sent, delays } = await measureEcho(peers, options, fakeClock());
  assertEquals([sent, delays.length], [10, 5]);
});

Deno.test("measureEcho() ignores what the server says of its own accord", async () => {
  const { peers } = fakePeers(1, (_, reply) => {
    peers.onmessage?.(new TextEncoder().encode("12345678"));
    peers.onmessage?.(new Uint8Array(0));
    reply();
  });
  const options = { connections: 1, perSecond: 1_000, seconds: 0.005 };
  assertEquals((await measureEcho(peers, options, fakeClock())).delays.length, 5);
});

Deno.test("measureEcho() measures nothing without connections", async () => {
  const { peers } = fakePeers(0, () => {});
  const options = { connections: 1, perSecond: 1, seconds: 1 };
  assertEquals(await measureEcho(peers, options), { connections: 0, sent: 0, delays: [] });
});
