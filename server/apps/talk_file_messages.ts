import { MAX_SLICES } from "./talk_slices.ts";

/** The longest name of a file, in bytes of UTF-8. */
export const TITLE_BYTES = 255;

/** A media type without parameters, of at most 127 characters (RFC 6838 4.2 has 127 for each half). */
const MEDIA_TYPE_REGEXP = /^(?=.{3,127}$)[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/i;

/** What `file-end` gives: SHA-256 in hexadecimal digits. */
const HASH_REGEXP = /^[0-9a-f]{64}$/;

/**
 * What a page sends of files.
 *
 * - `file`: it wants to send one. The slices follow as the server asks for them.
 * - `file-end`: the last slice is sent.
 * - `file-stop`: it sends no more of its own file, or wants no more of somebody's.
 */
export type ClientFileMessage =
  | {
    type: "file";
    /** The sender's number for it, from 0 to 2^32 − 1. */
    file: number;
    /** Its name, as the sender has it. */
    title: string;
    /** Its media type, as the sender has it; empty where that is not known. */
    mediaType: string;
    /** In bytes. */
    size: number;
  }
  | {
    type: "file-end";
    file: number;
    /**
     * The SHA-256 of the SHA-256s of all slices, one after another; absent where the sender's page may
     * not compute it.
     */
    hash?: string;
  }
  | {
    type: "file-stop";
    file: number;
    /** Whose file is not wanted; absent when it is the own. */
    of?: number;
  };

/**
 * Why no more comes of a file.
 *
 * - `cancelled`: the sender wants that.
 * - `left`: the sender has left.
 * - `silent`: the sender has sent nothing for too long.
 * - `wrong`: the sender has sent what does not belong there.
 * - `slow`: the receiver is too slow.
 * - `lost`: a part was lost on the way between two processes of the server.
 * - `nobody`: nobody is there who takes it; told to the sender.
 * - `many`: too many files are being sent; told to the sender.
 */
export type StopReason =
  | "cancelled"
  | "left"
  | "silent"
  | "wrong"
  | "slow"
  | "lost"
  | "nobody"
  | "many";

/** What the server sends of files; `id` is the person who sends the file. */
export type ServerFileMessage =
  | {
    type: "file";
    id: number;
    name: string;
    file: number;
    title: string;
    mediaType: string;
    size: number;
    /** All slices have this many bytes, but the last. */
    sliceBytes: number;
    at: number;
  }
  | { type: "file-end"; id: number; file: number; hash?: string }
  | { type: "file-stop"; id: number; file: number; reason: StopReason }
  | {
    /** To the sender alone. */
    type: "file-more";
    file: number;
    /** How many slices the sender may have sent by now, from the first on. */
    slices: number;
  };

/** What servers tell each other of files beside what they tell the people. */
export interface TookMessage {
  /** Always "took". */
  type: "took";
  /** Whose file. */
  id: number;
  /** Which file. */
  file: number;
  /** The server that says so. */
  from: string;
  /** How many slices its people have room for having got; -1 when none of them takes it any more. */
  slices: number;
}

/**
 * Reads what a page says of a file.
 *
 * @param value The message; its `type` is a string.
 * @returns The message without anything else in it; or what is wrong with it.
 */
export function parseFileMessage(
  value: { type: "file" | "file-end" | "file-stop" } & Record<string, unknown>,
): ClientFileMessage | string {
  const { type, file } = value;
  if (!isUint32(file)) return "File number must be an integer from 0 to 4294967295";
  switch (type) {
    case "file": {
      const { title, mediaType, size } = value;
      if (typeof title !== "string" || title === "") return "File name must be a string";
      const bytes = new TextEncoder().encode(title).length;
      if (bytes > TITLE_BYTES) {
        return `File name must be <= ${TITLE_BYTES} bytes in UTF-8: received ${bytes} bytes`;
      }
      if (typeof mediaType !== "string" || !isMediaType(mediaType)) {
        return "Media type of a file is no media type";
      }
      if (!isCount(size)) return "File size must be an integer from 0 on";
      return { type, file, title, mediaType, size };
    }
    case "file-end": {
      const { hash } = value;
      if (hash === undefined) return { type, file };
      if (typeof hash !== "string" || !HASH_REGEXP.test(hash)) {
        return "Hash of a file must be 64 hexadecimal digits";
      }
      return { type, file, hash };
    }
    case "file-stop": {
      const { of } = value;
      if (of === undefined) return { type, file };
      if (!isCount(of)) return "Person must be a number";
      return { type, file, of };
    }
  }
}

/**
 * Reads what another server says of a file. That is trusted, but may be of another version.
 *
 * @param text What the backplane delivered.
 * @returns The message; undefined when it is none.
 */
export function parseServersMessage(
  text: string,
): Exclude<ServerFileMessage, { type: "file-more" }> | TookMessage | undefined {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isCount(value?.id) || !isUint32(value.file)) return undefined;
  switch (value.type) {
    case "file":
      return isCount(value.size) && isCount(value.sliceBytes) ? value : undefined;
    case "file-end":
    case "file-stop":
      return value;
    case "took":
      return typeof value.from === "string" && Number.isSafeInteger(value.slices)
        ? value
        : undefined;
    default:
      return undefined;
  }
}

function isMediaType(text: string): boolean {
  return text === "" || MEDIA_TYPE_REGEXP.test(text);
}

function isUint32(value: unknown): value is number {
  return isCount(value) && value < MAX_SLICES;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
