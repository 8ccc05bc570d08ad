/**
 * Says what a decoded frame means: for a person, and as data for programs.
 *
 * @module
 */

import { encodeHex as encodeHexUntyped } from "@std/encoding/hex";
import { CloseCode, frameName, isControl, Opcode } from "../../../protocol/mod.ts";
import { jsonLine } from "../../escape.ts";
import { type DecodedFrame, RULE_SECTIONS } from "./decode_frames.ts";

const encodeHex: (bytes: Uint8Array) => string = encodeHexUntyped;

/** A frame as `fourtuple decode --json` writes it. */
export interface FrameRecord {
  /** Counts up from 1. */
  readonly frame: number;
  /** Where it begins in the input, in bytes. */
  readonly offset: number;
  /** How many of its bytes are there. */
  readonly bytes: number;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  readonly opcode: number;
  /** The opcode's name; `reserved` for those that RFC 6455 does not define. */
  readonly name: string;
  /** Absent, as all below, where the input ends before. */
  readonly masked?: boolean;
  /** In how many bits the length is written: 7, 16 or 64. */
  readonly lengthBits?: number;
  /** The length of the payload; rounded beyond 2^53. */
  readonly length?: number;
  /** The masking key as hex digits. */
  readonly key?: string;
  /** The first bytes of the payload, unmasked, as hex digits. */
  readonly hex: string;
  /** The same as text, in frames of text messages. */
  readonly text?: string;
  /** Its message is compressed: `hex` is what was on the wire, and there is no `text`. */
  readonly compressed?: true;
  /** Of the last frame of a compressed message, all of it: its first bytes, as `hex` and `text` are. */
  readonly inflated?: { readonly bytes: number; readonly hex: string; readonly text?: string };
  /** Of the same, why it could not be inflated. */
  readonly inflateProblem?: string;
  /** Of a Close frame. */
  readonly close?: { readonly code: number; readonly name: string; readonly reason: string };
  /** Of a data frame, the message it belongs to; of a control frame, the one it comes in the middle of. */
  readonly message?: number;
  /** Of a data frame, which of its message's frames it is, from 1. */
  readonly fragment?: number;
  /** It comes after a Close frame, where nobody reads it. */
  readonly afterClose?: true;
  /** The rule it breaks. */
  readonly broken?: {
    readonly code: string;
    readonly message: string;
    /** The section of RFC 6455. */
    readonly section: string;
    /** The close code that an endpoint answers with. */
    readonly closeCode: number;
  };
  /** How many of its bytes are missing, at least; rounded beyond 2^53. */
  readonly missing?: number;
}

/**
 * Makes a record of a frame.
 *
 * @param frame The frame.
 * @param payloadBytes The most bytes of payload that are shown.
 */
export function recordOf(frame: DecodedFrame, payloadBytes: number): FrameRecord {
  const { header, close, broken, missing } = frame;
  const [rsv1, rsv2, rsv3] = header.reserved;
  const message = frame.message?.number ?? frame.within;
  const text = textOf(frame, payloadBytes);
  const inflated = inflatedOf(frame, payloadBytes);
  return {
    frame: frame.number,
    offset: frame.offset,
    bytes: frame.wire.length,
    fin: header.fin,
    rsv1,
    rsv2,
    rsv3,
    opcode: header.opcode,
    name: nameOf(header.opcode),
    ...header.masked !== undefined && { masked: header.masked },
    ...header.shortLength !== undefined && { lengthBits: lengthBits(header.shortLength) },
    ...header.length !== undefined && { length: Number(header.length) },
    ...header.key.length === 4 && { key: encodeHex(header.key) },
    hex: encodeHex(frame.payload.subarray(0, payloadBytes)),
    ...text !== undefined && { text },
    ...frame.compressed && { compressed: true },
    ...inflated !== undefined && { inflated },
    ...frame.inflateProblem !== undefined && { inflateProblem: frame.inflateProblem },
    ...close !== undefined && { close: { ...close, name: closeName(close.code) } },
    ...message !== undefined && { message },
    ...frame.message !== undefined && { fragment: frame.message.fragment },
    ...frame.afterClose && { afterClose: true },
    ...broken !== undefined && {
      broken: {
        code: broken.code,
        message: broken.message,
        section: RULE_SECTIONS[broken.code],
        closeCode: broken.closeCode,
      },
    },
    ...missing !== undefined && { missing: Number(missing.bytes) },
  };
}

/**
 * Writes what a frame means.
 *
 * @param frame The frame.
 * @param payloadBytes The most bytes of payload that are shown.
 * @returns Lines, in which text of others is escaped.
 */
