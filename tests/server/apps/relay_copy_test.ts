import { assertEquals } from "@std/assert";
import { type Piece, RelayCopy, weightOf } from "../../../server/apps/relay_copy.ts";
import { FakeMember, settled } from "../../helpers/relay_members.ts";

function pieceOf(bytes: number, next?: Piece): Piece {
  return { bytes: new Uint8Array(bytes), next, users: 1 };
}

/** A copy of a message of which two pieces have come, and a reader of its stream. */
function copied() {
  const [first, second] = [pieceOf(10), pieceOf(20)];
  first.next = second;
  const receiver = new FakeMember("b");
  const told: string[] = [];
  const lag = weightOf(first) + weightOf(second);
  const copy = new RelayCopy(receiver.member, pieceOf(0, first), lag, {
    asked: () => void told.push("asked"),
    left: () => void told.push("left"),
  });
  const reader = new ReadableStream(copy, { highWaterMark: 0 }).getReader();
  return { copy, reader, receiver, told, pieces: [first, second] as const };
}

Deno.test("weightOf() counts more than the bytes, so that tiny pieces have a bound", () => {
  assertEquals(weightOf(pieceOf(0)) > 100, true);
  assertEquals(weightOf(pieceOf(70)) - weightOf(pieceOf(0)), 70);
});

Deno.test("RelayCopy hands on the very pieces that came, when it is asked", async () => {
  const { copy, reader, told, pieces } = copied();
  const read = reader.read();
  await settled();
  assertEquals([told, copy.asks], [["asked"], false]);
  copy.advance();
  assertEquals((await read).value === pieces[0].bytes, true);
  assertEquals(copy.lag, weightOf(pieces[1]));
  copy.advance();
  copy.advance();
  assertEquals([copy.lag, copy.asks], [0, true]);
  copy.end();
  assertEquals(copy.asks, false);
});

Deno.test("RelayCopy frees a piece when it has left to all its receivers", async () => {
  const { copy, reader, pieces: [first, second] } = copied();
  second.users = 2;
  for (const piece of [first, second]) {
    const read = reader.read();
    await settled();
    copy.advance();
    assertEquals((await read).value?.length, piece.bytes.length, "it is there until it has left");
  }
  reader.read();
  await settled();
  assertEquals([first.users, first.bytes.length], [0, 0]);
  assertEquals([second.users, second.bytes.length], [1, 20]);
});

Deno.test("RelayCopy.release() frees no piece that may be leaving", async () => {
  const { copy, reader, pieces: [first] } = copied();
  const read = reader.read();
  await settled();
  copy.advance();
  await read;
  copy.release();
  reader.read();
  await settled();
  assertEquals([first.users, first.bytes.length], [1, 10]);
});

Deno.test("RelayCopy tells when its receiver wants no more", async () => {
  const { reader, told } = copied();
  await reader.cancel();
  assertEquals(told, ["left"]);
});

Deno.test("RelayCopy.release() lets go of the pieces", async () => {
  const { copy } = copied();
  await settled();
  copy.release();
  assertEquals([copy.lag, copy.asks], [0, false]);
  copy.advance();
  assertEquals(copy.asks, true, "there is nothing to hand on");
});

Deno.test("RelayCopy.look() counts how long nothing was taken, by piece or by byte", async () => {
  const { copy, receiver } = copied();
  await settled();
  receiver.bufferedAmount = 100;
  const looks = [] as number[];
  const look = () => {
    copy.look(false);
    looks.push(copy.idleLooks);
  };
  look();
  look();
  receiver.bufferedAmount = 99;
  look();
  look();
  copy.advance();
  look();
  copy.advance();
  copy.advance(); // it asks for more
  look();
  look();
  assertEquals(looks, [1, 2, 0, 1, 0, 0, 0]);
});

Deno.test("RelayCopy.look() counts how much more it holds others up than not", () => {
  const { copy } = copied();
  const looks = [true, true, false, true, false, false, false].map((holds) => {
    copy.look(holds);
    return copy.heldLooks;
  });
  assertEquals(looks, [1, 2, 1, 2, 1, 0, 0]);
});
