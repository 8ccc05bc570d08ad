import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { type Message, MessageAssembler } from "../../protocol/message_assembler.ts";
import { type Fragment, FrameDecoder } from "../../protocol/frame_decoder.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Role } from "../../protocol/frame_check.ts";
import { Opcode } from "../../protocol/opcode.ts";
import { allocations } from "../helpers/allocations.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { Random } from "../helpers/random.ts";
import { peerFrame } from "../helpers/raw_frame.ts";
import { INVALID_UTF8, VALID_UTF8 } from "../vectors/utf8.ts";

/** How many times what has come of a message may be set aside for it. */
const GROWTH = 8;
const ROLES: readonly Role[] = ["server", "client"];

/** A whole frame in one piece. */
function whole(opcode: Opcode, fin: boolean, payload: Uint8Array): Fragment {
  const frameLength = payload.length;
  return { opcode, fin, first: true, last: true, frameLength, compressed: false, payload };
}

/** One piece of a frame that announced more. */
function piece(opcode: Opcode, at: number, payload: Uint8Array, frameLength: number): Fragment {
  const first = at === 0;
  const last = at + payload.length === frameLength;
  return { opcode, fin: true, first, last, frameLength, compressed: false, payload };
}

/** Decodes and assembles; the error, if any, is thrown. */
function assemble(role: Role, chunks: Iterable<Uint8Array>): Message[] {
  const assembler = new MessageAssembler();
  const decoder = new FrameDecoder({ role });
  const messages: Message[] = [];
  for (const chunk of chunks) {
    decoder.transform(chunk, {
      enqueue(fragment) {
        const message = assembler.push(fragment);
        if (message !== undefined) messages.push(message);
      },
    });
  }
  return messages;
}

/** How many of the bytes go in one by one before the text is refused; -1 when none refuses it. */
function refusedAfter(role: Role, bytes: Uint8Array): number {
  const assembler = new MessageAssembler();
  const decoder = new FrameDecoder({ role });
  return bytes.findIndex((byte) => {
    try {
      decoder.transform(Uint8Array.of(byte), { enqueue: (fragment) => assembler.push(fragment) });
      return false;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      assertEquals([error.code, error.closeCode], ["INVALID_UTF8", 1007]);
      return true;
    }
  });
}

