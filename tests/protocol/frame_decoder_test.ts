import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type Fragment, FrameDecoder } from "../../protocol/frame_decoder.ts";
import type { Role } from "../../protocol/frame_check.ts";
import { Opcode } from "../../protocol/opcode.ts";
import { allocations } from "../helpers/allocations.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { collectFrames } from "../helpers/collect_frames.ts";
import { concat, fromHex, toHex } from "../helpers/notation.ts";
import { headersOnly, KEY, peerFrame, rawFrame } from "../helpers/raw_frame.ts";
import { Random } from "../helpers/random.ts";
import { type ExpectedFrame, FRAMES } from "../vectors/frames.ts";
import { REFUSED } from "../vectors/refused_frames.ts";

const ROLES: readonly Role[] = ["server", "client"];
const NO_KEY = new Uint8Array(4);

/** A frame as collectFrames() writes it down. */
function line({ fin, opcode, payload, zeros = 0 }: ExpectedFrame): string {
  const bytes = concat([fromHex(payload), new Uint8Array(zeros)]);
  return `${fin ? "fin " : ""}${opcode} of ${bytes.length}: ${toHex(bytes)}`.trimEnd();
}

function collect(decoder: FrameDecoder, ...chunks: Uint8Array[]): Fragment[] {
  const fragments: Fragment[] = [];
  for (const chunk of chunks) decoder.transform(chunk, { enqueue: (f) => fragments.push(f) });
  return fragments;
}

for (const vector of FRAMES) {
  Deno.test(`FrameDecoder reads ${vector.name}, however it is cut`, () => {
    const bytes = concat([fromHex(vector.wire.join("")), new Uint8Array(vector.zeros ?? 0)]);
    const expected = vector.frames.map(line);
    forEveryChunking(bytes, (chunks) => {
      const decoder = new FrameDecoder({ role: vector.role });
      const { frames, error } = collectFrames(decoder, chunks);
      assertEquals(error, undefined);
      assert(frames.join() === expected.join(), `${frames.join().slice(0, 200)}`);
    });
  });
}

for (const vector of REFUSED) {
  for (const role of vector.role === undefined ? ROLES : [vector.role]) {
    Deno.test(`FrameDecoder as ${role} refuses ${vector.name}, without a byte more than the header`, () => {
      const bytes = headersOnly(vector.headers, role);
      forEveryChunking(bytes, (chunks) => {
        const { frames, error } = collectFrames(new FrameDecoder({ role }), chunks);
        assertEquals(error, vector.code);
        // The frames before it came through.
        assertEquals(frames.length, vector.headers.length - 1);
      });
      // Nothing before the second byte of the bad header can have been an error.
      const last = headersOnly(vector.headers.slice(-1), role).length;
      const before = bytes.slice(0, bytes.length - last + 1);
      assertEquals(collectFrames(new FrameDecoder({ role }), [before]).error, undefined);
      // What follows in the same chunk does not change the verdict.
      const more = concat([bytes, new Random(1).bytes(40)]);
      forEveryChunking(more, (chunks) => {
        assertEquals(collectFrames(new FrameDecoder({ role }), chunks).error, vector.code);
      });
    });
  }
}

Deno.test("FrameDecoder refuses each wrong bit at the second byte, long before the length (5.2)", () => {
  for (const role of ROLES) {
    for (const vector of REFUSED) {
      if (vector.headers.length > 1 || vector.headers[0]!.length !== undefined) continue;
      if (vector.role !== undefined && vector.role !== role) continue;
      const bytes = concat([headersOnly(vector.headers, role), new Uint8Array(12)]);
      const oneByOne = Array.from(bytes, (byte) => Uint8Array.of(byte));
      const { error, fed } = collectFrames(new FrameDecoder({ role }), oneByOne);
      assertEquals([error, fed], [vector.code, 2], vector.name);
    }
  }
});

