import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session } from "../../protocol/session.ts";
import { FrameDecoder } from "../../protocol/frame_decoder.ts";
import { PROTOCOL_ERRORS, ProtocolError, type ProtocolErrorCode } from "../../protocol/errors.ts";
import type { Role } from "../../protocol/frame_check.ts";
import { Opcode } from "../../protocol/opcode.ts";
import { forEveryChunking } from "../helpers/chunks.ts";
import { concat, fromBits, fromHex, toHex } from "../helpers/notation.ts";
import { headersOnly, peerFrame } from "../helpers/raw_frame.ts";
import { RecordingSession } from "../helpers/recording_session.ts";
import { CLOSE_CODES } from "../vectors/close_codes.ts";
import { type PeerFrame, SESSIONS } from "../vectors/messages.ts";
import { REFUSED } from "../vectors/refused_frames.ts";

const ROLES: readonly Role[] = ["server", "client"];
const TEXT = 0x81;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

function frameBytes({ bits, payload }: PeerFrame, role: Role): Uint8Array {
  return peerFrame(role, fromBits(bits, role)[0]!, fromHex(payload));
}

/** The Close frames that went out, as code and reason. */
function sentCloses({ sent }: RecordingSession): [number | undefined, string][] {
  return sent.filter(({ opcode }) => opcode === Opcode.Close).map(({ payload }) => [
    payload.length === 0 ? undefined : payload[0]! * 256 + payload[1]!,
    new TextDecoder().decode(payload.subarray(2)),
  ]);
}