export function describeFrame(frame: DecodedFrame, payloadBytes: number): string[] {
  const { header, payload, close, broken, missing, whole } = frame;
  const lines: [string, string][] = [["opcode", opcodeMeaning(frame)]];
  if (header.shortLength !== undefined && header.length !== undefined) {
    lines.push(["length", `${count(header.length, "byte")}, ${lengthForm(header.shortLength)}`]);
  }
  if (header.key.length === 4) lines.push(["key", spaced(header.key)]);
  const shown = payload.subarray(0, payloadBytes);
  const more = payload.length - shown.length;
  const rest = more === 0 ? "" : ` … and ${count(more, "more byte")}`;
  if (payload.length > 0) lines.push(["payload", `${spaced(shown)}${rest}`.trimStart()]);
  const text = textOf(frame, payloadBytes);
  if (text !== undefined) lines.push(["text", `${quoted(text)}${rest}`]);
  if (close !== undefined) {
    const reason = close.reason === "" ? "no reason" : `reason ${quoted(close.reason)}`;
    lines.push(["close", `${close.code} ${closeName(close.code)}, ${reason}`]);
  }
  if (broken === undefined) lines.push(["message", messageMeaning(frame)]);
  const inflated = inflatedOf(frame, payloadBytes);
  if (frame.compressed) {
    lines.push(["deflate", "the message is compressed (RFC 7692 6)"]);
    const { inflateProblem } = frame;
    if (inflateProblem !== undefined) lines.push(["inflated", `cannot be: ${inflateProblem}`]);
  }
  if (inflated !== undefined) {
    const { bytes, hex, text } = inflated;
    const dots = bytes > payloadBytes ? " …" : "";
    const beginning = text === undefined ? hex.replaceAll(/..(?=.)/g, "$& ") : quoted(text);
    lines.push(["inflated", `${count(bytes, "byte")}: ${beginning}${dots}`]);
  } else if (typeof whole === "string" && frame.message!.fragment > 1) {
    const dots = whole.length > payloadBytes ? " …" : "";
    lines.push(["in all", `${quoted(whole.slice(0, payloadBytes))}${dots}`]);
  }
  if (broken !== undefined) {
    const { code, message, closeCode } = broken;
    lines.push(["broken", `${code}: ${message} (${placeOf(RULE_SECTIONS[code])})`]);
    lines.push(["answer", `close code ${closeCode} ${closeName(closeCode)}`]);
    if (header.reserved[0] && code === "RESERVED_BIT_SET") {
      lines.push([
        "hint",
        "with permessage-deflate (RFC 7692) RSV1 marks a compressed message: try --deflate",
      ]);
    }
  }
  if (frame.afterClose) {
    lines.push(["note", "comes after a Close frame, where nobody reads it (RFC 6455 5.5.1)"]);
  }
  if (missing !== undefined) {
    const least = missing.atLeast ? "at least " : "";
    const verb = missing.bytes === 1n ? "is" : "are";
    lines.push(["cut off", `${least}${count(missing.bytes, "byte")} ${verb} missing`]);
  }
  return lines.map(([name, value]) => `  ${name.padEnd(9)}${value}`);
}

/**
 * Writes a number of things.
 *
 * @param number How many.
 * @param noun What one of them is called.
 */
export function count(number: number | bigint, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number == 1 ? "" : "s"}`;
}

/** The opcode's name; `reserved` for those that RFC 6455 does not define. */
export function nameOf(opcode: number): string {
  const known = Object.values(Opcode).find((one) => one === opcode);
  return known === undefined ? "reserved" : frameName(known);
}

function opcodeMeaning({ header: { opcode, fin } }: DecodedFrame): string {
  const name = nameOf(opcode);
  const kind = name === "reserved"
    ? "no meaning is defined"
    : isControl(opcode)
    ? "a control frame"
    : opcode === Opcode.Continuation
    ? "goes on with a message"
    : "begins a message";
  return `${opcode} ${name}: ${kind}; FIN is ${fin ? 1 : 0}`;
}

function lengthBits(shortLength: number): number {
  return shortLength === 127 ? 64 : shortLength === 126 ? 16 : 7;
}

function lengthForm(shortLength: number): string {
  const bits = lengthBits(shortLength);
  return bits === 7 ? "in 7 bits" : `in the ${bits} bits that ${shortLength} announces`;
}

function messageMeaning({ header, message, within, missing }: DecodedFrame): string {
  if (message === undefined) {
    return within === undefined
      ? "none: a control frame belongs to no message"
      : `none: a control frame, between the frames of message ${within}`;
  }
  const { number, fragment, bytes } = message;
  if (fragment === 1 && header.fin) return `${number}, all of it`;
  const end = header.fin && missing === undefined
    ? `, the last; ${count(bytes, "byte")} in all`
    : header.fin
    ? ", the last"
    : "; more are to come";
  return `${number}, frame ${fragment} of it${end}`;
}

/** The beginning of a message that was compressed. */
function inflatedOf(
  { whole, compressed }: DecodedFrame,
  payloadBytes: number,
): FrameRecord["inflated"] {
  if (!compressed || whole === undefined) return undefined;
  const all = typeof whole === "string" ? new TextEncoder().encode(whole) : whole;
  const shown = all.subarray(0, payloadBytes);
  return {
    bytes: all.length,
    hex: encodeHex(shown),
    ...typeof whole === "string" && { text: textIn(shown) },
  };
}

/** The payload as text, where it is some: what is not UTF-8 in it is replaced. */
function textOf(
  { header, payload, message, compressed }: DecodedFrame,
  payloadBytes: number,
): string | undefined {
  if (compressed) return undefined;
  if (header.opcode !== Opcode.Text && message?.text !== true) return undefined;
  return textIn(payload.subarray(0, payloadBytes));
}

/** A character that is cut at the end is left out. */
function textIn(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
}

/** The name of a close code, as words. */
function closeName(code: number): string {
  const name = Object.entries(CloseCode).find(([, one]) => one === code)?.[0];
  if (name !== undefined) {
    return name.replaceAll(/(?<=.)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
  }
  return code >= 4000 ? "private" : "registered by a library";
}

function quoted(text: string): string {
  return jsonLine(text).trimEnd();
}

function spaced(bytes: Uint8Array): string {
  return encodeHex(bytes).replaceAll(/..(?=.)/g, "$& ");
}

function placeOf(section: string): string {
  return section.startsWith("RFC ") ? section : `RFC 6455 ${section}`;
}