for (const role of ROLES) {
  Deno.test(`FrameDecoder as ${role} reads frames of every length to 300 and around the borders (5.2)`, () => {
    const random = new Random(52);
    const limits = { messageBytes: 100_000, messageFragments: 1 };
    const lengths = Array.from({ length: 300 }, (_, length) => length);
    for (const length of [...lengths, 65_534, 65_535, 65_536, 65_537]) {
      const payload = random.bytes(length);
      const bytes = peerFrame(role, 0x82, payload);
      const expected = [`fin 2 of ${length}: ${toHex(payload)}`.trimEnd()];
      forEveryChunking(bytes, (chunks) => {
        const { frames } = collectFrames(new FrameDecoder({ role, limits }), chunks);
        assert(frames.join() === expected.join(), `length ${length}`);
      }, [length]);
    }
  });

  Deno.test(`FrameDecoder as ${role} cuts a frame at every place and gives the same (5.2)`, () => {
    const payload = new Random(1).bytes(130);
    const bytes = concat([
      peerFrame(role, 0x02, payload),
      peerFrame(role, 0x89, payload.subarray(0, 7)),
      peerFrame(role, 0x80, fromHex("01")),
    ]);
    const expected = collectFrames(new FrameDecoder({ role }), [bytes.slice()]).frames;
    assertEquals(expected.length, 3);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const chunks = [bytes.slice(0, cut), bytes.slice(cut)];
      const { frames } = collectFrames(new FrameDecoder({ role }), chunks);
      assertEquals(frames, expected, `cut at ${cut}`);
    }
    // Three pieces, so that a control frame is collected from more than two.
    for (let cut = 136; cut < bytes.length - 2; cut++) {
      const chunks = [bytes.slice(0, cut), bytes.slice(cut, cut + 2), bytes.slice(cut + 2)];
      const { frames } = collectFrames(new FrameDecoder({ role }), chunks);
      assertEquals(frames, expected, `cut at ${cut} and ${cut + 2}`);
    }
  });

  Deno.test(`FrameDecoder as ${role} counts a message's bytes over its fragments (10.4)`, () => {
    const limits = { messageBytes: 300, messageFragments: 10 };
    const hundred = new Uint8Array(100);
    const first = peerFrame(role, 0x01, hundred);
    const next = peerFrame(role, 0x00, hundred);
    const ping = peerFrame(role, 0x89, hundred);
    const last = peerFrame(role, 0x80, hundred);
    // 300 bytes pass, again and again; pings in between are not counted.
    const good = concat([first, ping, next, ping, last, first, next, last]);
    forEveryChunking(good, (chunks) => {
      assertEquals(collectFrames(new FrameDecoder({ role, limits }), chunks).error, undefined);
    });
    // The fourth hundred is refused at its header; one more byte would do too.
    for (const tooMuch of [last, peerFrame(role, 0x00, fromHex("00"))]) {
      const header = tooMuch.subarray(0, 2);
      forEveryChunking(concat([first, next, next, header]), (chunks) => {
        const { frames, error } = collectFrames(new FrameDecoder({ role, limits }), chunks);
        assertEquals([frames.length, error], [3, "MESSAGE_TOO_BIG"]);
      });
    }
    // An empty fragment still fits.
    const empty = peerFrame(role, 0x80, new Uint8Array(0));
    const full = concat([first, next, next, empty]);
    assertEquals(collectFrames(new FrameDecoder({ role, limits }), [full]).error, undefined);
  });

  Deno.test(`FrameDecoder as ${role} counts a message's frames, empty ones too (10.4)`, () => {
    const limits = { messageBytes: 300, messageFragments: 5 };
    for (const payload of [new Uint8Array(0), fromHex("61")]) {
      const first = peerFrame(role, 0x01, payload);
      const next = peerFrame(role, 0x00, payload);
      const pong = peerFrame(role, 0x8a, payload);
      const last = peerFrame(role, 0x80, payload);
      const five = [first, next, pong, next, pong, next, last];
      forEveryChunking(concat([...five, ...five]), (chunks) => {
        assertEquals(collectFrames(new FrameDecoder({ role, limits }), chunks).error, undefined);
      });
      for (const sixth of [next, last]) {
        const header = sixth.subarray(0, 2);
        forEveryChunking(concat([first, next, next, next, next, header]), (chunks) => {
          const { frames, error } = collectFrames(new FrameDecoder({ role, limits }), chunks);
          assertEquals([frames.length, error], [5, "TOO_MANY_FRAGMENTS"]);
        });
      }
    }
  });

  Deno.test(`FrameDecoder as ${role} has a limit of its own where none is given`, () => {
    const decoder = new FrameDecoder({ role });
    const header = role === "server"
      ? fromHex("82 ff 00 00 00 00 00 10 00 00 00 00 00 00")
      : fromHex("82 7f 00 00 00 00 00 10 00 00");
    // 1 MiB itself is fine.
    assertEquals(collectFrames(decoder, [header, new Uint8Array(1)]).frames, [
      "part fin 2 of 1048576: 00",
    ]);
    const first = peerFrame(role, 0x02, new Uint8Array(0));
    const next = peerFrame(role, 0x00, new Uint8Array(0));
    const flood = [first, ...Array.from({ length: 2_000 }, () => next)];
    const { frames, error } = collectFrames(new FrameDecoder({ role }), flood);
    assertEquals([frames.length, error], [1_024, "TOO_MANY_FRAGMENTS"]);
  });

  Deno.test(`FrameDecoder as ${role} takes a limit of 0 bytes and 1 frame at its word`, () => {
    const limits = { messageBytes: 0, messageFragments: 1 };
    const empty = peerFrame(role, 0x82, new Uint8Array(0));
    const { frames } = collectFrames(new FrameDecoder({ role, limits }), [concat([empty, empty])]);
    assertEquals(frames, ["fin 2 of 0:", "fin 2 of 0:"]);
    const one = peerFrame(role, 0x82, fromHex("00"));
    const { error } = collectFrames(new FrameDecoder({ role, limits }), [one]);
    assertEquals(error, "MESSAGE_TOO_BIG");
  });

  Deno.test(`FrameDecoder as ${role} passes 2^53 - 1 announced bytes through where the limit allows it`, () => {
    const mask = role === "server" ? "ff" : "7f";
    const header = fromHex(`82 ${mask} 00 1f ff ff ff ff ff ff`);
    const key = role === "server" ? NO_KEY : new Uint8Array(0);
    const limits = { messageBytes: Number.MAX_SAFE_INTEGER, messageFragments: 2 };
    const chunks = [header, key, new Uint8Array(70_000)];
    // Nothing is set aside for them: a frame leaves as it comes.
    const sizes = allocations(() => {
      const fragments = collect(new FrameDecoder({ role, limits }), ...chunks);
      assertEquals(fragments.length, 1);
      assertEquals(fragments[0]!.frameLength, Number.MAX_SAFE_INTEGER);
      assertEquals(fragments[0]!.last, false);
    });
    assert(Math.max(0, ...sizes) <= 125, `Allocated ${sizes}`);
  });

  Deno.test(`FrameDecoder as ${role} sums up lengths beyond 2^53 without a wrap`, () => {
    const mask = role === "server" ? "ff" : "7f";
    const limits = { messageBytes: Number.MAX_SAFE_INTEGER, messageFragments: 9 };
    const first = peerFrame(role, 0x02, fromHex("00"));
    for (const length of ["00 1f ff ff ff ff ff ff", "7f ff ff ff ff ff ff ff"]) {
      const bytes = concat([first, fromHex(`80 ${mask} ${length}`)]);
      const { error } = collectFrames(new FrameDecoder({ role, limits }), [bytes]);
      assertEquals(error, "MESSAGE_TOO_BIG");
    }
  });

  Deno.test(`FrameDecoder as ${role} holds at most a header or one control frame, however it is cut`, () => {
    const bytes = concat([
      peerFrame(role, 0x02, new Uint8Array(70_000)),
      peerFrame(role, 0x89, new Uint8Array(125)),
      peerFrame(role, 0x80, new Uint8Array(300)),
      peerFrame(role, 0x88, fromHex("03 e8")),
    ]);
    forEveryChunking(bytes, (chunks) => {
      const sizes = allocations(() => collect(new FrameDecoder({ role }), ...chunks));
      assert(Math.max(0, ...sizes) <= 125, `Allocated ${sizes}`);
      // At most one for a header and one for a control frame's payload, per frame.
      assert(sizes.length <= 8, `Allocated ${sizes.length} times`);
    });
  });

  Deno.test(`FrameDecoder as ${role} hands out data as views on the chunk`, () => {
    const bytes = concat([
      peerFrame(role, 0x82, fromHex("01 02 03")),
      peerFrame(role, 0x89, NO_KEY),
    ]);
    const fragments = collect(new FrameDecoder({ role }), bytes);
    for (const { payload } of fragments) assertStrictEquals(payload.buffer, bytes.buffer);
    assertEquals(toHex(fragments[0]!.payload), "01 02 03");
    assertEquals(fragments[1]!.payload, NO_KEY);
  });
}

