import { escapeControls } from "../../escape.ts";
import type { TapEvent, TappedFrame } from "../../operations/operations.ts";
import { countOf, timeOfDay } from "../terminal/figures.ts";

/** By who sent it: from the client to the server, and back; the dashboard and `connect -v` point alike. */
const ARROWS = { in: "->", out: "<-" } as const;

/**
 * Writes what a tap saw as one line.
 *
 * @param event A frame, a gap or the end.
 * @returns The line without a line feed; nothing in it steers a terminal.
 */
export function tapLine(event: TapEvent): string {
  const time = timeOfDay(event.at);
  switch (event.type) {
    case "frame":
      return `${time} ${ARROWS[event.direction]} ${frameText(event)}`;
    case "dropped":
      return `${time} .. ${countOf(event.frames, "frame")} left out: this reader is too slow`;
    case "end": {
      const { code, reason, rule } = event;
      const because = reason === "" ? "" : ` ${JSON.stringify(reason)}`;
      const broken = rule === undefined ? "" : `, broken rule: ${rule}`;
      return `${time} == over: ${code}${escapeControls(because + broken)}`;
    }
  }
}

function frameText(frame: TappedFrame): string {
  const { name, opcode, length, fin, masked, closeCode, compressed, hex, text, inflatedHex } =
    frame;
  const parts = [
    escapeControls(name).padEnd(12),
    `0x${opcode.toString(16)}`,
    `${length} B`.padStart(9),
    fin ? "fin" : "---",
    masked ? "mask" : "----",
    closeCode === undefined ? "" : `code ${closeCode}`,
    compressed ? inflatedHex === undefined ? "compressed" : "inflated" : "",
    inflatedHex !== undefined
      ? escapeControls(inflatedHex)
      : hex === undefined
      ? ""
      : payload(escapeControls(hex), length),
    text === undefined ? "" : escapeControls(JSON.stringify(text)),
  ];
  return parts.filter((part) => part !== "").join(" ").trimEnd();
}

/** Two hex digits are a byte; where not all are shown, dots stand for the rest. */
function payload(hex: string, length: number): string {
  return hex.length < 2 * length ? `${hex}...` : hex;
}
