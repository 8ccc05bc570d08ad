import { assert, assertEquals } from "@std/assert";
import { NaiveDecoder } from "../../../bench/micro/naive_decoder.ts";
import { type Role, serializeClosePayload, type Session } from "../../../protocol/mod.ts";
import { forEveryChunking } from "../../helpers/chunks.ts";
import { concat, toHex } from "../../helpers/notation.ts";
import type { Random } from "../../helpers/random.ts";
import { randomWire } from "../../helpers/random_wire.ts";
import { RecordingSession } from "../../helpers/recording_session.ts";
import { codeOf } from "../outcome.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

/** So small that inputs reach each of them. */
const LIMITS = { messageBytes: 2_000, messageFragments: 6 };

/** What the owner of a connection does while bytes come. */
type Action = (session: Session) => void;

/** An action, and the byte ahead of which it is done. */
interface Step {
  readonly at: number;
  readonly act: Action;
}

function randomAction(random: Random): Action {
  const code = random.pick([undefined, 1000, 1001, 1005, 4999, 5000, random.below(6_000)]);
  const reason = random.pick(["", "", "going", "\u20ac".repeat(41), "\u20ac".repeat(42)]);
  switch (random.below(5)) {
    case 0:
    case 1:
      return (session) => close(session, code, reason);
    case 2:
      return (session) => session.fail(new Error("internal: not for the wire"));
    case 3:
      return (session) => session.receiveEof();
    default:
      return (session) => session.rest();
  }
}

/** Closes; what may not be sent is refused, whatever the state. */
function close(session: Session, code: number | undefined, reason: string): void {
  let refused = false;
  try {
    serializeClosePayload(code, reason);
  } catch {
    refused = true;
  }
  try {
    session.close(code, reason);
  } catch (error) {
    assertEquals(codeOf(error, RangeError), "RangeError");
    assert(refused, `close(${code}, ${JSON.stringify(reason)}) was refused`);
    return;
  }
  assert(!refused, `close(${code}, ${JSON.stringify(reason)}) was taken`);
}

/** Feeds what lies between two steps in its chunks, and takes the step at each border. */
function play(role: Role, pieces: readonly Uint8Array[][], steps: readonly Step[]) {
  const recording = new RecordingSession(role, LIMITS);
  for (const [index, chunks] of pieces.entries()) {
    // It lets nothing but ProtocolError through.
    recording.feed(...chunks);
    steps[index]?.act(recording.session);
    void recording.log; // writes down the frames that it sent, before more bytes come
  }
  recording.session.receiveEof();
  return recording;
}

/** A session behind a decoder, with what its owner does in between. */
function sessionTarget(role: Role): FuzzTarget {
  return {
    name: `session-as-${role}`,
    make: (random) => randomWire(role, random),
    check(input, random) {
      const steps = Array.from({ length: random.pick([0, 0, 1, 1, 2, 4]) }, (): Step => ({
        at: random.below(input.length + 1),
        act: randomAction(random),
      })).sort((a, b) => a.at - b.at);
      const borders = [0, ...steps.map(({ at }) => at), input.length];
      const parts = borders.slice(1).map((to, index) => input.subarray(borders[index]!, to));
      const expected = play(role, parts.map((part) => [part.slice()]), steps);
      const { log, session } = expected;
      forEveryChunking(input, (chunks) => {
        const actual = play(role, cutAt(chunks, borders), steps);
        assertSame(actual.log, log);
        assertSame(endOf(actual.session), endOf(session));
      }, [random.below(1_000), random.below(1_000)]);
      checkOrder(expected);
      const fault = log.find((line) => line.startsWith("error "));
      if (role === "server" && steps.length === 0 && fault === undefined) checkTwin(log, input);
      return fault?.slice("error ".length) ?? (session.sentClose === undefined ? "open" : "closed");
    },
  };
}

/** How a session ended. */
function endOf({ closeStatus, sentClose, closedBy }: Session): object {
  return { closeStatus, sentClose, closedBy };
}

/** Cuts chunks where a step is taken, and puts together what lies between two of them. */
function cutAt(chunks: readonly Uint8Array[], borders: readonly number[]): Uint8Array[][] {
  const pieces: Uint8Array[][] = borders.slice(1).map(() => []);
  let at = 0;
  for (const chunk of chunks) {
    for (const [index, piece] of pieces.entries()) {
      const from = Math.max(borders[index]!, at);
      const to = Math.min(borders[index + 1]!, at + chunk.length);
      if (from < to) piece.push(chunk.subarray(from - at, to - at));
    }
    at += chunk.length;
  }
  return pieces;
}

/** RFC 6455 5.5.1: one Close at most, and behind it nothing is sent and no message handed out. */
function checkOrder({ log, sent, session }: RecordingSession): void {
  assertEquals(session.state, "closed");
  const closes = log.filter((line) => line.startsWith("sent close"));
  assert(closes.length <= 1, closes.join());
  const after = closes.length === 0 ? [] : log.slice(log.indexOf(closes[0]!) + 1);
  assertSame(after.filter((line) => /^(?:sent|text|binary)/.test(line)), []);
  for (const { payload } of sent) {
    assert(payload.length <= 125);
    assert(!new TextDecoder().decode(payload).includes("not for the wire"));
  }
}

/** The twin's messages: all payloads of one behind each other. */
function checkTwin(log: readonly string[], input: Uint8Array): void {
  const twins: string[] = [];
  let payloads: Uint8Array[] = [];
  let text = false;
  for (const { fin, opcode, payload } of new NaiveDecoder().push(input)) {
    if (opcode === 8) break;
    if (opcode > 8) continue;
    if (opcode !== 0) text = opcode === 1;
    payloads.push(payload);
    if (!fin) continue;
    const bytes = concat(payloads);
    payloads = [];
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    twins.push(text ? `text ${JSON.stringify(decoder.decode(bytes))}` : `binary ${toHex(bytes)}`);
  }
  const messages = log.filter((line) => /^(?:text|binary)/.test(line));
  assertSame(messages, twins.map((twin) => twin.trim()));
}

/** The server's side. */
export const sessionAsServer: FuzzTarget = sessionTarget("server");

/** The client's side. */
export const sessionAsClient: FuzzTarget = sessionTarget("client");