Deno.test("FrameDecoder gives control frames in between at once, in their place (5.4, 5.5)", () => {
  for (const role of ROLES) {
    const opcodes: Opcode[] = [];
    const decoder = new FrameDecoder({ role });
    const sink = { enqueue: ({ opcode }: Fragment) => opcodes.push(opcode) };
    decoder.transform(peerFrame(role, 0x01, fromHex("61")), sink);
    decoder.transform(peerFrame(role, 0x89, fromHex("62")), sink);
    assertEquals(opcodes, [Opcode.Text, Opcode.Ping]);
    decoder.transform(peerFrame(role, 0x80, fromHex("63")), sink);
    assertEquals(opcodes, [Opcode.Text, Opcode.Ping, Opcode.Continuation]);
  }
});

Deno.test("FrameDecoder does nothing with an empty chunk, wherever it comes", () => {
  const bytes = rawFrame(0x82, fromHex("01 02"), KEY);
  const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte))
    .flatMap((chunk) => [new Uint8Array(0), chunk, new Uint8Array(0)]);
  const { frames } = collectFrames(new FrameDecoder({ role: "server" }), chunks);
  assertEquals(frames, ["fin 2 of 2: 01 02"]);
});

Deno.test("FrameDecoder as client never writes to the chunk, since nothing is masked", () => {
  const bytes = rawFrame(0x82, new Random(2).bytes(200));
  const copy = bytes.slice();
  collect(new FrameDecoder({ role: "client" }), bytes);
  assertEquals(bytes, copy);
});