for (const role of ROLES) {
  for (const { name, frames, log, state, closeCode } of SESSIONS) {
    Deno.test(`Session as ${role}: ${name}`, () => {
      const bytes = concat(frames.map((frame) => frameBytes(frame, role)));
      forEveryChunking(bytes, (chunks) => {
        const recording = new RecordingSession(role);
        recording.feed(...chunks);
        assertEquals(recording.log, log);
        assertEquals(recording.session.state, state);
        recording.session.receiveEof();
        assertEquals(recording.session.state, "closed");
        assertEquals(recording.session.closeStatus?.code, closeCode);
        assertEquals(recording.log, log, "Nothing happens at the end of the transport");
      });
    });
  }

  Deno.test(`Session as ${role} sends Close for each frame that is refused (7.1.7)`, () => {
    for (const vector of REFUSED) {
      if (vector.role !== undefined && vector.role !== role) continue;
      const bytes = headersOnly(vector.headers, role);
      const recording = new RecordingSession(role);
      recording.feed(bytes, peerFrame(role, PING, fromHex("61")));
      assertEquals(recording.log.at(-2), `error ${vector.code}`, vector.name);
      assertEquals(sentCloses(recording).map(([code]) => code), [PROTOCOL_ERRORS[vector.code]]);
      assertEquals(recording.session.state, "failed");
      assertEquals(recording.session.closedBy, "us");
    }
  });

  Deno.test(`Session as ${role} answers every code that may be received with the same (5.5.1, 7.4)`, () => {
    for (const { from, to, onWire, why } of CLOSE_CODES) {
      for (let code = from; code <= Math.min(to, 5_000); code++) {
        const recording = new RecordingSession(role);
        recording.feed(peerFrame(role, CLOSE, Uint8Array.of(code >> 8, code & 255)));
        const { session } = recording;
        const name = `${code} (${why})`;
        assertEquals(sentCloses(recording).map(([sent]) => sent), [onWire ? code : 1002], name);
        assertEquals(session.state, onWire ? "closed" : "failed", name);
        assertEquals(session.closeStatus?.code, onWire ? code : 1006, name);
        assertEquals(session.closedBy, onWire ? "peer" : "us", name);
      }
    }
  });

  Deno.test(`Session as ${role} keeps the longest reason (7.1.6)`, () => {
    const reason = "é".repeat(61) + "!";
    const payload = concat([fromHex("03e8"), new TextEncoder().encode(reason)]);
    assertEquals(payload.length, 125);
    forEveryChunking(peerFrame(role, CLOSE, payload), (chunks) => {
      const recording = new RecordingSession(role);
      recording.feed(...chunks);
      assertEquals(recording.session.receivedClose, { code: 1000, reason });
      assertEquals(recording.session.closeStatus, { code: 1000, reason });
      assertEquals(recording.session.sentClose, { code: 1000, reason });
    });
  });

  Deno.test(`Session as ${role} closed by us keeps both codes and both reasons (7.1.5, 7.1.6)`, () => {
    const recording = new RecordingSession(role);
    const { session } = recording;
    session.close(4001, "we go");
    assertEquals([session.state, session.closedBy], ["closing", "us"]);
    assertEquals(session.receivedClose, undefined);
    recording.feed(peerFrame(role, CLOSE, concat([fromHex("0fa2"), fromHex("6f6b")])));
    assertEquals([session.state, session.closedBy], ["closed", "us"]);
    assertEquals(session.sentClose, { code: 4001, reason: "we go" });
    assertEquals(session.receivedClose, { code: 4002, reason: "ok" });
    assertEquals(session.closeStatus, { code: 4002, reason: "ok" });
    // 5.5.1: the peer's Close was the answer; no second one is sent.
    assertEquals(sentCloses(recording), [[4001, "we go"]]);
  });

  Deno.test(`Session as ${role} closed by the peer keeps both codes, and who began (7.1.5)`, () => {
    const recording = new RecordingSession(role);
    const { session } = recording;
    recording.feed(peerFrame(role, CLOSE, concat([fromHex("0fa2"), fromHex("62 79 65")])));
    assertEquals([session.state, session.closedBy], ["closed", "peer"]);
    assertEquals(session.receivedClose, { code: 4002, reason: "bye" });
    assertEquals(session.sentClose, { code: 4002, reason: "bye" });
    session.close(1000, "too late");
    session.fail(new Error("Too late"));
    session.receiveEof();
    assertEquals(sentCloses(recording), [[4002, "bye"]]);
    assertEquals([session.state, session.closedBy], ["closed", "peer"]);
    assertEquals(session.sentClose, { code: 4002, reason: "bye" });
  });

  Deno.test(`Session as ${role} waits with its answer to a Close where it is to, and then sends nothing else (5.5.1)`, () => {
    const sent: number[] = [];
    const answers: (() => void)[] = [];
    const session = new Session({
      sendControl: (opcode) => sent.push(opcode),
      receivedPong: () => {},
      delaysAnswer: (answer) => answers.push(answer) > 0,
    });
    const decoder = new FrameDecoder({ role });
    const sink = { enqueue: session.receive.bind(session) };
    decoder.transform(peerFrame(role, CLOSE, concat([fromHex("0fa2"), fromHex("62 79 65")])), sink);
    assertEquals([session.state, session.closedBy, sent], ["answering", "peer", []]);
    assertEquals(session.receivedClose, { code: 4002, reason: "bye" });
    decoder.transform(peerFrame(role, PING, fromHex("61")), sink);
    session.close(1000);
    session.fail(new Error("Too late"));
    assertEquals([session.state, sent], ["answering", []]);
    answers[0]!();
    answers[0]!();
    assertEquals([session.state, sent], ["closed", [CLOSE & 15]]);
    assertEquals(session.sentClose, { code: 4002, reason: "bye" });
    const cut = new Session({
      sendControl: (opcode) => sent.push(opcode),
      receivedPong: () => {},
      delaysAnswer: (answer) => answers.push(answer) > 0,
    });
    new FrameDecoder({ role }).transform(peerFrame(role, CLOSE, new Uint8Array(0)), {
      enqueue: cut.receive.bind(cut),
    });
    cut.receiveEof();
    answers[1]!();
    assertEquals([cut.state, cut.sentClose, sent.length], ["closed", undefined, 1]);
  });

  Deno.test(`Session as ${role} is closed by us where we close before the answer (5.5.1)`, () => {
    const sent: number[] = [];
    const session: Session = new Session({
      sendControl: (opcode) => sent.push(opcode),
      receivedPong: () => {},
      delaysAnswer: () => {
        session.close(1013);
        return false;
      },
    });
    new FrameDecoder({ role }).transform(peerFrame(role, CLOSE, fromHex("03e8")), {
      enqueue: session.receive.bind(session),
    });
    assertEquals([session.state, session.closedBy, sent.length], ["closed", "us", 1]);
    assertEquals([session.sentClose?.code, session.closeStatus?.code], [1013, 1000]);
  });

  Deno.test(`Session as ${role} reads the answer to the Close of its own fault, and tells 1011 without one (7.1.5)`, () => {
    const recording = new RecordingSession(role);
    const { session } = recording;
    session.fail(new Error("Our own"));
    assertEquals(session.closeStatus, { code: 1011, reason: "" });
    recording.feed(peerFrame(role, TEXT, fromHex("61")), peerFrame(role, PING, fromHex("61")));
    recording.feed(peerFrame(role, CLOSE, fromHex("03f3")));
    assertEquals(recording.log, ["sent close 1011"]);
    assertEquals([session.state, session.closedBy], ["closed", "us"]);
    assertEquals(session.receivedClose, { code: 1011, reason: "" });
    const silent = new RecordingSession(role).session;
    silent.fail("Our own");
    silent.receiveEof();
    assertEquals(silent.closeStatus, { code: 1011, reason: "" });
  });

  Deno.test(`Session as ${role} answers no ping while it closes, but tells of pongs (5.5.1)`, () => {
    const recording = new RecordingSession(role);
    recording.session.close(1000);
    recording.feed(peerFrame(role, PING, fromHex("61")), peerFrame(role, PONG, fromHex("62")));
    assertEquals(recording.log, ["sent close 1000", "pong 62"]);
    assertEquals(recording.session.state, "closing");
  });

  Deno.test(`Session as ${role} hands out no message after it began to close`, () => {
    const recording = new RecordingSession(role);
    recording.feed(peerFrame(role, 0x01, fromHex("61")));
    recording.session.close(1001);
    recording.feed(
      peerFrame(role, 0x80, fromHex("62")), // ends the message that was under way
      peerFrame(role, TEXT, fromHex("63")),
      peerFrame(role, 0x82, fromHex("64")),
      peerFrame(role, CLOSE, fromHex("03e9")),
    );
    assertEquals(recording.log, ["sent close 1001"]);
    assertEquals(recording.session.state, "closed");
  });

  Deno.test(`Session as ${role} sends nothing for an error while it closes (5.5.1)`, () => {
    for (
      const bad of [
        peerFrame(role, CLOSE, fromHex("03")),
        fromHex("f1ff"),
      ]
    ) {
      const recording = new RecordingSession(role);
      const { session } = recording;
      session.close(1001, "going");
      recording.feed(bad, peerFrame(role, CLOSE, fromHex("03e9")));
      assertEquals(sentCloses(recording), [[1001, "going"]]);
      assertEquals([session.state, session.closedBy], ["failed", "us"]);
      assertEquals(session.closeStatus, { code: 1006, reason: "" });
      assertEquals(session.sentClose, { code: 1001, reason: "going" });
      session.receiveEof();
      assertEquals(session.state, "closed");
    }
  });

  Deno.test(`Session as ${role} does not look at messages that nobody gets while it closes`, () => {
    const recording = new RecordingSession(role);
    const { session } = recording;
    session.close(1001, "going");
    recording.feed(peerFrame(role, TEXT, fromHex("ff")), peerFrame(role, CLOSE, fromHex("03e9")));
    assertEquals([session.state, session.closeStatus?.code], ["closed", 1001]);
  });

  Deno.test(`Session as ${role} ignores the answer to a Close that an error sent (7.1.7)`, () => {
    const recording = new RecordingSession(role);
    const { session } = recording;
    session.fail(new ProtocolError("MESSAGE_TOO_BIG", "Message is larger than 5 bytes"));
    const decoder = new FrameDecoder({ role });
    decoder.transform(
      concat([
        peerFrame(role, CLOSE, fromHex("03f1")),
        peerFrame(role, TEXT, fromHex("61")),
        peerFrame(role, TEXT, fromHex("ff")),
        peerFrame(role, PING, fromHex("61")),
        peerFrame(role, PONG, fromHex("61")),
      ]),
      { enqueue: (fragment) => void session.receive(fragment) },
    );
    assertEquals(recording.log, ["sent close 1009"]);
    assertEquals(session.receivedClose, undefined);
    assertEquals(session.state, "failed");
  });

  Deno.test(`Session as ${role} holds messages to the limits (10.4)`, () => {
    const limits = { messageBytes: 5, messageFragments: 3 };
    const cases: [Uint8Array[], string[]][] = [
      [[peerFrame(role, TEXT, fromHex("61 61 61 61 61"))], ['text "aaaaa"']],
      [[peerFrame(role, TEXT, fromHex("61 61 61 61 61 61"))], [
        "error MESSAGE_TOO_BIG",
        "sent close 1009",
      ]],
      [
        Array.from({ length: 9 }, (_, i) => peerFrame(role, i === 0 ? 2 : 0, new Uint8Array(0))),
        ["error TOO_MANY_FRAGMENTS", "sent close 1008"],
      ],
    ];
    for (const [frames, log] of cases) {
      forEveryChunking(concat(frames), (chunks) => {
        const recording = new RecordingSession(role, limits);
        recording.feed(...chunks);
        assertEquals(recording.log, log);
      });
    }
  });
}

