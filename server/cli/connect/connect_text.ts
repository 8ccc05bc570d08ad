/**
 * What `fourtuple connect` says of what happened: to people, and to programs. Nothing that came from
 * the peer steers a terminal.
 *
 * @module
 */

import { encodeBase64 as encodeBase64Untyped } from "@std/encoding/base64";
import { encodeHex as encodeHexUntyped } from "@std/encoding/hex";
import { ConnectError } from "../../../client/connect_error.ts";
import type { CloseStatus, Message } from "../../../protocol/mod.ts";
import { escapeControls } from "../../escape.ts";
import { countOf, milliseconds } from "../terminal/figures.ts";
import { firstLine } from "../terminal/problems.ts";
import type { ConnectEvent } from "./connect_dial.ts";
import { imageKind, talkImage } from "./image_kind.ts";

const encodeBase64: (bytes: Uint8Array) => string = encodeBase64Untyped;
const encodeHex: (bytes: Uint8Array) => string = encodeHexUntyped;

/** A terminal is shown this many characters of a message at most. */
const MAX_SHOWN = 65_536;

/** Bytes of a binary message that are shown. */
const BINARY_SHOWN = 32;

/** Lines of a refusal's body that are shown, and how long they may be, in characters. */
const BODY_LINES = 10;
const BODY_COLUMNS = 200;

/** Headers that carry secrets; their values are not shown. */
const SECRET = /^((?:proxy-)?authorization|cookie|set-cookie):.*$/gim;

const DECODER = new TextDecoder();

/**
 * Writes a message for people.
 *
 * @param data The message.
 * @returns Lines without line feeds; all of a text that is not very long, the beginning of bytes.
 */
export function messageLines(data: Message): string[] {
  return typeof data === "string" ? textLines(data) : [binaryLine(data)];
}

/** Parts a text into lines, and takes all else from it that would move the cursor. */
export function textLines(text: string): string[] {
  const shown = text.length > MAX_SHOWN
    ? `${text.slice(0, MAX_SHOWN)}\n(cut here: ${countOf(text.length, "character")} in all)`
    : text;
  return shown.split(/\r?\n/).map((line) => line.split("\t").map(escapeControls).join("\t"));
}

function binaryLine(bytes: Uint8Array): string {
  const image = talkImage(bytes);
  if (image !== undefined) {
    const name = escapeControls(JSON.stringify(image.name));
    return `image from ${name}: ${image.kind}, ${countOf(image.length, "byte")}`;
  }
  const kind = imageKind(bytes);
  const what = kind === undefined ? "binary" : `${kind} image`;
  const hex = encodeHex(bytes.subarray(0, BINARY_SHOWN)).replaceAll(/..(?!$)/g, "$& ");
  const start = hex === "" ? "" : `: ${hex}${bytes.length > BINARY_SHOWN ? " …" : ""}`;
  return `${what}, ${countOf(bytes.length, "byte")}${start}`;
}

/**
 * Writes a message for programs, on one line: text as it came, bytes as `base64:` and base64.
 *
 * @param data The message; line feeds in a text stay.
 */
export function plainMessage(data: Message): string {
  return typeof data === "string" ? data : `base64:${encodeBase64(data)}`;
}

/**
 * Writes what is no message for people.
 *
 * @param event What happened.
 * @returns Lines without line feeds.
 */
export function noteLines(event: Exclude<ConnectEvent, { type: "message" }>): string[] {
  switch (event.type) {
    case "open": {
      const { url, connection: { key, subprotocol, extensions } } = event;
      const agreed = [
        subprotocol === undefined ? "no subprotocol" : `subprotocol ${subprotocol}`,
        extensions === "" ? "no extensions" : `extensions ${extensions}`,
      ].join(", ");
      return [`connected to ${escapeControls(url)}`, `${key}, ${escapeControls(agreed)}`];
    }
    case "ping":
    case "pong":
      return [`${event.type}${payloadText(event.payload)}`];
    case "round_trip":
      return [
        event.milliseconds === undefined
          ? "no answer to the ping"
          : `round trip ${milliseconds(event.milliseconds)}`,
      ];
    case "head": {
      const arrow = event.by === "us" ? ">" : "<";
      return maskedLines(event.head).map((line) => `${arrow} ${line}`);
    }
    case "closed": {
      const { status, sent } = event;
      const ours = sent === undefined || sent.code === status.code
        ? ""
        : `; our Close said ${closeText(sent)}`;
      return [`closed: ${closeText(status)}${ours}`];
    }
  }
}

/**
 * Writes what happened for programs.
 *
 * @param event What happened.
 * @param at When, in milliseconds since the epoch.
 * @returns What JSON can hold.
 */
export function eventRecord(event: ConnectEvent, at: number): Record<string, unknown> {
  const record = { at, event: event.type };
  switch (event.type) {
    case "open": {
      const { key, subprotocol, extensions } = event.connection;
      return { ...record, url: event.url, key, subprotocol, extensions };
    }
    case "message":
      return typeof event.data === "string"
        ? { ...record, text: event.data }
        : { ...record, bytes: event.data.length, base64: encodeBase64(event.data) };
    case "ping":
    case "pong":
      return { ...record, base64: encodeBase64(event.payload) };
    case "round_trip":
      return { ...record, milliseconds: event.milliseconds ?? null };
    case "head":
      return { ...record, by: event.by, lines: maskedLines(event.head) };
    case "closed":
      return { ...record, ...event.status, ...event.sent && { sent: event.sent } };
  }
}

/**
 * Says why there is no connection.
 *
 * @param error What was thrown.
 * @returns Lines without line feeds: the problem, when to come again, and how the answer begins.
 */
export function refusalLines(error: unknown): string[] {
  const { answer, retryAfter } = error instanceof ConnectError
    ? error
    : { answer: undefined, retryAfter: undefined };
  const { statusText = "", body = "" } = answer ?? {};
  const lines = body.trim() === "" ? [] : body.trim().split(/\r?\n/);
  return [
    escapeControls(firstLine(error) + (statusText === "" ? "" : `: ${statusText}`)),
    ...retryAfter === undefined ? [] : [`The server asks to wait for ${milliseconds(retryAfter)}`],
    ...lines.slice(0, BODY_LINES).map((line) => `  ${escapeControls(line.slice(0, BODY_COLUMNS))}`),
    ...lines.length > BODY_LINES ? ["  …"] : [],
  ];
}

/** A payload of a Ping is a text, or bytes without a meaning for anybody else. */
function payloadText(payload: Uint8Array): string {
  if (payload.length === 0) return "";
  const text = DECODER.decode(payload);
  return /^[^\p{C}\p{Zl}\p{Zp}\ufffd]*$/u.test(text)
    ? ` ${JSON.stringify(text)}`
    : ` ${encodeHex(payload)}`;
}

function closeText({ code, reason }: CloseStatus): string {
  return reason === "" ? String(code) : `${code} ${escapeControls(JSON.stringify(reason))}`;
}

/** The lines of a head, without what is secret in them. */
function maskedLines(head: string): string[] {
  return head.trimEnd().split(/\r?\n/).map((line) =>
    escapeControls(line.replace(SECRET, "$1: (not shown)"))
  );
}