for (const role of ROLES) {
  Deno.test(`MessageAssembler as ${role} gives text of one frame, however it is cut (5.6)`, () => {
    for (const { name, hex, text } of VALID_UTF8) {
      forEveryChunking(
        peerFrame(role, 0x81, fromHex(hex)),
        (chunks) => assertEquals(assemble(role, chunks), [text], name),
      );
    }
  });

  Deno.test(`MessageAssembler as ${role} gives text of many frames, however it is parted (5.4, 5.6)`, () => {
    for (const { name, hex, text } of VALID_UTF8) {
      const bytes = fromHex(hex);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const frames = concat([
          peerFrame(role, 0x01, bytes.subarray(0, cut)),
          peerFrame(role, 0x00, new Uint8Array(0)),
          peerFrame(role, 0x80, bytes.subarray(cut)),
        ]);
        forEveryChunking(
          frames,
          (chunks) => assertEquals(assemble(role, chunks), [text], `${name}, cut at ${cut}`),
        );
      }
    }
  });

  Deno.test(`MessageAssembler as ${role} gives binary of any bytes, however it is parted (5.6)`, () => {
    const random = new Random(56);
    for (let round = 0; round < 60; round++) {
      const bytes = random.bytes(random.below(500));
      const frames: Uint8Array[] = [peerFrame(role, 0x02, new Uint8Array(0))];
      for (let at = 0; at < bytes.length;) {
        const size = random.below(100);
        frames.push(peerFrame(role, 0x00, bytes.subarray(at, at + size)));
        at += size;
      }
      frames.push(peerFrame(role, 0x80, new Uint8Array(0)));
      forEveryChunking(concat(frames), (chunks) => {
        assertEquals(assemble(role, chunks), [bytes], `round ${round} of seed ${random.seed}`);
      }, [round]);
    }
  });

  Deno.test(`MessageAssembler as ${role} refuses text that is not UTF-8, however it is cut (8.1)`, () => {
    for (const { name, hex } of INVALID_UTF8) {
      const bytes = fromHex(hex);
      const inOne = peerFrame(role, 0x81, bytes);
      const inTwo = concat([
        peerFrame(role, 0x01, bytes.subarray(0, 1)),
        peerFrame(role, 0x80, bytes.subarray(1)),
      ]);
      for (const frames of [inOne, inTwo]) {
        forEveryChunking(frames, (chunks) => {
          const error: ProtocolError = assertThrows(
            () => assemble(role, chunks),
            ProtocolError,
            undefined,
            name,
          );
          assertEquals([error.code, error.closeCode], ["INVALID_UTF8", 1007], name);
        });
      }
    }
  });

  Deno.test(`MessageAssembler as ${role} refuses text at its first bad byte, in the middle of a frame (8.1)`, () => {
    for (const { name, hex, badAt } of INVALID_UTF8) {
      const bad = fromHex(hex);
      if (badAt === bad.length) continue;
      // The frame goes on for a hundred good bytes; none of them is waited for.
      const text = concat([fromHex("61 c3a9"), bad, new Uint8Array(100).fill(0x61)]);
      const header = role === "server" ? 6 : 2;
      assertEquals(refusedAfter(role, peerFrame(role, 0x81, text)), header + 3 + badAt, name);
      // The same in a fragment that is not the last, and in a continuation.
      assertEquals(refusedAfter(role, peerFrame(role, 0x01, text)), header + 3 + badAt, name);
      const start = peerFrame(role, 0x01, fromHex("e282"));
      const rest = peerFrame(role, 0x80, concat([fromHex("ac"), text]));
      assertEquals(
        refusedAfter(role, concat([start, rest])),
        start.length + header + 1 + 3 + badAt,
        `${name}, in a continuation`,
      );
    }
  });

  Deno.test(`MessageAssembler as ${role} refuses a cut-off character at the last byte of the message (8.1)`, () => {
    for (const { name, hex, badAt } of INVALID_UTF8) {
      const bytes = fromHex(hex);
      if (badAt < bytes.length) continue;
      const frame = peerFrame(role, 0x81, bytes);
      assertEquals(refusedAfter(role, frame), frame.length - 1, name);
      // With more to come it is no fault yet.
      assertEquals(refusedAfter(role, peerFrame(role, 0x01, bytes)), -1, name);
    }
  });
}

Deno.test("MessageAssembler forgets one message before the next", () => {
  const assembler = new MessageAssembler();
  const { Text, Binary, Continuation } = Opcode;
  const push = (opcode: Opcode, fin: boolean, hex: string) =>
    assembler.push(whole(opcode, fin, fromHex(hex)));
  for (let round = 0; round < 3; round++) {
    assertEquals(push(Text, false, "c3"), undefined);
    assertEquals(push(Continuation, true, "a9"), "é");
    // Binary after text is not checked, text after binary is.
    assertEquals(push(Binary, false, "c3"), undefined);
    assertEquals(push(Continuation, true, "ff"), fromHex("c3ff"));
    assertEquals(push(Text, true, "61"), "a");
    assertEquals(push(Binary, true, ""), new Uint8Array(0));
    assertEquals(push(Text, false, ""), undefined);
    assertEquals(push(Continuation, true, ""), "");
  }
  assertEquals(push(Text, false, "61"), undefined);
  assertThrows(() => push(Continuation, false, "ff"), ProtocolError, "Text message is not UTF-8");
});

Deno.test("MessageAssembler works on after another one refused text in one piece", () => {
  // The decoder of whole texts is shared: a fault may not stay in it.
  assertThrows(() => new MessageAssembler().push(whole(Opcode.Text, true, fromHex("61e2"))));
  assertEquals(new MessageAssembler().push(whole(Opcode.Text, true, fromHex("6f6b"))), "ok");
});

