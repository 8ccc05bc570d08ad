import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { LoadSpec, Transport } from "../../../bench/throughput/load/spec.ts";
import { checkMessages } from "../../../bench/throughput/load/rate.ts";
import { messageText } from "../../../bench/throughput/load/push.ts";
import { clientFrame, payloadOf } from "../../../bench/throughput/load/wire.ts";
import { measure } from "../../../bench/throughput/measure.ts";
import { type Contestant, transportServer } from "../../../bench/throughput/contestants.ts";
import { Subprocesses } from "../../../bench/throughput/subprocess.ts";
import { dyingServer, fakeServer } from "./fake_server.ts";
import { rawFrame } from "../../helpers/raw_frame.ts";

/** Only the processor time of a process needs /proc. */
const linuxOnly = { ignore: Deno.build.os !== "linux" };

const echo: LoadSpec = {
  kind: "echo",
  connections: 2,
  bytes: 200,
  text: false,
  pipeline: 1,
  seconds: 0.1,
};

async function run(contestant: Contestant, load: LoadSpec) {
  await using processes = new Subprocesses();
  return await measure(contestant, { app: "echo" }, load, undefined, processes);
}

for (const text of [true, false]) {
  for (const bytes of [10, 300, 70_000]) {
    Deno.test(`clientFrame() is what a client must send, with ${bytes} B, text: ${text}`, () => {
      const payload = payloadOf(bytes, 3);
      const first = text ? 0x81 : 0x82;
      assertEquals(clientFrame(payload, text), rawFrame(first, payload, 0x12345678));
    });
  }
}

Deno.test("checkMessages() finds every difference", () => {
  const expected = [payloadOf(5, 1)];
  checkMessages(expected, expected, false);
  checkMessages(["bcdef"], expected, true);
  for (const received of [[payloadOf(5, 2)], [payloadOf(4, 1)], [], [...expected, ...expected]]) {
    assertThrows(() => checkMessages(received, expected, false));
  }
  assertThrows(() => checkMessages(["bcdef"], expected, false));
  assertThrows(() => checkMessages(expected, expected, true));
});

Deno.test("messageText() has one length and is never the same", () => {
  const [first, second] = [messageText(1, 64), messageText(2, 64)];
  assertEquals([first.length, second.length], [64, 64]);
  assert(first !== second);
});

for (const transport of ["websocket", "polling", "long-polling"] as const satisfies Transport[]) {
  Deno.test({
    ...linuxOnly,
    name: `runPush() counts bytes, requests and delays by ${transport} (needs Linux)`,
    async fn() {
      await using processes = new Subprocesses();
      const load: LoadSpec = {
        kind: "push",
        transport,
        connections: 3,
        bytes: 64,
        messages: 2,
        interval: 20,
        pollInterval: 30,
      };
      const contestant = transportServer(transport);
      const { push, value } = await measure(
        contestant,
        { app: "broadcast" },
        load,
        undefined,
        processes,
      );
      assertEquals(value, push?.bytesPerMessage);
      if (transport === "websocket") {
        // RFC 6455 5.2: a header of two bytes, and nothing is sent to get a message.
        assertEquals([push?.bytesPerMessage, push?.requests], [66, 0]);
        assert(push!.setupBytes > 200);
      } else {
        assertEquals(push?.setupBytes, 0);
        assert(push!.requests >= 3 && push!.bytesPerMessage > 66);
      }
      assert(push!.delayMedian >= 0 && push!.delayP99 >= push!.delayMedian);
    },
  });
}

Deno.test({
  ...linuxOnly,
  name: "measure() says why a server ended (needs Linux)",
  async fn() {
    const error = await assertRejects(() => run(dyingServer, echo), Error);
    assertStringIncludes(error.message, "The server ended with 3: Out of luck");
  },
});

Deno.test({
  ...linuxOnly,
  name: "measure() says so when a server does not speak WebSocket (needs Linux)",
  async fn() {
    const refuses = fakeServer(`
      for await (const conn of listener) {
        await conn.write(new TextEncoder().encode("HTTP/1.1 404 Not Found\\r\\n\\r\\n"));
      }`);
    const error = await assertRejects(() => run(refuses, echo), Error);
    assertStringIncludes(error.message, "404");
  },
});

Deno.test({
  ...linuxOnly,
  name: "measure() finds a server that changes messages (needs Linux)",
  async fn() {
    const changes = fakeServer(`
      listener.close();
      const { port } = listener.addr;
      Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => socket.send(new Uint8Array(data).fill(0));
        return response;
      });`);
    const error = await assertRejects(() => run(changes, echo), Error);
    assertStringIncludes(error.message, "A message came back changed");
  },
});
