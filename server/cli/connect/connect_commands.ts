/**
 * What can be typed at the prompt of `fourtuple connect`.
 *
 * @module
 */

import { parseInput } from "../decode/decode_input.ts";
import { firstLine, quote } from "../terminal/problems.ts";

/** What a line asks for. */
export type Order =
  | { readonly kind: "send"; readonly data: string | Uint8Array }
  | { readonly kind: "close"; readonly code?: number; readonly reason?: string }
  | { readonly kind: "ping"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "info" | "help" | "nothing" }
  | { readonly kind: "problem"; readonly problem: string };

/** What `/help` says. */
export const COMMANDS_HELP: readonly string[] = [
  "/close [CODE] [REASON]  close, with 1000 unless told otherwise",
  "/ping [TEXT]            measure the round trip",
  "/binary BYTES           send bytes, written as hex or base64",
  "/file PATH              send a file as one binary message",
  "/info                   this connection: 4-tuple, what was agreed on, traffic",
  "/help                   this text",
  "//TEXT                  send a text that begins with one slash",
  "Ctrl-C or Ctrl-D closes with 1000; a second one cuts the connection",
];

/**
 * Reads a line.
 *
 * @param line What was typed; anything that does not begin with a slash is a message.
 * @returns What it asks for, or what is wrong with it.
 */
export function parseOrder(line: string): Order {
  if (line === "") return { kind: "nothing" };
  if (!line.startsWith("/")) return { kind: "send", data: line };
  if (line.startsWith("//")) return { kind: "send", data: line.slice(1) };
  const [, name = "", rest = ""] = /^\/(\S*)\s*([^]*?)\s*$/.exec(line) ?? [];
  switch (name) {
    case "close":
      return parseClose(rest);
    case "ping":
      return { kind: "ping", text: rest };
    case "binary":
      return parseBinary(rest);
    case "file":
      return rest === ""
        ? { kind: "problem", problem: "expected the path of a file" }
        : { kind: "file", path: rest };
    case "info":
    case "help":
      return rest === ""
        ? { kind: name }
        : { kind: "problem", problem: `/${name} takes nothing, received ${quote(rest)}` };
    default:
      return {
        kind: "problem",
        problem: `no such command: ${quote(`/${name}`)}; /help lists them, and // sends a slash`,
      };
  }
}

function parseClose(rest: string): Order {
  if (rest === "") return { kind: "close" };
  const [, digits, reason = ""] = /^(\d+)(?:\s+([^]*))?$/.exec(rest) ?? [];
  if (digits === undefined) {
    return { kind: "problem", problem: `expected a close code, received ${quote(rest)}` };
  }
  return { kind: "close", code: Number(digits), reason };
}

function parseBinary(text: string): Order {
  try {
    const { bytes, format } = parseInput(new TextEncoder().encode(text), "auto");
    if (format !== "binary") return { kind: "send", data: bytes };
    return { kind: "problem", problem: "expected bytes, written as hex or base64" };
  } catch (error) {
    return { kind: "problem", problem: `expected bytes as hex or base64: ${firstLine(error)}` };
  }
}
