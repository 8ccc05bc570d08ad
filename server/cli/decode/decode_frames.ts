/**
 * Takes bytes apart into frames, and says of the first that breaks a rule which rule it is.
 *
 * @module
 */

import {
  applyMask,
  type CloseStatus,
  type Fragment,
  FrameDecoder,
  isControl,
  type Message,
  MessageAssembler,
  Opcode,
  parseClosePayload,
  ProtocolError,
  type ProtocolErrorCode,
  type Role,
} from "../../../protocol/mod.ts";
import type { MessageInflater } from "./decode_inflate.ts";

/** The sections that have the rules: of RFC 6455, where no other is named. */
export const RULE_SECTIONS: Readonly<Record<ProtocolErrorCode, string>> = {
  RESERVED_BIT_SET: "5.2",
  RESERVED_OPCODE: "5.2",
  MASK_MISSING: "5.1",
  MASK_FORBIDDEN: "5.1",
  CONTROL_FRAGMENTED: "5.5",
  CONTROL_TOO_LONG: "5.5",
  LENGTH_NOT_MINIMAL: "5.2",
  LENGTH_TOP_BIT_SET: "5.2",
  CONTINUATION_UNEXPECTED: "5.4",
  CONTINUATION_EXPECTED: "5.4",
  MESSAGE_TOO_BIG: "7.4.1",
  TOO_MANY_FRAGMENTS: "10.4",
  INFLATE_FAILED: "RFC 7692 7.2.2",
  INVALID_UTF8: "8.1",
  CLOSE_PAYLOAD_TOO_SHORT: "5.5.1",
  CLOSE_CODE_INVALID: "7.4",
  CLOSE_REASON_INVALID: "5.5.1",
};

/** The input is bounded already, so a message has no bounds of its own. */
const NO_LIMITS = { messageBytes: Infinity, messageFragments: Infinity };

/** The header of a frame as it stands there, whatever the rules say (RFC 6455 5.2). */
export interface FrameHeader {
  /** Whether the frame is the last of its message. */
  readonly fin: boolean;
  /** RSV1 to RSV3. */
  readonly reserved: readonly [boolean, boolean, boolean];
  /** The opcode, 0 to 15. */
  readonly opcode: number;
  /** MASK; absent when the input ends before. */
  readonly masked?: boolean;
  /** The seven bits of length: the length itself, or 126 or 127; absent when the input ends before. */
  readonly shortLength?: number;
  /** The two or eight bytes of length after them, as far as they are there. */
  readonly extendedLength: Uint8Array;
  /** The length of the payload; absent when the input ends before. */
  readonly length?: bigint;
  /** The masking key, as far as it is there. */
  readonly key: Uint8Array;
  /** How long the header is, all bytes counted that its beginning calls for. */
  readonly size: number;
}

/** A frame, and what it means. */
export interface DecodedFrame {
  /** Counts up from 1. */
  readonly number: number;
  /** Where it begins in the input, in bytes. */
  readonly offset: number;
  /** Its bytes as they came, as far as they are there; a view on the input. */
  readonly wire: Uint8Array;
  /** Its header. */
  readonly header: FrameHeader;
  /** Its payload, unmasked, as far as it is there; empty while the header is not complete. */
  readonly payload: Uint8Array;
  /** Of a data frame, the message it belongs to. */
  readonly message?: {
    /** Counts up from 1. */
    readonly number: number;
    /** Which of its frames this is, from 1. */
    readonly fragment: number;
    /** Payload bytes of its frames so far, this one included. */
    readonly bytes: number;
    /** Whether it is text; binary otherwise. */
    readonly text: boolean;
  };
  /** Of the last frame of a message, all of it, inflated where it was compressed. */
  readonly whole?: Message;
  /** Whether the payload belongs to a compressed message (RFC 7692 6). */
  readonly compressed?: true;
  /** Of the last frame of a compressed message, why it could not be inflated. */
  readonly inflateProblem?: string;
  /** Of a control frame between the frames of a message, that message's number. */
  readonly within?: number;
  /** Of a Close frame, what it says. */
  readonly close?: CloseStatus;
  /** Whether it comes after a Close frame, where nobody reads it (RFC 6455 5.5.1). */
  readonly afterClose: boolean;
  /** The rule it breaks; nothing after it is read. */
  readonly broken?: ProtocolError;
  /** What is missing of it at the end of the input. */
  readonly missing?: {
    /** How many bytes. */
    readonly bytes: bigint;
    /** Whether there are more, as its length is missing too. */
    readonly atLeast: boolean;
  };
}

/**
 * Says whose frames these are by the first of them: masked ones are for a server.
 *
 * @param bytes Frames.
 * @returns The role of who reads them.
 */
export function roleOf(bytes: Uint8Array): Role {
  return (bytes[1] ?? 0) >= 0x80 ? "server" : "client";
}

/**
 * Takes bytes apart into frames.
 *
 * @param bytes The bytes, which are not changed.
 * @param role The role of who reads them.
 * @param inflater Inflates compressed messages; without it, RSV1 breaks a rule.
 * @returns The frames in order, each made when it is asked for. The last one may break a rule, or end too early.
 */
export function* decodeFrames(
  bytes: Uint8Array,
  role: Role,
  inflater?: MessageInflater,
): Generator<DecodedFrame> {
  const reader = new FrameReader(role, inflater);
  let number = 0;
  for (let offset = 0; offset < bytes.length;) {
    const frame = reader.read(bytes, offset, ++number);
    yield frame;
    if (frame.broken !== undefined) return;
    offset += frame.wire.length;
  }
}

