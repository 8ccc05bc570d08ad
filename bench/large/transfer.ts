import { createHash } from "node:crypto";
import { connect, type IncomingStream } from "../../mod.ts";
import { Samples } from "../soak/samples.ts";
import { ROOT } from "../throughput/contestants.ts";
import { portOf } from "../throughput/measure.ts";
import { residentBytes } from "../throughput/process_stat.ts";
import type { Subprocesses } from "../throughput/subprocess.ts";

/** The ways of a large message: on to another client by `--app relay`, or back to its sender. */
export const WAYS = ["relay", "echo"] as const;

/** One of {@linkcode WAYS}. */
export type Way = typeof WAYS[number];

/** What was seen of one message on its way. */
export interface Transfer {
  readonly way: Way;
  /** Its length. */
  readonly bytes: number;
  /** How long it took, from the first byte sent to the last one received. */
  readonly seconds: number;
  /** Whether it came as it was sent, by SHA-256. */
  readonly isSame: boolean;
  /** The server's resident memory over time: seconds since the first byte, and bytes. */
  readonly resident: readonly (readonly [seconds: number, bytes: number])[];
}

/** Milliseconds between two looks at the memory. */
const INTERVAL = 100;

/** A piece of the message, which becomes a frame. */
const PIECE = 65_536;

const ANY = Number.MAX_SAFE_INTEGER;
const COMMANDS: Record<Way, readonly string[]> = {
  relay: ["server/main.ts", "serve", "--app", "relay", "--port", "0"],
  echo: ["bench/large/echo.ts"],
};

/**
 * Sends one message through a server of its own, and looks at that server's memory meanwhile.
 *
 * @param way Which way it goes.
 * @param bytes Its length.
 * @param processes Who starts the server.
 * @throws {Error} Where the server or a connection ends before.
 */
export async function transfer(
  way: Way,
  bytes: number,
  processes: Subprocesses,
): Promise<Transfer> {
  const command = [Deno.execPath(), "run", "-A", ...COMMANDS[way]];
  await using server = processes.start(command, { cwd: ROOT.pathname });
  const url = `ws://127.0.0.1:${await portOf(server)}/?name=bench`;
  const limits = { messageBytes: ANY, messageFragments: ANY };
  await using sender = await connect(url, { limits });
  await using receiver = way === "relay" ? await connect(url, { limits }) : sender;
  // Who has answered a ping has come in.
  await receiver.measureRoundTrip();
  const samples = new Samples<Transfer["resident"][number]>();
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  const look = () => samples.push([elapsed(), residentBytes(server.pid)]);
  look();
  const timer = setInterval(look, INTERVAL);
  try {
    const [sent, received] = [createHash("sha256"), createHash("sha256")];
    const [outcome] = await Promise.all([
      sender.send(messageOf(bytes, sent)),
      receive(receiver.messages({ stream: true }), way, received),
    ]);
    if (outcome !== "sent") throw new Error("The connection ended before the message");
    const seconds = elapsed();
    look();
    const isSame = sent.digest("hex") === received.digest("hex");
    return { way, bytes, seconds, isSame, resident: samples.all };
  } finally {
    clearInterval(timer);
  }
}

type Hash = ReturnType<typeof createHash>;

/** A message that is made while it is sent, with no two pieces alike. */
function messageOf(bytes: number, hash: Hash): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const piece = new Uint8Array(Math.min(PIECE, left)).fill(left % 251);
      if (piece.length >= 8) new DataView(piece.buffer).setFloat64(0, left);
      left -= piece.length;
      hash.update(piece);
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  }, { highWaterMark: 0 });
}

/** Reads one message; in front of it a relay puts one byte of length and the sender's name. */
async function receive(
  messages: AsyncIterable<IncomingStream>,
  way: Way,
  hash: Hash,
): Promise<void> {
  for await (const { readable } of messages) {
    let name: number | undefined = way === "relay" ? undefined : 0;
    for await (const piece of readable) {
      name ??= 1 + piece[0]!;
      const skipped = Math.min(name, piece.length);
      name -= skipped;
      hash.update(piece.subarray(skipped));
    }
    return;
  }
}
