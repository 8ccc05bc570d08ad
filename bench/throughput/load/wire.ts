/**
 * The client's end of a raw connection: opening it, and messages that are known beforehand.
 *
 * @module
 */

import {
  checkUpgradeResponse,
  encodeFrame,
  FrameDecoder,
  headerLength,
  type Message,
  MessageAssembler,
  Opcode,
  ResponseHeadParser,
  serializeUpgradeRequest,
} from "../../../protocol/mod.ts";
import { HOST } from "./spec.ts";

/** How many connections are opened at the same time: fewer than any server's backlog. */
const OPENING = 64;

/** RFC 6455 1.3 gives this pair. One key for all connections: nobody stands between us and the server. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** One for all frames, for the same reason (RFC 6455 5.3 wants a new one each time). */
const MASK_KEY = 0x12345678;

/** Largest frame of the bench with room to spare. */
const LIMITS = { messageBytes: 2 ** 24, messageFragments: 1_024 };

/** A WebSocket connection whose handshake is done. */
export interface OpenedConnection {
  /** The socket; nothing but frames comes out of it any more. */
  readonly conn: Deno.TcpConn;
  /** Bytes of the handshake, request and response together. */
  readonly handshakeBytes: number;
}

/**
 * Opens a WebSocket connection and checks the server's answer.
 *
 * @param port The server's port.
 * @throws {Error} Where the server refuses, or its answer breaks RFC 6455.
 */
export async function openConnection(port: number): Promise<OpenedConnection> {
  const conn = await connect(port);
  const request = upgradeRequest(port);
  await writeAll(conn, request);
  const parser = new ResponseHeadParser();
  const buffer = new Uint8Array(1_024);
  let handshakeBytes = request.length;
  for (;;) {
    const bytes = await readSome(conn, buffer);
    const head = parser.push(bytes);
    handshakeBytes += bytes.length;
    if (head === undefined) continue;
    checkUpgradeResponse(head, { accept: ACCEPT });
    if (parser.rest.length > 0) throw new Error("The server sent more than its handshake");
    return { conn, handshakeBytes };
  }
}

/**
 * Opens many WebSocket connections, some at a time.
 *
 * @param port The server's port.
 * @param count How many.
 */
export async function openConnections(port: number, count: number): Promise<OpenedConnection[]> {
  const opened: OpenedConnection[] = [];
  let started = 0;
  const openSome = async () => {
    while (started < count) {
      started++;
      opened.push(await openConnection(port));
    }
  };
  await Promise.all(Array.from({ length: Math.min(OPENING, count) }, openSome));
  return opened;
}

/** Connects without delaying small writes. */
export async function connect(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: HOST, port });
  conn.setNoDelay();
  return conn;
}

/** Writes all of the bytes. */
export async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let written = await conn.write(bytes);
  while (written < bytes.length) written += await conn.write(bytes.subarray(written));
}

/**
 * Reads what has come.
 *
 * @returns A view on the buffer.
 * @throws {Error} At the end of the connection.
 */
export async function readSome(conn: Deno.TcpConn, buffer: Uint8Array): Promise<Uint8Array> {
  const length = await conn.read(buffer);
  if (length === null) throw new Error("The server closed a connection");
  return buffer.subarray(0, length);
}

/** A message's frame as a client sends it, masked. */
export function clientFrame(payload: Uint8Array, text: boolean): Uint8Array<ArrayBuffer> {
  return encodeFrame(text ? Opcode.Text : Opcode.Binary, payload, { maskKey: MASK_KEY });
}

/** The length of the frame in which a server sends a message of this many bytes. */
export function serverFrameLength(bytes: number): number {
  return headerLength(bytes) + bytes;
}

/** The first byte of the frame in which a server sends a message: FIN and the opcode. */
export function serverFrameStart(text: boolean): number {
  return 0x80 | (text ? Opcode.Text : Opcode.Binary);
}

/** Letters, so that they are text and JSON too; different for every seed. */
export function payloadOf(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) payload[at] = 0x61 + (at + seed) % 26;
  return payload;
}

/** Reads and decodes whole messages, with every check there is. */
export class MessageReader {
  readonly #conn: Deno.TcpConn;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #decoder = new FrameDecoder({ role: "client", limits: LIMITS });
  readonly #assembler = new MessageAssembler();
  #messages: Message[] = [];
  /** Bytes that were read so far. */
  bytes = 0;

  /**
   * @param conn Where from; no one else may read it.
   * @param bufferBytes How much is read at once.
   */
  constructor(conn: Deno.TcpConn, bufferBytes: number) {
    this.#conn = conn;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /** Returns the next messages: all that one read brings, at least one. */
  async next(): Promise<Message[]> {
    while (this.#messages.length === 0) {
      const chunk = await readSome(this.#conn, this.#buffer);
      this.bytes += chunk.length;
      this.#decoder.transform(chunk, {
        enqueue: (fragment) => {
          if (fragment.opcode > Opcode.Binary) throw new Error("The server sent a control frame");
          const message = this.#assembler.push(fragment);
          if (message !== undefined) this.#messages.push(message);
        },
      });
    }
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }
}

const requests = new Map<number, Uint8Array<ArrayBuffer>>();

function upgradeRequest(port: number): Uint8Array<ArrayBuffer> {
  let request = requests.get(port);
  if (request === undefined) {
    request = serializeUpgradeRequest({ host: `${HOST}:${port}`, path: "/", key: KEY });
    requests.set(port, request);
  }
  return request;
}