/** Reads one frame after the other, as an endpoint does. */
class FrameReader {
  readonly #decoder: FrameDecoder;
  readonly #assembler = new MessageAssembler();
  readonly #inflater: MessageInflater | undefined;
  /** The payloads of an unfinished message that is compressed, in pieces. */
  #compressed: Uint8Array<ArrayBuffer>[] = [];
  #compressedOpcode: Fragment["opcode"] = Opcode.Text;
  #message = { number: 0, fragment: 0, bytes: 0, text: false };
  /** Whether the message is unfinished. */
  #inMessage = false;
  #closed = false;

  constructor(role: Role, inflater: MessageInflater | undefined) {
    this.#inflater = inflater;
    this.#decoder = new FrameDecoder({ role, limits: NO_LIMITS, deflate: inflater !== undefined });
  }

  read(bytes: Uint8Array, offset: number, number: number): DecodedFrame {
    const header = parseHeader(bytes, offset);
    const { size, length = 0n, key } = header;
    const end = BigInt(offset + size) + length;
    const wire = bytes.subarray(offset, end < bytes.length ? Number(end) : bytes.length);
    const payload = wire.slice(size);
    if (key.length === 4) applyMask(payload, new DataView(key.buffer, key.byteOffset).getInt32(0));
    const frame = { number, offset, wire, header, payload, afterClose: this.#closed };
    try {
      return { ...frame, ...this.#interpret(frame), ...missingOf(frame) };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { ...frame, broken: error };
    }
  }

  #interpret({ wire, header, payload }: DecodedFrame): Partial<DecodedFrame> {
    let whole: Message | undefined;
    let close: CloseStatus | undefined;
    let compressed = false as boolean;
    let inflateProblem: string | undefined;
    // A copy, as the decoder unmasks in place.
    this.#decoder.transform(wire.slice(), {
      enqueue: (fragment) => {
        compressed = fragment.compressed;
        if (compressed) {
          const inflated = this.#inflate(fragment);
          if (typeof inflated === "string") inflateProblem = inflated;
          else if (inflated !== undefined) whole = this.#assembler.push(inflated);
        } else if (!isControl(fragment.opcode)) whole = this.#assembler.push(fragment);
        else if (fragment.opcode === Opcode.Close) close = parseClosePayload(fragment.payload);
      },
    });
    if (close !== undefined) this.#closed = true;
    if (isControl(header.opcode)) {
      return {
        ...this.#inMessage && { within: this.#message.number },
        ...close !== undefined && { close },
      };
    }
    const { number, fragment, bytes, text } = this.#message;
    this.#message = header.opcode === Opcode.Continuation
      ? { number, fragment: fragment + 1, bytes: bytes + payload.length, text }
      : {
        number: number + 1,
        fragment: 1,
        bytes: payload.length,
        text: header.opcode === Opcode.Text,
      };
    this.#inMessage = !header.fin;
    return {
      message: this.#message,
      ...whole !== undefined && { whole },
      ...compressed && { compressed: true as const },
      ...inflateProblem !== undefined && { inflateProblem },
    };
  }

  /** Keeps a part of a compressed message; of the last part makes all of it, or says why it cannot. */
  #inflate(fragment: Fragment): Fragment | string | undefined {
    const { opcode, first, fin, last, payload } = fragment;
    if (first && opcode !== Opcode.Continuation) {
      this.#compressed = [];
      this.#compressedOpcode = opcode;
    }
    this.#compressed.push(payload.slice());
    if (!fin || !last) return undefined;
    const inflated = this.#inflater!.inflate(this.#compressed);
    this.#compressed = [];
    if (typeof inflated === "string") return inflated;
    return {
      opcode: this.#compressedOpcode,
      fin: true,
      first: true,
      last: true,
      frameLength: inflated.length,
      payload: inflated,
      compressed: false,
    };
  }
}

function parseHeader(bytes: Uint8Array, offset: number): FrameHeader {
  const first = bytes[offset]!;
  const second = bytes[offset + 1];
  const bit = (mask: number): boolean => (first & mask) !== 0;
  const start = {
    fin: bit(0x80),
    reserved: [bit(0x40), bit(0x20), bit(0x10)],
    opcode: first & 0x0f,
  } as const;
  const none = new Uint8Array(0);
  if (second === undefined) return { ...start, extendedLength: none, key: none, size: 2 };
  const masked = second >= 0x80;
  const shortLength = second & 0x7f;
  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
  const keyAt = offset + 2 + lengthBytes;
  const extendedLength = bytes.subarray(offset + 2, keyAt);
  const length = extendedLength.length < lengthBytes
    ? undefined
    : lengthBytes === 0
    ? BigInt(shortLength)
    : extendedLength.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  const key = masked ? bytes.slice(keyAt, keyAt + 4) : none;
  const size = 2 + lengthBytes + (masked ? 4 : 0);
  return {
    ...start,
    masked,
    shortLength,
    extendedLength,
    ...length !== undefined && { length },
    key,
    size,
  };
}

function missingOf({ wire, header }: DecodedFrame): Pick<DecodedFrame, "missing"> {
  const { size, length } = header;
  const bytes = BigInt(size) + (length ?? 0n) - BigInt(wire.length);
  return bytes > 0n ? { missing: { bytes, atLeast: length === undefined } } : {};
}