Deno.test("FrameDecoder as server unmasks payloads and leaves the rest of the chunk alone (5.3)", () => {
  const payload = new Random(3).bytes(200);
  const frame = rawFrame(0x82, payload, KEY);
  const tail = fromHex("82 fe 00"); // the next header breaks off
  const bytes = concat([frame, tail]);
  collect(new FrameDecoder({ role: "server" }), bytes);
  assertEquals(bytes.subarray(0, 8), frame.subarray(0, 8));
  assertEquals(bytes.subarray(8, 208), payload);
  assertEquals(bytes.subarray(208), tail);
});

Deno.test("FrameDecoder.transformSome() stops after some fragments, and goes on where it has stopped", () => {
  const payloads = ["", "a", "bc", "", "def"];
  const frames = payloads.map((text) => peerFrame("server", 0x82, new TextEncoder().encode(text)));
  const wire = concat(frames);
  for (let most = 1; most <= frames.length + 1; most++) {
    for (let cut = 0; cut <= wire.length; cut++) {
      const decoder = new FrameDecoder({ role: "server" });
      const fragments: Fragment[] = [];
      for (let rest of [wire.slice(0, cut), wire.slice(cut)]) {
        while (rest.length > 0) {
          const before = fragments.length;
          const sink = { enqueue: (fragment: Fragment) => void fragments.push(fragment) };
          rest = rest.subarray(decoder.transformSome(rest, sink, most));
          assert(fragments.length - before <= most);
        }
      }
      const bytes = concat(fragments.map(({ payload }) => payload));
      assertEquals(new TextDecoder().decode(bytes), payloads.join(""));
      assertEquals(fragments.filter(({ last }) => last).length, frames.length);
    }
  }
});