Deno.test("Session.closeStatus is absent while the connection is open, and 1006 until the peer closes", () => {
  const session = new Session({ sendControl: () => {}, receivedPong: () => {} });
  assertEquals(session.closeStatus, undefined);
  session.close(1000);
  assertEquals(session.closeStatus, { code: 1006, reason: "" });
});

Deno.test("Session is open at first, and nobody has closed it", () => {
  const { session } = new RecordingSession("server");
  assertEquals(session.state, "open");
  assertEquals(session.closedBy, undefined);
  assertEquals([session.sentClose, session.receivedClose], [undefined, undefined]);
  assertEquals(session.closeStatus, undefined);
});

Deno.test("Session.receiveEof() without a Close is 1006, and the peer's doing (7.1.5)", () => {
  const recording = new RecordingSession("server");
  const { session } = recording;
  session.receiveEof();
  assertEquals([session.state, session.closedBy], ["closed", "peer"]);
  assertEquals(session.closeStatus, { code: 1006, reason: "" });
  session.close(1000);
  session.fail(new Error("Too late"));
  session.receiveEof();
  assertEquals(recording.log, []);
  assertEquals([session.state, session.closedBy], ["closed", "peer"]);
  assertEquals(session.sentClose, undefined);
});

Deno.test("Session.receiveEof() while closing is 1006 too, but our doing (7.1.5)", () => {
  const recording = new RecordingSession("client");
  const { session } = recording;
  session.close(1000, "done");
  session.receiveEof();
  assertEquals([session.state, session.closedBy], ["closed", "us"]);
  assertEquals(session.sentClose, { code: 1000, reason: "done" });
  assertEquals(session.closeStatus, { code: 1006, reason: "" });
});

