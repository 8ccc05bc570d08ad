import { assertEquals, assertThrows } from "@std/assert";
import { Endpoint, type Message, Opcode } from "../../protocol/mod.ts";
import { toHex } from "../helpers/notation.ts";
import { KEY, rawFrame } from "../helpers/raw_frame.ts";

const MASK_KEY = 0x37fa213d;

/** Hands over all that each end has to write until neither has anything. */
function exchange(
  a: Endpoint,
  b: Endpoint,
  take: (by: Endpoint, message: Message) => void = () => {},
): void {
  while (a.pendingBytes + b.pendingBytes > 0) {
    b.receive(a.take(), (message) => take(b, message));
    a.receive(b.take(), (message) => take(a, message));
  }
}

Deno.test("Endpoint sends and receives messages, masked by the client alone (RFC 6455 5.7)", () => {
  const client = new Endpoint({ role: "client", maskKey: () => MASK_KEY });
  const server = new Endpoint({ role: "server" });
  client.send("Hello");
  assertEquals(client.pendingBytes, 11);
  const bytes = client.take();
  assertEquals(toHex(bytes), "81 85 37 fa 21 3d 7f 9f 4d 51 58");
  server.receive(bytes, (message) => server.send(message));
  assertEquals(toHex(server.take()), "81 05 48 65 6c 6c 6f");
  assertEquals([server.take().length, server.pendingBytes], [0, 0]);
});

Deno.test("Endpoint.take() gives all that was sent, in order", () => {
  const server = new Endpoint({ role: "server" });
  server.send("a");
  server.send(Uint8Array.of(1));
  server.ping(Uint8Array.of(2));
  assertEquals(toHex(server.take()), "81 01 61 82 01 01 89 01 02");
});

Deno.test("Endpoint.take() gives a large frame by itself, so that it is not copied again", () => {
  const server = new Endpoint({ role: "server" });
  for (const size of [10, 20, 70_000, 30]) server.send(new Uint8Array(size));
  const lengths: number[] = [];
  while (server.pendingBytes > 0) lengths.push(server.take().length);
  assertEquals(lengths, [34, 70_010, 32]);
});

Deno.test("Endpoint answers pings, and hands pongs on", () => {
  const pongs: string[] = [];
  const client = new Endpoint({
    role: "client",
    maskKey: () => MASK_KEY,
    receivedPong: (payload) => pongs.push(toHex(payload)),
  });
  const server = new Endpoint({ role: "server" });
  client.ping(Uint8Array.of(1, 2));
  exchange(client, server);
  assertEquals(pongs, ["01 02"]);
  assertThrows(() => server.ping(new Uint8Array(126)), RangeError, "<= 125 bytes");
});

Deno.test("Endpoint.mustClose holds when the closing handshake is over, whichever side began it", () => {
  for (const begins of ["client", "server"] as const) {
    const ends = {
      client: new Endpoint({ role: "client", maskKey: () => MASK_KEY }),
      server: new Endpoint({ role: "server" }),
    };
    ends[begins].session.close(4000, "bye");
    assertEquals(ends[begins].send("late"), false);
    ends[begins].ping();
    assertEquals(ends[begins].mustClose, false);
    exchange(ends.client, ends.server);
    for (const { mustClose, session, error } of Object.values(ends)) {
      assertEquals([mustClose, error], [true, undefined]);
      assertEquals(session.closeStatus, { code: 4000, reason: "bye" });
    }
  }
});

Deno.test("Endpoint fails the connection when the peer breaks a rule, and takes nothing after it", () => {
  const server = new Endpoint({ role: "server", limits: { messageBytes: 3, messageFragments: 2 } });
  const got: Message[] = [];
  const take = (message: Message) => void got.push(message);
  const [good, bad] = [
    rawFrame(0x81, Uint8Array.of(0x61), KEY),
    rawFrame(0x81, new Uint8Array(4), KEY),
  ];
  server.receive(Uint8Array.of(...good, ...bad, ...good), take);
  assertEquals([got, server.error?.code, server.mustClose], [["a"], "MESSAGE_TOO_BIG", true]);
  const close = server.take();
  assertEquals([close[0], close[2]! << 8 | close[3]!], [0x80 | Opcode.Close, 1009]);
  server.receive(good, take);
  assertEquals([got.length, server.pendingBytes], [1, 0]);
});

Deno.test("Endpoint.receive() lets through what the taker of a message throws", () => {
  const server = new Endpoint({ role: "server" });
  const frame = rawFrame(0x81, Uint8Array.of(0x61), KEY);
  const fail = () => {
    throw new Error("of the application");
  };
  assertThrows(() => server.receive(frame, fail), Error, "of the application");
  assertEquals([server.error, server.pendingBytes], [undefined, 0]);
});