Deno.test("MessageAssembler gives messages that are the receiver's own, from one piece or many", () => {
  const assembler = new MessageAssembler();
  const chunk = fromHex("01 02 03 04");
  const single = assembler.push(whole(Opcode.Binary, true, chunk.subarray(1, 3)));
  assembler.push(whole(Opcode.Binary, false, chunk));
  const joined = assembler.push(whole(Opcode.Continuation, true, chunk));
  // A ninth byte needs more room than is then filled.
  assembler.push(whole(Opcode.Binary, false, chunk));
  assembler.push(whole(Opcode.Continuation, false, chunk));
  const odd = assembler.push(whole(Opcode.Continuation, true, chunk.subarray(0, 1)));
  chunk.fill(0xee);
  assertEquals(single, fromHex("02 03"));
  assertEquals(joined, fromHex("01020304 01020304"));
  assertEquals(odd, fromHex("01020304 01020304 01"));
  for (const message of [joined, odd] as Uint8Array[]) {
    // And they keep no more memory alive than they show; small ones in one piece may.
    assertEquals([message.byteOffset, message.buffer.byteLength], [0, message.length]);
  }
  // Nor does the next message write to the last.
  assembler.push(whole(Opcode.Binary, false, fromHex("ff")));
  assembler.push(whole(Opcode.Continuation, true, fromHex("ff")));
  assertEquals(joined, fromHex("01020304 01020304"));
});

Deno.test("MessageAssembler copies out of a Buffer, whose slice() would be no copy", () => {
  const buffer = Buffer.from([1, 2, 3]);
  const message = new MessageAssembler().push(whole(Opcode.Binary, true, buffer.subarray(0, 2)));
  buffer.fill(0xee);
  assertEquals(toHex(message as Uint8Array), "01 02");
});

Deno.test("MessageAssembler sets aside at most eight times what has come of a large message (10.4)", () => {
  const announced = 1_048_576;
  for (const opcode of [Opcode.Text, Opcode.Binary]) {
    for (const size of [1, 10, 1_000]) {
      const assembler = new MessageAssembler();
      let arrived = 0;
      for (let round = 0; round < 200; round++) {
        const payload = new Uint8Array(size);
        const sizes = allocations(() => assembler.push(piece(opcode, arrived, payload, announced)));
        arrived += size;
        for (const allocated of sizes) {
          assert(allocated <= GROWTH * arrived, `${allocated} bytes for ${arrived} that came`);
        }
      }
    }
  }
});

Deno.test("MessageAssembler sets aside at most eight times what has come in many fragments (10.4)", () => {
  const assembler = new MessageAssembler();
  assembler.push(whole(Opcode.Binary, false, new Uint8Array(0)));
  let arrived = 0;
  for (let round = 0; round < 1_000; round++) {
    const size = round % 3; // empty ones too
    const sizes = allocations(() =>
      assembler.push(whole(Opcode.Continuation, false, new Uint8Array(size)))
    );
    arrived += size;
    for (const allocated of sizes) {
      assert(allocated <= GROWTH * arrived, `${allocated} bytes for ${arrived} that came`);
    }
  }
});

Deno.test("MessageAssembler sets aside no more than a frame announced, after a larger one too (10.4)", () => {
  const assembler = new MessageAssembler();
  for (const announced of [100_000, 10]) {
    const half = new Uint8Array(announced / 2);
    const sizes = allocations(() => {
      assembler.push(piece(Opcode.Binary, 0, half, announced));
      assembler.push(piece(Opcode.Binary, announced / 2, half, announced));
    });
    assertEquals(sizes, [announced]);
  }
});

Deno.test("MessageAssembler copies little over and over, whatever the fragments' number (10.4)", () => {
  // In one frame: what is set aside grows by eight each time, up to what is announced.
  const inOneFrame = new MessageAssembler();
  const length = 65_536;
  const payload = Uint8Array.of(1);
  let message: Message | undefined;
  const sizes = allocations(() => {
    for (let at = 0; at < length; at++) {
      message = inOneFrame.push(piece(Opcode.Binary, at, payload, length));
    }
  });
  assertEquals((message as Uint8Array).length, length);
  assert(sizes.length <= 10, `${sizes.length} times for one frame: ${sizes}`);

  // In many frames, each of which announces only itself.
  const inMany = new MessageAssembler();
  inMany.push(whole(Opcode.Binary, false, new Uint8Array(0)));
  const grown = allocations(() => {
    for (let at = 0; at < length; at++) inMany.push(whole(Opcode.Continuation, false, payload));
  });
  const copied = grown.reduce((sum, size) => sum + size, 0);
  assert(grown.length <= 20, `${grown.length} times for many frames`);
  assert(copied <= GROWTH * length, `${copied} bytes in all for ${length}`);
});