Deno.test("Session.receiveEof() in the middle of a message gives no message", () => {
  const recording = new RecordingSession("server");
  recording.feed(peerFrame("server", 0x01, fromHex("61")));
  recording.session.receiveEof();
  recording.feed(peerFrame("server", 0x80, fromHex("62")));
  assertEquals(recording.log, []);
});

Deno.test("Session.close() sends one Close, whatever comes after (5.5.1)", () => {
  const recording = new RecordingSession("server");
  const { session } = recording;
  session.close(1000, "first");
  session.close(1001, "second");
  session.close();
  session.fail(new ProtocolError("INVALID_UTF8", "Text message is not UTF-8"));
  session.fail(new Error("Boom"));
  session.close(1001);
  session.receiveEof();
  session.close(1001);
  assertEquals(sentCloses(recording), [[1000, "first"]]);
  assertEquals(session.sentClose, { code: 1000, reason: "first" });
});

Deno.test("Session.close() without a code sends no body, and is 1005 for us (7.1.5)", () => {
  const recording = new RecordingSession("server");
  recording.session.close();
  assertEquals(sentCloses(recording), [[undefined, ""]]);
  assertEquals(recording.session.sentClose, { code: 1005, reason: "" });
});

Deno.test("Session.close() refuses what may not be sent and stays open (7.4)", () => {
  const recording = new RecordingSession("server");
  const { session } = recording;
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536 + 1000, NaN]) {
    assertThrows(() => session.close(code), RangeError, `received ${code}`);
  }
  assertThrows(() => session.close(1000, "a".repeat(124)), RangeError, "124 bytes");
  assertThrows(() => session.close(undefined, "why"), RangeError, "needs a code");
  assertEquals([session.state, session.closedBy, recording.log.length], ["open", undefined, 0]);
  recording.feed(peerFrame("server", TEXT, fromHex("61")));
  assertEquals(recording.log, ['text "a"']);
});

