import { setImmediate } from "node:timers";
import type { EchoSample } from "./latency.ts";
import type { LatencyOptions } from "./result.ts";

/** After the last message its answer may take this many milliseconds. */
const PATIENCE = 2_000;

/** Marks our messages among what a server may send besides. */
const MAGIC = 0x34_74_75_70;

/** What messages are sent through: a `ClientSocket`. */
export interface EchoSocket {
  /** Sends a binary message of at most 125 bytes. */
  send(payload: Uint8Array): void;
  /** Sends small messages at once. */
  setNoDelay(noDelay: boolean): unknown;
}

/** What sends messages and hears the answers. */
export interface EchoPeers {
  /** Connections that are open. */
  readonly sockets: Iterable<EchoSocket>;
  /** Gets each message as long as it is set. */
  onmessage: ((payload: Uint8Array) => void) | undefined;
}

/**
 * Measures how long echoes take. Each message has a time at which it is to be sent, whatever became
 * of those before it, and its delay counts from then: a server that stands still for a while makes
 * all messages of that while late, as it would real ones.
 *
 * The loop polls instead of setting timers, which are exact to a millisecond only, so it takes a
 * whole core meanwhile.
 *
 * @param peers The connections.
 * @param options How many take part, how often and how long.
 * @param clock The time in milliseconds.
 * @returns What was measured.
 */
export async function measureEcho(
  peers: EchoPeers,
  { connections, perSecond, seconds }: LatencyOptions,
  clock: () => number = () => performance.now(),
): Promise<EchoSample> {
  const sockets: EchoSocket[] = [];
  for (const socket of peers.sockets) {
    if (sockets.length === connections) break;
    socket.setNoDelay(true);
    sockets.push(socket);
  }
  if (sockets.length === 0) return { connections: 0, sent: 0, delays: [] };
  const total = Math.max(1, Math.round(perSecond * seconds));
  const began = clock();
  const dueAt = (index: number): number => began + index * 1_000 / perSecond;
  const delays: number[] = [];
  const seen = new Uint8Array(total);
  peers.onmessage = (payload) => {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (payload.byteLength !== 8 || view.getUint32(0) !== MAGIC) return;
    const index = view.getUint32(4);
    if (seen[index] !== 0) return; // a server that answers twice, or to everybody
    seen[index] = 1;
    delays.push(clock() - dueAt(index));
  };
  const message = new DataView(new ArrayBuffer(8));
  message.setUint32(0, MAGIC);
  let sent = 0;
  const end = dueAt(total - 1) + PATIENCE;
  while (delays.length < total && clock() < end) {
    const now = clock();
    for (; sent < total && dueAt(sent) <= now; sent++) {
      message.setUint32(4, sent);
      sockets[sent % sockets.length]!.send(new Uint8Array(message.buffer));
    }
    await nextTurn();
  }
  peers.onmessage = undefined;
  return { connections: sockets.length, sent, delays };
}

/** Resolves when the event loop has looked at the sockets once. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