/** Hands over a binary message in one piece. */
function small(assembler: MessageAssembler, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  return assembler.push(whole(Opcode.Binary, true, Uint8Array.from(bytes))) as Uint8Array<
    ArrayBuffer
  >;
}

Deno.test("MessageAssembler.push() lays small binary messages side by side, and never over each other", () => {
  const assembler = new MessageAssembler();
  const random = new Random(1);
  const messages: [got: Uint8Array, sent: number[]][] = [];
  for (let count = 0; count < 500; count++) {
    const sent = [...random.bytes(random.below(40))];
    messages.push([small(assembler, ...sent), sent]);
  }
  for (const [got, sent] of messages) assertEquals([...got], sent);
  assert(new Set(messages.map(([{ buffer }]) => buffer)).size < 50);
  for (const [{ byteOffset }] of messages) assertEquals(byteOffset % 8, 0);
});

Deno.test("MessageAssembler.push() gives a lone or a larger message a buffer of its own", () => {
  const assembler = new MessageAssembler();
  assertEquals(small(assembler, 1, 2, 3).buffer.byteLength, 8 + 3);
  const large = assembler.push(whole(Opcode.Binary, true, new Uint8Array(513)));
  assertEquals((large as Uint8Array).buffer.byteLength, 513);
});

Deno.test("MessageAssembler.push() goes on when a message's buffer was transferred", () => {
  const assembler = new MessageAssembler();
  for (let count = 0; count < 50; count++) {
    const message = small(assembler, count, count, count);
    assertEquals([...message], [count, count, count]);
    if (count % 7 === 0) structuredClone(message, { transfer: [message.buffer] });
  }
});

Deno.test("MessageAssembler.push() takes an empty message when the empty one before was transferred", () => {
  const assembler = new MessageAssembler();
  const { buffer } = small(assembler);
  structuredClone(buffer, { transfer: [buffer] });
  assertEquals(small(assembler), new Uint8Array(0));
});

Deno.test("MessageAssembler.push() begins no small message where its buffer begins", () => {
  const assembler = new MessageAssembler();
  for (let length = 1; length <= 512; length++) {
    assert(small(assembler, ...new Uint8Array(length)).byteOffset > 0);
  }
});

Deno.test("MessageAssembler.rest() lets go of the buffer that messages shared", () => {
  const assembler = new MessageAssembler();
  small(assembler, 1);
  const [a, b] = [small(assembler, 2), small(assembler, 3)];
  assembler.rest();
  const c = small(assembler, 4);
  assert(b.buffer !== c.buffer);
  assertEquals([c.buffer.byteLength, ...a, ...b, ...c], [8 + 1, 2, 3, 4]);
});

/** The most of a large text that is decoded at once. */
const PIECE_BYTES = 1_048_576;

/** How many bytes each call decodes while `run` runs, in order. */
function decodings(run: () => void): number[] {
  const original = TextDecoder.prototype.decode;
  const sizes: number[] = [];
  TextDecoder.prototype.decode = function (bytes?: AllowSharedBufferSource, options?) {
    sizes.push(bytes?.byteLength ?? 0);
    return original.call(this, bytes, options);
  };
  try {
    run();
  } finally {
    TextDecoder.prototype.decode = original;
  }
  return sizes;
}

/** Fragments of one text message, so many bytes each. */
function fragmentsOf(bytes: Uint8Array, size: number): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const opcode = at === 0 ? Opcode.Text : Opcode.Continuation;
    fragments.push(whole(opcode, at + size >= bytes.length, bytes.subarray(at, at + size)));
  }
  return fragments;
}