Deno.test("Session.close() from inside the answer to a Close is harmless (5.5.1)", () => {
  const opcodes: number[] = [];
  const session: Session = new Session({
    sendControl(opcode) {
      opcodes.push(opcode);
      session.close(1000);
    },
    receivedPong() {},
  });
  session.close(1001);
  assertEquals(opcodes, [Opcode.Close]);
});

Deno.test("Session.fail() maps every code of PROTOCOL_ERRORS to its close code and sends the message (7.1.7)", () => {
  for (const code of Object.keys(PROTOCOL_ERRORS) as ProtocolErrorCode[]) {
    const recording = new RecordingSession("server");
    const { session } = recording;
    session.fail(new ProtocolError(code, "What is wrong"));
    assertEquals(sentCloses(recording), [[PROTOCOL_ERRORS[code], "What is wrong"]], code);
    assertEquals([session.state, session.closedBy], ["failed", "us"], code);
    assertEquals(session.sentClose, { code: PROTOCOL_ERRORS[code], reason: "What is wrong" }, code);
    assertEquals(session.closeStatus?.code, 1006, code);
  }
});

Deno.test("Session.fail() makes of an unexpected error 1011 without a reason", () => {
  for (const error of [new Error("secret"), new RangeError("secret"), "secret", undefined, null]) {
    const recording = new RecordingSession("server");
    recording.session.fail(error);
    assertEquals(sentCloses(recording), [[1011, ""]]);
    assertEquals(recording.session.sentClose, { code: 1011, reason: "" });
    assertEquals(recording.session.state, "closing");
  }
});

Deno.test("Session.fail() sends Close and fails even when the message is too long for a reason", () => {
  const recording = new RecordingSession("server");
  recording.session.fail(new ProtocolError("MESSAGE_TOO_BIG", "m".repeat(200)));
  assertEquals(sentCloses(recording).map(([code]) => code), [1009]);
});

Deno.test("Session.sentClose is what the frame said, a lone surrogate replaced (5.5.1)", () => {
  const recording = new RecordingSession("server");
  recording.session.close(1000, "\ud800");
  const [[, reason] = []] = sentCloses(recording);
  assertEquals(recording.session.sentClose?.reason, reason);
});

Deno.test("Session sends a Close for every error of the framing layer within 125 bytes (5.5)", () => {
  for (const role of ROLES) {
    for (const { name, frames, log } of SESSIONS) {
      if (!log.some((line) => line.startsWith("error"))) continue;
      const recording = new RecordingSession(role, {
        messageBytes: Number.MAX_SAFE_INTEGER,
        messageFragments: Number.MAX_SAFE_INTEGER,
      });
      recording.feed(concat(frames.map((frame) => frameBytes(frame, role))));
      const [close] = recording.sent.filter(({ opcode }) => opcode === Opcode.Close);
      assert(close!.payload.length > 2 && close!.payload.length <= 125, name);
      assert(!toHex(close!.payload).includes("0a"), "A reason is one line");
    }
  }
});

Deno.test("Session answers a ping with its payload while it is valid, and keeps none of it", () => {
  const payloads: Uint8Array[] = [];
  const session = new Session({
    sendControl: (_, payload) => payloads.push(payload),
    receivedPong: (payload) => payloads.push(payload),
  });
  const payload = fromHex("61 62");
  const rest = { fin: true, first: true, last: true, frameLength: 2, compressed: false, payload };
  assertEquals(session.receive({ opcode: Opcode.Ping, ...rest }), undefined);
  assertEquals(session.receive({ opcode: Opcode.Pong, ...rest }), undefined);
  assertEquals(payloads, [payload, payload]);
});

Deno.test("Session.heldBytes are none once it has left the open state, however it did", () => {
  const begun = Uint8Array.of(0x01, 0x03, 0x61, 0x61, 0x61);
  const leave: ((session: Session) => void)[] = [
    (session) => session.close(1000),
    (session) => session.fail(new Error()),
    (session) => session.receiveEof(),
    (session) =>
      new FrameDecoder({ role: "client" }).transform(Uint8Array.of(0x88, 0), {
        enqueue: (fragment) => session.receive(fragment),
      }),
  ];
  for (const end of leave) {
    const session = new Session({ sendControl: () => {}, receivedPong: () => {} });
    new FrameDecoder({ role: "client" }).transform(begun, {
      enqueue: (fragment) => session.receive(fragment),
    });
    assert(session.heldBytes >= 3);
    end(session);
    assertEquals(session.heldBytes, 0);
  }
});
