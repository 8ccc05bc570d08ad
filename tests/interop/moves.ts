import { createHash } from "node:crypto";

/**
 * One move of a case. A string is something that the client must see happen before it goes on, and
 * everything else is something that it does. A string that ends in … stands for all that begin so.
 */
export type Move =
  | string
  | { text: string; times?: number }
  /** So many bytes of the pattern 0, 1, 2 … 250, 0, 1 …, which no power of two repeats. */
  | { binary: number }
  /** One message in several frames: texts, or lengths of binary ones; between them pings. */
  | { fragments: readonly (string | number)[]; between?: string }
  | { ping: string }
  | { pong: string }
  /** Bytes in hex, put on the wire as they are. The masking key of their frames is zero. */
  | { raw: string }
  | { close: [code?: number, reason?: string] };

/** What not every client can do. */
export type Skill =
  /** Send frames of any kind and bytes that are none, see pongs, and tell the status of a refusal. */
  | "frames"
  /** Keep a byte order mark at the start of a text; Node's class drops it. */
  | "BOM";

/** A connection from its handshake to its end; sometimes more than one. */
export interface Case {
  /** What the server does, to be read behind "Fourtuple". */
  readonly name: string;
  /** Without it every client can play the case. */
  readonly needs?: Skill;
  /** Which of the servers of servers.ts; `plain` without it. */
  readonly server?: "plain" | "large" | "pinging";
  /** The path and query of the request; `/` without it, where everything is echoed. */
  readonly target?: string;
  /** The subprotocols that the client offers. */
  readonly protocols?: readonly string[];
  /** What is done and seen, in order. */
  readonly moves: readonly Move[];
  /** The moves of further clients, which play at the same time. */
  readonly others?: readonly (readonly Move[])[];
  /** How the one connection ended as the server's `close` handler saw it. */
  readonly ended?: string;
}

/** The end of most cases. Our answer to a Close is its code (RFC 6455 5.5.1) and its reason. */
export const BYE: readonly Move[] = [{ close: [1000, "bye"] }, 'close 1000 "bye"'];

/** Sends a text, several times in one message if told so, and sees it come back. */
export function echoText(text: string, times = 1): Move[] {
  return [{ text, times }, seenText(text.repeat(times))];
}

/** Sends a binary message and sees it come back. */
export function echoBinary(size: number): Move[] {
  return [{ binary: size }, seenBinary(size)];
}

/** The arrival of a text, as clients tell it. */
export function seenText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= 64 ? `text "${text}"` : seenBytes("text", [bytes]);
}

/** The arrival of a binary message that was sent in pieces of these lengths. */
export function seenBinary(...sizes: number[]): string {
  const pieces = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => at % 251));
  return seenBytes("binary", pieces);
}

function seenBytes(type: string, pieces: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return `${type} of ${length} bytes, ${hash.digest("hex").slice(0, 16)}`;
}
