import { assertEquals } from "@std/assert";
import { weightOf } from "../../../server/apps/relay_copy.ts";
import { BROKE_OFF, RelayMessage } from "../../../server/apps/relay_message.ts";
import { FakeIncoming, FakeMember, settled } from "../../helpers/relay_members.ts";

const PIECE = 1_000;

/** A message on its way to some receivers, with one piece at its beginning. */
function started(names: readonly string[], lagBytes = 4 * PIECE) {
  const receivers = names.map((name) => new FakeMember(name));
  const incoming = new FakeIncoming();
  const freed: string[] = [];
  const message = new RelayMessage(
    {
      type: "text",
      pieces: [new Uint8Array(PIECE)],
      whole: false,
      reader: incoming.message.readable.getReader(),
      lagBytes,
    },
    receivers.map(({ member }) => member),
    ({ key }) => freed.push(key),
  );
  return { message, receivers, incoming, freed, running: message.run() };
}

Deno.test("RelayMessage reads its sender when the fastest receiver has taken all", async () => {
  const { receivers: [fast, slow], incoming, freed, running } = started(["fast", "slow"]);
  await settled();
  assertEquals(incoming.pulled, 0, "nobody has asked");
  await fast!.take();
  const next = fast!.take();
  await settled();
  assertEquals(incoming.pulled, 1);
  incoming.give(PIECE);
  assertEquals((await next)?.length, PIECE);
  await settled();
  assertEquals(incoming.pulled, 1, "nobody has asked for more");
  incoming.controller.close();
  assertEquals(await fast!.take(), undefined);
  await settled();
  assertEquals(freed, ["fast"]);
  assertEquals(await slow!.takeAll(), 2 * PIECE);
  await running;
  assertEquals(freed, ["fast", "slow"]);
});

Deno.test("RelayMessage stops reading its sender where a receiver is too far behind", async () => {
  const { message, receivers: [fast, slow], incoming, running } = started(["fast", "slow"]);
  let taken = 0;
  const taking = (async () => {
    while (await fast!.take()) taken++;
  })();
  for (let piece = 0; piece < 10; piece++) {
    await settled();
    if (incoming.pulled > piece) incoming.give(PIECE);
  }
  const piece = { bytes: new Uint8Array(PIECE), next: undefined, users: 1 };
  const most = Math.ceil(4 * PIECE / weightOf(piece));
  assertEquals(taken, most);
  for (let look = 0; look < 3; look++) message.look(() => false);
  assertEquals([...message.copies].map(({ heldLooks }) => heldLooks), [0, 3]);
  await slow!.take();
  await settled();
  assertEquals(incoming.pulled, most, "it goes on as soon as there is room");
  incoming.controller.close();
  await taking;
  await slow!.takeAll();
  await running;
});

Deno.test("RelayMessage.look() counts whom others wait for once all of it has come", async () => {
  const { message, receivers: [a, b], incoming, running } = started(["a", "b"]);
  message.look(() => true);
  assertEquals([...message.copies].map(({ heldLooks }) => heldLooks), [0, 0], "more may come");
  await a!.take();
  const end = a!.take();
  await settled();
  incoming.controller.close();
  await end;
  await settled();
  message.look((receiver) => receiver === a!.member);
  assertEquals([...message.copies].map(({ heldLooks }) => heldLooks), [0]);
  message.look((receiver) => receiver === b!.member);
  assertEquals([...message.copies].map(({ heldLooks }) => heldLooks), [1]);
  await b!.takeAll();
  await running;
});

Deno.test("RelayMessage goes on without a receiver that has gone, and throws the rest away without any", async () => {
  const { message, receivers: [a, b], incoming, freed, running } = started(["a", "b"], PIECE);
  await a!.take();
  const next = a!.take();
  await settled();
  assertEquals(incoming.pulled, 0, "b is behind");
  message.leave(b!.member);
  await settled();
  assertEquals(incoming.pulled, 1);
  incoming.give(PIECE);
  await next;
  await a!.readers[0]!.cancel();
  await running;
  assertEquals([freed, incoming.cancelled], [["b", "a"], true]);
});

Deno.test("RelayMessage frees what all have taken, and of one who has gone what came later", async () => {
  const { message, receivers: [a, b], incoming, running } = started(["a", "b"]);
  const taken: Uint8Array[] = [];
  const take = async () => {
    const piece = a!.take();
    await settled();
    if (incoming.pulled > taken.length - 1 && taken.length > 0) incoming.give(PIECE);
    taken.push((await piece)!);
  };
  for (let piece = 0; piece < 2; piece++) await take();
  message.leave(b!.member);
  for (let piece = 0; piece < 2; piece++) await take();
  assertEquals(taken.map(({ length }) => length), [PIECE, PIECE, 0, PIECE]);
  message.leave(a!.member);
  await running;
});

/** Takes the next pieces of a message, and gives them as text. */
async function textOf(receiver: FakeMember): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let piece = await receiver.take(); piece !== undefined; piece = await receiver.take()) {
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

Deno.test("RelayMessage ends with a mark for all receivers when its sender leaves", async () => {
  const { receivers: [a, b], incoming, freed, running } = started(["a", "b"]);
  await a!.take();
  const next = textOf(a!);
  await settled();
  incoming.controller.error(new Error("sender has left"));
  assertEquals(await next, BROKE_OFF);
  assertEquals(await textOf(b!), "\0".repeat(PIECE) + BROKE_OFF);
  await running;
  assertEquals(freed, ["a", "b"]);
});

Deno.test("RelayMessage makes a character whole in which its sender has left", async () => {
  for (const character of ["é", "\u0800", "€", "\uD7FF", "\u{10000}", "\u{10FFFF}", "e"]) {
    const bytes = new TextEncoder().encode(character);
    for (let length = 1; length <= bytes.length; length++) {
      const { receivers: [a], incoming, running } = started(["a"]);
      await a!.take();
      const next = textOf(a!);
      for (const byte of bytes.subarray(0, length)) {
        await settled();
        incoming.controller.enqueue(Uint8Array.of(byte));
      }
      await settled();
      incoming.controller.error(new Error("sender has left"));
      const text = await next;
      assertEquals([...text].length, 1 + BROKE_OFF.length, `${character}: ${length} bytes`);
      assertEquals(text.endsWith(BROKE_OFF), true);
      await running;
    }
  }
});

Deno.test("RelayMessage.look() counts how long the sender gives nothing that is waited for", async () => {
  const { message, receivers: [a], incoming, running } = started(["a"]);
  const looks: number[] = [];
  const look = () => {
    message.look(() => false);
    looks.push(message.silentLooks);
  };
  look(); // the receiver is what it waits for
  await a!.take();
  const next = a!.take();
  await settled();
  look();
  look();
  incoming.give(1);
  await next;
  await settled();
  look();
  assertEquals(looks, [0, 1, 2, 0]);
  const rest = textOf(a!);
  message.breakOff();
  assertEquals(await rest, BROKE_OFF);
  assertEquals(incoming.cancelled, true);
  message.leave(a!.member);
  await running;
});
