import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import { computeAccept, encodeFrame, Opcode } from "../../../protocol/mod.ts";
import {
  ClientSocket,
  type ClientSocketEvents,
  type Route,
} from "../../../server/scale/client_socket.ts";
import { Events } from "../../helpers/events.ts";

const DECODER = new TextDecoder();

/** A server that says only what the test tells it to. */
class RawServer implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #conn: Deno.TcpConn | undefined;

  get route(): Route {
    return { host: "127.0.0.1", port: this.#listener.addr.port };
  }

  /** Accepts and returns the request's head. */
  async request(): Promise<string> {
    this.#conn = await this.#listener.accept();
    let head = "";
    while (!head.endsWith("\r\n\r\n")) head += DECODER.decode(await this.read(1024));
    return head;
  }

  /** Answers the handshake, with what should follow in the same write. */
  async accept(request: string, ...frames: Uint8Array[]): Promise<void> {
    const key = /^Sec-WebSocket-Key: (\S+)\r$/m.exec(request)![1]!;
    await this.write(switching(computeAccept(key, sha1)), ...frames);
  }

  async write(...parts: (Uint8Array | string)[]): Promise<void> {
    const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    await this.#conn!.write(bytes);
  }

  async read(most: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(most);
    return buffer.subarray(0, await this.#conn!.read(buffer) ?? 0);
  }

  async closeWrite(): Promise<void> {
    await this.#conn!.closeWrite();
  }

  /** Reads one frame with at most 125 bytes of payload, and unmasks it. */
  async frame(): Promise<{ opcode: number; payload: number[] }> {
    const frame = await this.read(256);
    assertEquals(frame[1]! & 0x80, 0x80, "a client masks");
    const key = frame.subarray(2, 6);
    const payload = [...frame.subarray(6)].map((byte, index) => byte ^ key[index % 4]!);
    return { opcode: frame[0]! & 0x0f, payload };
  }

  [Symbol.dispose](): void {
    this.#conn?.close();
    this.#listener.close();
  }
}

function switching(accept: string): string {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("base64");
}

/** An owner that writes down what it hears. */
function recordingOwner() {
  const heard = new Events<string>();
  const owner: ClientSocketEvents = {
    authority: "127.0.0.1:8080",
    path: "/chat",
    opened: () => heard.push("opened"),
    received: (payload) => heard.push(`received ${DECODER.decode(payload)}`),
    ended: (_socket, fault) => heard.push(`ended: ${fault}`),
  };
  return { owner, heard };
}

Deno.test("ClientSocket asks for an upgrade, checks the answer and hands messages over", async () => {
  using server = new RawServer();
  const { owner, heard } = recordingOwner();
  const socket = new ClientSocket(owner, server.route, 17);
  assertEquals(socket.openingSince, 17);
  const request = await server.request();
  assertEquals(request.split("\r\n").slice(0, 2), ["GET /chat HTTP/1.1", "Host: 127.0.0.1:8080"]);
  await server.accept(request, encodeFrame(Opcode.Text, "in the same write"));
  assertEquals(await heard.next(), "opened");
  assertEquals(await heard.next(), "received in the same write");
  assertEquals(socket.openingSince, undefined);
  socket.send(Uint8Array.of(1, 2, 3));
  assertEquals(await server.frame(), { opcode: Opcode.Binary, payload: [1, 2, 3] });
  socket.destroy();
  assertEquals(await heard.next(), "ended: closed");
});

Deno.test("ClientSocket answers a ping that comes byte by byte, and skips long messages", async () => {
  using server = new RawServer();
  const { owner, heard } = recordingOwner();
  const socket = new ClientSocket(owner, server.route, 0);
  await server.accept(await server.request(), encodeFrame(Opcode.Binary, new Uint8Array(100_000)));
  for (const byte of encodeFrame(Opcode.Ping, "are you there")) {
    await server.write(Uint8Array.of(byte));
  }
  const { opcode, payload } = await server.frame();
  assertEquals(opcode, Opcode.Pong);
  assertEquals(DECODER.decode(Uint8Array.from(payload)), "are you there");
  socket.destroy();
  await heard.find((event) => event === "ended: closed");
});

Deno.test("ClientSocket answers a Close frame and tells its code", async () => {
  using server = new RawServer();
  const { owner, heard } = recordingOwner();
  new ClientSocket(owner, server.route, 0);
  await server.accept(await server.request(), encodeFrame(Opcode.Close, Uint8Array.of(3, 233)));
  assertEquals(await server.frame(), { opcode: Opcode.Close, payload: [3, 233] });
  await server.closeWrite(); // RFC 6455 7.1.1: the server closes the connection first
  assertEquals(await heard.find((event) => event !== "opened"), "ended: closed with 1001");
});

for (
  const [what, answer, fault] of [
    ["an answer to another key", switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "ACCEPT_INVALID"],
    ["a refusal", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n", "HTTP 503"],
    ["something else than HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "MALFORMED_HEAD"],
  ] as const
) {
  Deno.test(`ClientSocket fails with ${fault} after ${what}`, async () => {
    using server = new RawServer();
    const { owner, heard } = recordingOwner();
    new ClientSocket(owner, server.route, 0);
    await server.request();
    await server.write(answer);
    assertEquals(await heard.next(), `ended: ${fault}`);
  });
}

Deno.test("ClientSocket fails when the server masks, which no server may", async () => {
  using server = new RawServer();
  const { owner, heard } = recordingOwner();
  new ClientSocket(owner, server.route, 0);
  await server.accept(await server.request(), encodeFrame(Opcode.Text, "a", { maskKey: 1 }));
  assertEquals(await heard.find((event) => event !== "opened"), "ended: MASK_FORBIDDEN");
});

Deno.test("ClientSocket tells the system's name for what went wrong", async () => {
  const { owner, heard } = recordingOwner();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  new ClientSocket(owner, { host: "127.0.0.1", port }, 0);
  assertEquals(await heard.next(), "ended: ECONNREFUSED");
});

Deno.test("ClientSocket fails with what its owner says", async () => {
  using server = new RawServer();
  const { owner, heard } = recordingOwner();
  const socket = new ClientSocket(owner, server.route, 0);
  await server.request();
  socket.fail("no answer");
  assertEquals(await heard.next(), "ended: no answer");
});
