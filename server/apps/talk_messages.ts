import {
  type ClientFileMessage,
  parseFileMessage,
  type ServerFileMessage,
} from "./talk_file_messages.ts";
import { nicknameFault } from "./talk_names.ts";

/** The longest text message, in bytes of UTF-8. */
export const TEXT_BYTES: number = 16 * 1024;

/**
 * What a page sends as JSON text: its nickname, at first and again to change it, what is said, and what
 * becomes of files.
 */
export type ClientMessage =
  | { type: "hello"; name: string }
  | { type: "text"; text: string }
  | ClientFileMessage;

/** The answer to a message that is wrong; the connection lives. */
export interface Fault {
  /** Always "error". */
  type: "error";
  /** What was received and what was expected, for people to read. */
  fault: string;
}

/** The totals of the live panel. */
export interface Figures {
  /** Always "figures". */
  type: "figures";
  /** Open connections. */
  connections: number;
  /** The process's file descriptors; absent where they cannot be read. */
  descriptors?: { open: number; limit?: number };
  /** Resident memory per connection, in bytes; absent below 100 connections. */
  bytesPerConnection?: number;
  /** Ports that the server listens on: one, however many connections there are. */
  serverPorts: number;
  /** Distinct 4-tuples among the connections. */
  fourTuples: number;
}

/** What the server sends as JSON text. */
export type ServerMessage =
  | {
    /** The answer to the first message of a connection. */
    type: "welcome";
    /** The number of this person, as in every other message. */
    id: number;
    /** The nickname that the server gave, which may have a number behind it. */
    name: string;
    /** The largest image, in bytes. */
    imageBytes: number;
    /** The size of every slice but the last of a file, in bytes. */
    sliceBytes: number;
    /** How many people are here, this one included. */
    people: number;
    /** The nicknames of some of the others. */
    others: string[];
    /** The own connection; absent when the server shows no figures. */
    you?: { tuple: string; descriptor?: number };
  }
  | { type: "joined" | "left"; id: number; name: string }
  | { type: "renamed"; id: number; name: string; was: string }
  | { type: "text"; id: number; name: string; text: string; at: number }
  | ServerFileMessage
  | Figures
  | Fault;

const encoder = new TextEncoder();

/**
 * Reads a text message of a page.
 *
 * @param data The message.
 * @returns What it says, its nickname without surrounding space; or the reply that names the fault.
 */
export function parseMessage(data: string): ClientMessage | Fault {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return fault("Message is not JSON");
  }
  if (typeof value !== "object" || value === null || !("type" in value)) {
    return fault('Message must be a JSON object with a "type"');
  }
  switch (value.type) {
    case "hello":
      return parseHello("name" in value ? value.name : undefined);
    case "text":
      return parseText("text" in value ? value.text : undefined);
    case "file":
    case "file-end":
    case "file-stop": {
      const parsed = parseFileMessage({ ...value, type: value.type });
      return typeof parsed === "string" ? fault(parsed) : parsed;
    }
    default:
      return fault(
        'Message type is unknown: expected "hello", "text", "file", "file-end" or "file-stop"',
      );
  }
}

function parseHello(value: unknown): ClientMessage | Fault {
  if (typeof value !== "string") return fault("Nickname must be a string");
  const name = value.trim();
  const wrong = nicknameFault(name);
  return wrong === undefined ? { type: "hello", name } : fault(wrong);
}

function parseText(text: unknown): ClientMessage | Fault {
  if (typeof text !== "string") return fault("Text must be a string");
  if (text.trim() === "") return fault("Text is empty");
  const bytes = encoder.encode(text).length;
  if (bytes > TEXT_BYTES) {
    return fault(`Text must be <= ${TEXT_BYTES} bytes in UTF-8: received ${bytes} bytes`);
  }
  return { type: "text", text };
}

/**
 * Reads a binary message of a page: one length byte, that many bytes of nickname, then an image. The
 * nickname is skipped: {@linkcode frameImage} puts the one that the server knows in its place, so that
 * nobody can speak in another's name.
 *
 * @param data The message.
 * @param limit The largest image, in bytes.
 * @returns The image, a view of `data`; or the reply that names the fault.
 */
export function parseImage(
  data: Uint8Array,
  limit: number,
): { type: "image"; image: Uint8Array } | Fault {
  const nicknameBytes = data[0];
  if (nicknameBytes === undefined) return fault("Image message is empty");
  if (nicknameBytes === 0) return fault("Image message has no nickname");
  if (data.length < 1 + nicknameBytes) {
    return fault(
      `Image message must hold ${nicknameBytes} bytes of nickname: received ${
        data.length - 1
      } bytes`,
    );
  }
  const image = data.subarray(1 + nicknameBytes);
  if (image.length === 0) return fault("Image is empty");
  if (image.length > limit) {
    return fault(`Image must be <= ${limit} bytes: received ${image.length} bytes`);
  }
  return { type: "image", image };
}

/**
 * Writes a binary message: one length byte, that many bytes of nickname in UTF-8, then the image.
 *
 * @param name The nickname of the sender as the server knows it, at most 255 bytes in UTF-8.
 * @param image Copied into the message.
 * @returns The message, the caller's to keep.
 */
export function frameImage(name: string, image: Uint8Array): Uint8Array {
  const nickname = encoder.encode(name);
  const message = new Uint8Array(1 + nickname.length + image.length);
  message[0] = nickname.length;
  message.set(nickname, 1);
  message.set(image, 1 + nickname.length);
  return message;
}

/**
 * Writes a text message of the server.
 *
 * @param message The message.
 * @returns JSON.
 */
export function serializeMessage(message: ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * Makes the reply that names a fault.
 *
 * @param text What was received and what was expected.
 * @returns The message to send.
 */
export function fault(text: string): Fault {
  return { type: "error", fault: text };
}
