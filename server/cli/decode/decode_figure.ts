/**
 * Draws a frame bit by bit, 32 bits a row, as the figure in RFC 6455 5.2 has it.
 *
 * @module
 */

import type { DecodedFrame } from "./decode_frames.ts";

/** Bits in a row. */
const ROW = 32;

/** The numbers of the bits, tens above ones. */
const RULER = [
  ` ${Array.from({ length: 4 }, (_, tens) => `${tens}`.padEnd(20)).join("")}`.trimEnd(),
  ` ${Array.from({ length: ROW }, (_, bit) => bit % 10).join(" ")}`,
];

/** The names of opcodes, in lines that fit below four bits. */
const OPCODE_LINES: Readonly<Record<number, readonly string[]>> = {
  0: ["contin-", "uation"],
  1: ["text"],
  2: ["binary"],
  8: ["close"],
  9: ["ping"],
  10: ["pong"],
};

/** Some bits in a row that belong together, and what is written below them. */
interface Cell {
  readonly bits: string;
  readonly lines: readonly string[];
}

/**
 * Draws a frame as far as it is there. Below each byte of a masked payload stands how it was
 * unmasked: `7f^37=48 'H'`.
 *
 * @param frame The frame.
 * @param payloadBytes The most bytes of payload that are drawn.
 * @returns Lines of at most 65 characters of ASCII.
 */
export function drawFrame(frame: DecodedFrame, payloadBytes: number): string[] {
  const rows: Cell[][] = [];
  let room = 0;
  for (const cell of cellsOf(frame, payloadBytes)) {
    if (room === 0) {
      rows.push([]);
      room = ROW;
    }
    rows.at(-1)!.push(cell);
    room -= cell.bits.length;
  }
  const lines = [...RULER];
  for (const [index, row] of rows.entries()) {
    lines.push(borderBetween(rows[index - 1] ?? [], row), ...drawRow(row));
  }
  lines.push(borderBetween(rows.at(-1) ?? [], []));
  return lines;
}

/** No cell goes over the end of a row: what would is cut into several. */
function* cellsOf(frame: DecodedFrame, payloadBytes: number): Generator<Cell> {
  const { wire, header: { opcode, shortLength, extendedLength, length, key, size } } = frame;
  const [first = 0, second = 0] = wire;
  for (const [index, name] of ["FIN", "RSV1", "RSV2", "RSV3"].entries()) {
    yield { bits: `${first >> (7 - index) & 1}`, lines: [...name] };
  }
  const name = OPCODE_LINES[opcode] ?? ["reser-", "ved"];
  yield { bits: bitsOf(first).slice(4), lines: ["opcode", `${opcode}`, ...name] };
  if (shortLength === undefined) return;
  yield { bits: `${second >> 7}`, lines: [..."MASK"] };
  const follows = { 126: ["16 bits", "follow"], 127: ["64 bits", "follow"] }[shortLength] ?? [];
  yield {
    bits: bitsOf(second).slice(1),
    lines: ["payload len", `${shortLength}`, ...follows],
  };
  yield* pieces("extended length", extendedLength, 2, length);
  yield* pieces("masking key", key, 2 + extendedLength.length);
  for (const [index, byte] of wire.subarray(size, size + payloadBytes).entries()) {
    const mask = key[index & 3];
    const plain = byte ^ (mask ?? 0);
    const unmasked = mask === undefined ? hex(byte) : `${hex(byte)}^${hex(mask)}=${hex(plain)}`;
    const character = plain > 0x20 && plain < 0x7f ? ` '${String.fromCharCode(plain)}'` : "";
    yield { bits: bitsOf(byte), lines: [`payload[${index}]`, unmasked + character] };
  }
}

/** Cuts a field where rows end. */
function* pieces(name: string, bytes: Uint8Array, at: number, value?: bigint): Generator<Cell> {
  let shown = name;
  for (let from = 0; from < bytes.length;) {
    const piece = bytes.subarray(from, from + 4 - (at + from) % 4);
    const digits = [...piece].map(hex).join(" ");
    from += piece.length;
    const whole = from === bytes.length && value !== undefined ? [`= ${value}`] : [];
    yield { bits: [...piece].map(bitsOf).join(""), lines: [shown, digits, ...whole] };
    shown = `${name}, continued`;
  }
}

function drawRow(row: readonly Cell[]): string[] {
  const height = Math.max(...row.map(({ lines }) => lines.length));
  const bits = row.map((cell) => [...cell.bits].join(" "));
  const labels = Array.from({ length: height }, (_, line) => row.map((cell) => cell.lines[line]));
  return [bits, ...labels].map((texts) =>
    texts.reduce<string>((drawn, text = "", column) => {
      const width = 2 * row[column]!.bits.length - 1;
      return `${drawn}${text.slice(0, width).padEnd(width)}|`;
    }, "|")
  );
}

/** Draws a border with a corner wherever a cell above or below has one. */
function borderBetween(above: readonly Cell[], below: readonly Cell[]): string {
  const corners = new Set([...cornersOf(above), ...cornersOf(below)]);
  const width = Math.max(...corners);
  return Array.from({ length: width + 1 }, (_, bit) => corners.has(bit) ? "+" : "-").join("-");
}

function cornersOf(row: readonly Cell[]): number[] {
  let bit = 0;
  return [0, ...row.map(({ bits }) => bit += bits.length)];
}

function bitsOf(byte: number): string {
  return byte.toString(2).padStart(8, "0");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
