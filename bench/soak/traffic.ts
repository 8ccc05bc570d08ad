import { Opcode } from "../../protocol/mod.ts";

/** Most messages are at most so long, short ones more often than long ones. */
const USUAL = 64 * 1024;

/** Now and then, one is as long as the server takes by default. */
const LONGEST = 1_048_576;
const MAX_SHARE = 1 / 200;

/** Every so many messages, one is sent in three frames. */
const FRAGMENTED_SHARE = 1 / 8;

/** Characters of one to four bytes in UTF-8. */
const UNIT = "aé€😀";
const UNIT_ENDS = [0, 1, 3, 6, 10];
const UNIT_BYTES = 10;

const TEXT = new TextEncoder().encode(UNIT.repeat(Math.ceil(LONGEST / UNIT_BYTES)));
const BINARY = patternOf(2 * LONGEST);

/** A message to be echoed; its payload is a view on bytes that all messages share. */
export interface EchoMessage {
  readonly opcode: typeof Opcode.Text | typeof Opcode.Binary;
  readonly payload: Uint8Array;
  /** In how many frames it is sent. */
  readonly frames: number;
}

/**
 * Makes a message of a size that is drawn.
 *
 * @param random Draws from 0 to 1.
 */
export function drawMessage(random: () => number = Math.random): EchoMessage {
  const length = random() < MAX_SHARE ? LONGEST : Math.floor(USUAL ** random());
  return messageOf(length, random);
}

/**
 * Makes a message: text or binary, in one frame or three.
 *
 * @param length Its bytes; a text is up to three shorter, so that it ends with a whole character.
 * @param random Draws from 0 to 1.
 */
export function messageOf(length: number, random: () => number = Math.random): EchoMessage {
  const frames = random() < FRAGMENTED_SHARE ? 3 : 1;
  if (random() < 0.5) {
    const rest = length % UNIT_BYTES;
    const end = length - rest + UNIT_ENDS.findLast((place) => place <= rest)!;
    return { opcode: Opcode.Text, payload: TEXT.subarray(0, end), frames };
  }
  // From another place each time, so that an echo of another message is not taken for this one's.
  const start = Math.floor(random() * (BINARY.length - length));
  return { opcode: Opcode.Binary, payload: BINARY.subarray(start, start + length), frames };
}

/** Bytes that do not repeat soon: of a linear congruential generator. */
function patternOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