Deno.test("FrameDecoder passes an error of its sink through", () => {
  let message = "";
  try {
    new FrameDecoder({ role: "client" }).transform(fromHex("81 00"), {
      enqueue() {
        throw new Error("Sink is full");
      },
    });
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(message, "Sink is full");
});

Deno.test("FrameDecoder is a Transformer for a TransformStream", async () => {
  const decoder = new FrameDecoder({ role: "client" });
  const stream = ReadableStream.from([fromHex("81 02 68"), fromHex("69")])
    .pipeThrough(new TransformStream<Uint8Array, Fragment>(decoder));
  const payloads: string[] = [];
  for await (const { payload } of stream) payloads.push(toHex(payload));
  assertEquals(payloads, ["68", "69"]);
});

for (const role of ROLES) {
  Deno.test(`FrameDecoder as ${role} says of every fragment whether its message is compressed (RFC 7692 6)`, () => {
    const frames: [first: number, length: number, compressed: boolean][] = [
      [0x41, 5, true], // RSV1, text
      [0x89, 3, false], // Ping
      [0x00, 0, true],
      [0x80, 7, true],
      [0x02, 4, false], // the next message is as it is
      [0x8a, 0, false],
      [0x80, 2, false],
      [0xc2, 0, true],
      [0x81, 1, false],
    ];
    const bytes = concat(
      frames.map(([first, length]) => peerFrame(role, first, new Uint8Array(length))),
    );
    const expected = frames.map(([first, , compressed]) => `${first & 0x0f} ${compressed}`);
    forEveryChunking(bytes, (chunks) => {
      const seen: string[] = [];
      const decoder = new FrameDecoder({ role, deflate: true });
      for (const { opcode, compressed, first } of collect(decoder, ...chunks)) {
        const line = `${opcode} ${compressed}`;
        if (first) seen.push(line);
        else assertEquals(line, seen.at(-1));
      }
      assertEquals(seen, expected);
    });
  });

  Deno.test(`FrameDecoder as ${role} refuses RSV1 where no message begins (RFC 7692 6)`, () => {
    for (const first of [0xc0, 0x40, 0xc8, 0xc9, 0xca]) {
      const bytes = concat([peerFrame(role, 0x41, NO_KEY), peerFrame(role, first, NO_KEY)]);
      const { error, frames } = collectFrames(new FrameDecoder({ role, deflate: true }), [bytes]);
      assertEquals([error, frames.length], ["RESERVED_BIT_SET", 1]);
    }
  });
}

Deno.test("FrameDecoder.isBetweenMessages tells when nothing is unfinished", () => {
  const frames = [
    rawFrame(0x01, new Uint8Array(2), KEY), // a message's first frame
    rawFrame(0x89, new Uint8Array(1), KEY), // a ping within the message
    rawFrame(0x80, new Uint8Array(300), KEY), // its last
    rawFrame(0x89, new Uint8Array(0), KEY),
  ];
  const bytes = concat(frames);
  const between = [0, bytes.length - frames[3]!.length, bytes.length];
  for (let end = 0; end <= bytes.length; end++) {
    const decoder = new FrameDecoder({ role: "server" });
    collect(decoder, bytes.slice(0, end));
    assertEquals(decoder.isBetweenMessages, between.includes(end), `After ${end} bytes`);
  }
});
