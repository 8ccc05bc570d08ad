import { assert, assertEquals } from "@std/assert";
import { type ClientConnection, connect, type Limits, type Server } from "../../../mod.ts";
import { Opcode } from "../../../protocol/mod.ts";
import { relay } from "../../../server/apps/relay.ts";
import { BROKE_OFF } from "../../../server/apps/relay_message.ts";
import { until } from "../../helpers/events.ts";
import { LogBook } from "../../helpers/log_book.ts";
import { concat } from "../../helpers/notation.ts";
import { type Frame, RawClient } from "../../helpers/raw_client.ts";
import { KEY, rawFrame } from "../../helpers/raw_frame.ts";

const ANY_SIZE = { messageBytes: 2 ** 40, messageFragments: 2 ** 40 };
const PIECE = 65_536;

/** A relay and clients of it that speak in frames, all of them there. */
async function relayed(targets: readonly string[], limits: Partial<Limits> = {}) {
  const log = new LogBook();
  const server = relay({ port: 0, limits, log: log.log });
  const clients: RawClient[] = [];
  for (const target of targets) clients.push(await RawClient.open(server.addr, target));
  await arrived(server, targets.length);
  return {
    server,
    log,
    clients: clients as [RawClient, RawClient, RawClient],
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}

async function arrived(server: Server, count: number): Promise<void> {
  await until("all are there", () => server.registry.list().length === count);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The frames of the next message, as opcode and text. */
async function messageOf(client: RawClient): Promise<[Opcode, string]> {
  const frames: Frame[] = [];
  while (!frames.at(-1)?.fin) frames.push((await client.frame())!);
  return [frames[0]!.opcode, textOf(concat(frames.map(({ payload }) => payload)))];
}

/** Sends one frame, of a message that goes on unless told otherwise. */
async function sendPart(client: RawClient, opcode: Opcode, text: string, fin = 0): Promise<void> {
  await client.send(rawFrame(fin | opcode, new TextEncoder().encode(text), KEY));
}

/** A stream of so many pieces. */
function piecesOf(count: number, fill = 7): ReadableStream<Uint8Array> {
  let left = count;
  return new ReadableStream({
    pull: (controller) =>
      left-- > 0 ? controller.enqueue(new Uint8Array(PIECE).fill(fill)) : controller.close(),
  }, { highWaterMark: 0 });
}

Deno.test("relay() gives the nickname that is asked for, whatever the path looks like", async () => {
  const targets = ["//[?name=ann", "//evil.example?name=bob", "http://a.example/[?name=cleo", "/"];
  await using it = await relayed(targets);
  const senders: RawClient[] = [...it.clients];
  const receiver = senders.pop()!;
  for (const [at, name] of ["ann", "bob", "cleo"].entries()) {
    await senders[at]!.sendMessage(Uint8Array.of(0x21));
    assertEquals(await messageOf(receiver), [
      Opcode.Binary,
      `${String.fromCharCode(name.length)}${name}!`,
    ]);
  }
  assertEquals(it.log.entries("handler_fault"), []);
});

Deno.test("relay() passes a message on while it arrives, behind the sender's nickname", async () => {
  await using it = await relayed(["/?name=J%C3%B6rg", "/", "/"]);
  const [sender, ...others] = it.clients;
  await sendPart(sender, Opcode.Binary, "half");
  for (const client of others) {
    const first = (await client.frame())!;
    assertEquals([first.opcode, first.fin], [Opcode.Binary, false]);
    assertEquals([first.payload[0], textOf(first.payload.subarray(1))], [5, "Jörg"]);
    const second = (await client.frame())!;
    assertEquals(
      [second.opcode, second.fin, textOf(second.payload)],
      [Opcode.Continuation, false, "half"],
    );
  }
  await sendPart(sender, Opcode.Continuation, "rest", 0x80);
  for (const client of others) assertEquals(await messageOf(client), [Opcode.Continuation, "rest"]);
  await sendPart(others[0]!, Opcode.Text, "héllo", 0x80);
  for (const client of [sender, others[1]!]) {
    assertEquals(await messageOf(client), [Opcode.Text, "héllo"], "text goes on as it is");
  }
});

Deno.test("relay() gives nicknames that nobody else has, and refuses deceptive ones", async () => {
  await using it = await relayed(["/", "/?name=eve", "/?name=%20Eve%20"]);
  const [listener, ...others] = it.clients;
  for (const [at, name] of ["eve", "Eve-2"].entries()) {
    await others[at]!.sendMessage(Uint8Array.of(0x21));
    const [, text] = await messageOf(listener);
    assertEquals(text, `${String.fromCharCode(name.length)}${name}!`);
    await messageOf(others[1 - at]!);
  }
  await listener.sendMessage(Uint8Array.of(0x21));
  assertEquals((await messageOf(others[0]!))[1], "\x07guest-1!");
  for (const name of ["", "%20", "a%E2%80%AEb", "x".repeat(256)]) {
    using client = await RawClient.connect(it.server.addr);
    await client.sendUpgrade(`/?name=${name}`);
    const { status, body } = await client.response();
    assertEquals(status, 400);
    assert(body.startsWith("Nickname "), body);
  }
  others[0]!.close();
  await arrived(it.server, 2);
  using again = await RawClient.open(it.server.addr, "/?name=eve");
  await again.sendMessage(Uint8Array.of(0x21));
  assertEquals((await messageOf(listener))[1], "\x03eve!", "it is free again");
});

Deno.test("relay() closes whoever wants a nickname that too many have", async () => {
  await using it = await relayed(Array.from({ length: 99 }, () => "/?name=x"));
  using client = await RawClient.open(it.server.addr, "/?name=x");
  const reason = "Nickname is taken by too many";
  assertEquals(await client.closeFrame(), { code: 1008, reason });
});

Deno.test("relay() gives who comes in the middle of a message the next one", async () => {
  await using it = await relayed(["/", "/"]);
  const [sender, other] = it.clients;
  await sendPart(sender, Opcode.Text, "one ");
  assertEquals(textOf((await other.frame())!.payload), "one ");
  using late = await RawClient.open(it.server.addr);
  await arrived(it.server, 3);
  await sendPart(sender, Opcode.Continuation, "message", 0x80);
  await sendPart(sender, Opcode.Text, "another", 0x80);
  assertEquals(await messageOf(other), [Opcode.Continuation, "message"]);
  assertEquals(await messageOf(other), [Opcode.Text, "another"]);
  assertEquals(await messageOf(late), [Opcode.Text, "another"]);
});

Deno.test("relay() throws away what is sent with nobody else there", async () => {
  await using it = await relayed(["/"]);
  const [sender] = it.clients;
  await sender.sendMessage(new Uint8Array(2_000_000));
  using other = await RawClient.open(it.server.addr);
  await arrived(it.server, 2);
  await sender.sendMessage("are you there?");
  assertEquals(await messageOf(other), [Opcode.Text, "are you there?"]);
});

Deno.test("relay() has other senders wait while their receivers get a message", async () => {
  await using it = await relayed(["/", "/", "/"]);
  const [a, b, c] = it.clients;
  await sendPart(a, Opcode.Text, "a");
  assertEquals(textOf((await c.frame())!.payload), "a");
  await sendPart(b, Opcode.Text, "b", 0x80);
  await sendPart(a, Opcode.Continuation, "a", 0x80);
  assertEquals(await messageOf(c), [Opcode.Continuation, "a"]);
  assertEquals(await messageOf(c), [Opcode.Text, "b"]);
  assertEquals(await messageOf(a), [Opcode.Text, "b"]);
  assertEquals(await messageOf(b), [Opcode.Text, "aa"]);
});

Deno.test("relay() passes a whole message on although its sender has left while it waited", async () => {
  await using it = await relayed(["/", "/", "/"]);
  const [a, b, c] = it.clients;
  await sendPart(a, Opcode.Text, "a");
  assertEquals(textOf((await c.frame())!.payload), "a");
  await b.sendMessage("bye");
  await b.sendClose(1000);
  assertEquals((await b.closeFrame()).code, 1000);
  await sendPart(a, Opcode.Continuation, "", 0x80);
  assertEquals(await messageOf(c), [Opcode.Continuation, ""]);
  assertEquals(await messageOf(c), [Opcode.Text, "bye"]);
  assertEquals(await messageOf(a), [Opcode.Text, "bye"]);
});

/** The rest of a message whose sender has left, and that the next one follows. */
async function assertBroken(client: RawClient, rest = ""): Promise<void> {
  assertEquals(await messageOf(client), [Opcode.Continuation, rest + BROKE_OFF]);
}

Deno.test("relay() ends a message with a mark when its sender leaves, and closes nobody else", async () => {
  await using it = await relayed(["/", "/", "/"]);
  const [sender, ...others] = it.clients;
  await sendPart(sender, Opcode.Text, "half");
  for (const client of others) assertEquals(textOf((await client.frame())!.payload), "half");
  sender.close();
  for (const client of others) await assertBroken(client);
  await sendPart(others[0]!, Opcode.Text, "next", 0x80);
  assertEquals(await messageOf(others[1]!), [Opcode.Text, "next"]);
});

Deno.test("relay() closes nobody, however often a sender leaves in the middle of a message", async () => {
  await using it = await relayed(["/", "/"]);
  for (let time = 0; time < 20; time++) {
    const sender = await RawClient.open(it.server.addr, "/?name=eve");
    await sendPart(sender, Opcode.Binary, "half");
    await it.clients[0].frame();
    sender.close();
    for (const client of it.clients) {
      assertEquals((await messageOf(client))[1].endsWith(`half${BROKE_OFF}`), true);
    }
  }
  assertEquals(it.server.registry.list().map(({ state }) => state), ["open", "open"]);
});

Deno.test("relay() ends half a text with a mark when it is no UTF-8 from there on", async () => {
  await using it = await relayed(["/", "/"]);
  const [sender, other] = it.clients;
  await sendPart(sender, Opcode.Text, "half");
  assertEquals(textOf((await other.frame())!.payload), "half");
  await sender.send(rawFrame(Opcode.Continuation, Uint8Array.of(0xff), KEY));
  assertEquals((await sender.closeFrame()).code, 1007);
  await assertBroken(other);
});

Deno.test("relay() closes a sender that is silent in the middle of a message, with 1008", async () => {
  await using it = await relayed(["/", "/"]);
  const [sender, other] = it.clients;
  await it.server.operations.reconfigure({ limits: { streamTimeout: 300 } }); // it goes by what holds now
  await sendPart(sender, Opcode.Binary, "half");
  assertEquals((await messageOf(other))[1].endsWith(`half${BROKE_OFF}`), true);
  const reason = "Silent in the middle of a message";
  assertEquals(await sender.closeFrame(), { code: 1008, reason });
  assertEquals((await it.log.next("relay_closed")).reason, "sender_silent");
});

/** Reads a message of pieces to its end. */
async function lengthOf(client: RawClient): Promise<number> {
  let bytes = 0;
  for (let fin = false; !fin;) {
    const frame = (await client.frame())!;
    assertEquals(frame.opcode <= 2, true, "a data frame");
    bytes += frame.payload.length;
    fin = frame.fin;
  }
  return bytes;
}

Deno.test("relay() closes a receiver that lags with 1013, and the others get the whole message", async () => {
  await using it = await relayed(["/", "/"], { sendQueueBytes: 4 * PIECE });
  const [slow, fast] = it.clients;
  await using sender = await connect(it.server.url);
  const sending = sender.send(piecesOf(500), { type: "text" });
  assertEquals(await lengthOf(fast), 500 * PIECE);
  assertEquals(await sending, "sent");
  assertEquals(await slow.closeFrame(), { code: 1013, reason: "Held the others up" });
});

Deno.test("relay() has the sender wait for the only receiver, and for the slowest with whenFull wait", async () => {
  for (const whenFull of ["close", "wait"] as const) {
    const targets = whenFull === "wait" ? ["/", "/"] : ["/"];
    await using it = await relayed(targets, { sendQueueBytes: 4 * PIECE, whenFull });
    const [slow, fast] = it.clients;
    await using sender = await connect(it.server.url);
    let sent = false;
    const sending = sender.send(piecesOf(500), { type: "text" }).then(() => sent = true);
    const reading = fast === undefined ? undefined : lengthOf(fast);
    const held = () => Math.max(...it.server.registry.list().map((record) => record.queuedBytes));
    let before = -1;
    await until("the receiver is behind, and the sender waits", () => {
      const waits = held() > 0 && before === sender.bufferedAmount && before > 0;
      before = sender.bufferedAmount;
      return waits;
    });
    assert(held() < 5 * PIECE, `${held()} bytes wait for the receiver`);
    assertEquals(sent, false);
    assertEquals(await lengthOf(slow), 500 * PIECE);
    assertEquals(await reading ?? 500 * PIECE, 500 * PIECE);
    await sending;
  }
});

Deno.test("relay() carries all messages to their ends when everybody sends at once", async () => {
  const [people, messages, pieces] = [8, 3, 3];
  await using server = relay({ port: 0 });
  const clients: ClientConnection[] = [];
  for (let at = 0; at < people; at++) {
    clients.push(await connect(`${server.url}?name=n${at}`, { limits: ANY_SIZE }));
  }
  await arrived(server, people);
  const received = clients.map(async (client) => {
    const seen = new Map<string, number>();
    for await (const data of client.messages()) {
      const message = data as Uint8Array;
      const name = textOf(message.subarray(1, 1 + message[0]!));
      const body = message.subarray(1 + message[0]!);
      assertEquals(body.length, pieces * PIECE);
      assert(body.every((byte) => byte === Number(name.slice(1))), "nothing is mixed");
      seen.set(name, (seen.get(name) ?? 0) + 1);
      if ([...seen.values()].reduce((sum, it) => sum + it) === (people - 1) * messages) break;
    }
    return seen;
  });
  await Promise.all(clients.map(async (client, at) => {
    for (let message = 0; message < messages; message++) {
      assertEquals(await client.send(piecesOf(pieces, at), { type: "binary" }), "sent");
    }
  }));
  for (const [at, seen] of (await Promise.all(received)).entries()) {
    assertEquals(seen.has(`n${at}`), false, "nothing comes back");
    assertEquals([...seen.values()], Array.from({ length: people - 1 }, () => messages));
  }
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

Deno.test("relay() carries large messages both ways between two at once", async () => {
  await using server = relay({ port: 0 });
  await using a = await connect(server.url, { limits: ANY_SIZE });
  await using b = await connect(server.url, { limits: ANY_SIZE });
  await arrived(server, 2);
  const lengths = [a, b].map(async (client) => {
    let bytes = 0;
    for await (const { readable } of client.messages({ stream: true })) {
      for await (const piece of readable) bytes += piece.length;
      return bytes;
    }
  });
  await Promise.all([a, b].map((client) => client.send(piecesOf(300), { type: "text" })));
  assertEquals(await Promise.all(lengths), [300 * PIECE, 300 * PIECE]);
});