Deno.test("MessageAssembler decodes a large text piece by piece, wherever its characters are cut", () => {
  for (const unit of ["a", "é", "漢", "😀", "\uFEFF", "\uFFFD", "aé漢😀"]) {
    const text = unit.repeat(3 * PIECE_BYTES / new TextEncoder().encode(unit).length + 1);
    const bytes = new TextEncoder().encode(text);
    for (const size of [65_521, 262_144, PIECE_BYTES]) {
      const assembler = new MessageAssembler();
      let message: Message | undefined;
      const sizes = decodings(() => {
        for (const fragment of fragmentsOf(bytes, size)) message = assembler.push(fragment);
      });
      const name = `${unit} in fragments of ${size}`;
      assert(message === text, name);
      assert(
        sizes.length >= 3 && sizes.every((size) => size <= PIECE_BYTES + 3),
        `${name}: ${sizes}`,
      );
      assertEquals(sizes.reduce((sum, size) => sum + size), bytes.length, name);
      // Nothing of it is left for the next one.
      assertEquals(assembler.push(whole(Opcode.Text, false, fromHex("6f"))), undefined);
      assertEquals(assembler.push(whole(Opcode.Continuation, true, fromHex("6b"))), "ok");
    }
  }
});

Deno.test("MessageAssembler gathers tiny fragments before it decodes them", () => {
  const assembler = new MessageAssembler();
  const bytes = new TextEncoder().encode("漢".repeat(PIECE_BYTES / 2));
  let message: Message | undefined;
  const sizes = decodings(() => {
    for (const fragment of fragmentsOf(bytes, 2)) message = assembler.push(fragment);
  });
  assert(message === "漢".repeat(PIECE_BYTES / 2));
  assertEquals(sizes.length, 2);
});

Deno.test("MessageAssembler decodes a text up to a mebibyte once, at its end", () => {
  const assembler = new MessageAssembler();
  const bytes = new Uint8Array(PIECE_BYTES).fill(0x61);
  const sizes = decodings(() => {
    for (const fragment of fragmentsOf(bytes, 262_144)) assembler.push(fragment);
  });
  assertEquals(sizes, [PIECE_BYTES]);
});

Deno.test("MessageAssembler sets aside no more than a piece of a large text (10.4)", () => {
  const assembler = new MessageAssembler();
  const announced = 4 * PIECE_BYTES;
  const payload = new Uint8Array(65_536).fill(0x61);
  let message: Message | undefined;
  const sizes = allocations(() => {
    for (let at = 0; at < announced; at += payload.length) {
      message = assembler.push(piece(Opcode.Text, at, payload, announced));
    }
  });
  assertEquals((message as string).length, announced);
  assert(sizes.every((size) => size <= PIECE_BYTES), `${sizes}`);
});

Deno.test("MessageAssembler refuses a large text at its first bad byte, or its cut-off end (8.1)", () => {
  for (const [hex, last] of [["ff", false], ["e282", true]] as const) {
    const assembler = new MessageAssembler();
    const good = new TextEncoder().encode("漢".repeat(PIECE_BYTES));
    for (const fragment of fragmentsOf(good, 262_144)) {
      assembler.push({ ...fragment, fin: false });
    }
    const bad = whole(Opcode.Continuation, last, fromHex(hex));
    assertThrows(() => assembler.push(bad), ProtocolError, "Text message is not UTF-8");
  }
});

Deno.test("MessageAssembler.heldBytes counts what an unfinished message holds, decoded or not", () => {
  for (const opcode of [Opcode.Text, Opcode.Binary]) {
    const assembler = new MessageAssembler();
    assertEquals(assembler.heldBytes, 0);
    const payload = new Uint8Array(262_144).fill(0x61);
    for (let arrived = 0; arrived < 8 * payload.length;) {
      assembler.push({ ...whole(arrived === 0 ? opcode : Opcode.Continuation, false, payload) });
      arrived += payload.length;
      const { heldBytes } = assembler;
      assert(heldBytes >= arrived && heldBytes <= GROWTH * arrived, `${heldBytes} of ${arrived}`);
    }
    assembler.push(whole(Opcode.Continuation, true, payload));
    assertEquals(assembler.heldBytes, 0);
  }
});

Deno.test("MessageAssembler.discard() lets go of an unfinished message, and of no other", () => {
  const assembler = new MessageAssembler();
  const before = assembler.push(whole(Opcode.Binary, true, new Uint8Array(1_000).fill(1)));
  assembler.push(whole(Opcode.Binary, false, new Uint8Array(1_000)));
  assembler.discard();
  assertEquals(assembler.heldBytes, 0);
  const after = assembler.push(whole(Opcode.Text, true, fromHex("61")));
  assembler.discard();
  assertEquals([before, after], [new Uint8Array(1_000).fill(1), "a"]);
});
