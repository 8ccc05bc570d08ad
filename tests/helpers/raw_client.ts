import { connect } from "node:net";
import type { Socket } from "node:net";
import {
  BodyDecoder,
  type CloseStatus,
  type Fragment,
  FrameDecoder,
  Opcode,
  type ResponseHead,
  ResponseHeadParser,
} from "../../protocol/mod.ts";
import { concat } from "./notation.ts";
import { KEY, rawFrame } from "./raw_frame.ts";

/** What a client needs of its end of a connection. */
export type ClientStream = Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">;

/** A whole frame from the server. */
export interface Frame {
  readonly opcode: Opcode;
  readonly fin: boolean;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** An answer in HTTP. */
export interface RawResponse extends ResponseHead {
  readonly body: string;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** A test looks at what the server sends, so nothing of it is too large. */
const NO_LIMITS = { messageBytes: 2 ** 40, messageFragments: 2 ** 40 };

/** The header lines of a good handshake, behind the request line. */
export const UPGRADE_LINES: readonly string[] = [
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

/**
 * A client that sends whatever bytes it is told, good or bad, and answers nothing by itself. It
 * reads only while a test waits for something.
 */
export class RawClient implements Disposable {
  readonly #stream: ClientStream;
  /** Bytes that were read and not looked at yet. */
  #left: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  readonly #decoder = new FrameDecoder({ role: "client", limits: NO_LIMITS });
  readonly #frames: Frame[] = [];
  #parts: Uint8Array[] = [];
  #closed = false;

  constructor(stream: ClientStream) {
    this.#stream = stream;
  }

  /** Connects to a server. */
  static async connect({ hostname, port }: Deno.NetAddr): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname, port }));
  }

  /** Connects, and carries the opening handshake through. */
  static async open(addr: Deno.NetAddr, target?: string): Promise<RawClient> {
    const client = await RawClient.connect(addr);
    await client.upgrade(target);
    return client;
  }

  /** Sends bytes as they are; a string as UTF-8. */
  async send(...parts: (string | Uint8Array)[]): Promise<void> {
    const bytes = concat(parts.map((p) => typeof p === "string" ? ENCODER.encode(p) : p));
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#stream.write(bytes.subarray(sent));
    }
  }

  /** Sends the lines of a head and the empty line behind them. */
  async sendHead(lines: readonly string[]): Promise<void> {
    await this.send(`${lines.join("\r\n")}\r\n\r\n`);
  }

  /** Sends a request for the upgrade; further lines may be given. */
  async sendUpgrade(target = "/", ...further: string[]): Promise<void> {
    await this.sendHead([`GET ${target} HTTP/1.1`, ...UPGRADE_LINES, ...further]);
  }

  /** Carries the opening handshake through; fails when the server refuses it. */
  async upgrade(target?: string, ...further: string[]): Promise<ResponseHead> {
    await this.sendUpgrade(target, ...further);
    const head = await this.head();
    if (head.status !== 101) throw new Error(`Handshake was refused with ${head.status}`);
    return head;
  }

  /** Sends a whole masked message. */
  async sendMessage(data: string | Uint8Array): Promise<void> {
    const text = typeof data === "string";
    const opcode = text ? Opcode.Text : Opcode.Binary;
    await this.sendFrame(opcode, text ? ENCODER.encode(data) : data);
  }

  /** Sends a masked frame with FIN. */
  async sendFrame(opcode: Opcode, payload: Uint8Array = new Uint8Array(0)): Promise<void> {
    await this.send(rawFrame(0x80 | opcode, payload, KEY));
  }

  /** Sends a Close frame. */
  async sendClose(code?: number, reason = ""): Promise<void> {
    const payload = code === undefined
      ? new Uint8Array(0)
      : concat([Uint8Array.of(code >>> 8, code), ENCODER.encode(reason)]);
    await this.sendFrame(Opcode.Close, payload);
  }

  /** Reads the head of a response. */
  async head(): Promise<ResponseHead> {
    const parser = new ResponseHeadParser();
    for (;;) {
      const bytes = await this.#read();
      if (bytes === undefined) throw new Error("Server left without a response");
      const head = parser.push(bytes);
      if (head === undefined) continue;
      this.#left = parser.rest.slice();
      return head;
    }
  }

  /** Reads a response, after which the server leaves; fails when its chunks have no end. */
  async response(): Promise<RawResponse> {
    const head = await this.head();
    const rest = await this.rest();
    if (!head.headers.has("transfer-encoding")) return { ...head, body: DECODER.decode(rest) };
    const decoder = new BodyDecoder("chunked", { bodyBytes: 2 ** 40, headBytes: 0 });
    decoder.push(rest);
    const parts: Uint8Array[] = [];
    for (let part; (part = decoder.read()) !== undefined;) parts.push(part);
    decoder.receiveEof();
    return { ...head, body: DECODER.decode(concat(parts)) };
  }

  /** Reads the next frame; `undefined` when the server has sent FIN instead. */
  async frame(): Promise<Frame | undefined> {
    while (this.#frames.length === 0) {
      const bytes = await this.#read();
      if (bytes === undefined) return undefined;
      this.#decoder.transform(bytes, this);
    }
    return this.#frames.shift();
  }

  /** The decoder's sink. */
  enqueue({ opcode, fin, last, payload }: Fragment): void {
    this.#parts.push(payload.slice());
    if (!last) return;
    this.#frames.push({ opcode, fin, payload: concat(this.#parts) });
    this.#parts = [];
  }

  /** Reads the next frame, which has to be a whole message. */
  async message(): Promise<string | Uint8Array> {
    const frame = await this.frame();
    if (frame === undefined) throw new Error("Server left where a message was expected");
    if (!frame.fin || frame.opcode > 2) throw new Error(`No message: opcode ${frame.opcode}`);
    return frame.opcode === Opcode.Text ? DECODER.decode(frame.payload) : frame.payload;
  }

  /**
   * Reads until the server's Close frame, passing over everything before it.
   *
   * @returns Its code and reason: 1005 without a code, 1006 when FIN came instead.
   */
  async closeFrame(): Promise<CloseStatus> {
    for (let frame = await this.frame(); frame !== undefined; frame = await this.frame()) {
      if (frame.opcode !== Opcode.Close) continue;
      const { payload } = frame;
      const code = payload.length === 0 ? 1005 : payload[0]! << 8 | payload[1]!;
      return { code, reason: DECODER.decode(payload.subarray(2)) };
    }
    return { code: 1006, reason: "" };
  }

  /** Like {@linkcode RawClient.closeFrame}, and nothing but FIN may follow. */
  async closed(): Promise<CloseStatus> {
    const status = await this.closeFrame();
    if (await this.frame() !== undefined) throw new Error("A frame came after the Close frame");
    return status;
  }

  /** Reads all bytes until the server's FIN. */
  async rest(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array[] = [];
    for (let bytes = await this.#read(); bytes !== undefined; bytes = await this.#read()) {
      parts.push(bytes);
    }
    return concat(parts);
  }

  /** Waits until the server has left, by FIN or by reset. */
  async gone(): Promise<void> {
    await this.rest().catch(() => {});
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#left.length > 0) {
      const left = this.#left;
      this.#left = new Uint8Array(0);
      return left;
    }
    const buffer = new Uint8Array(65_536);
    const count = await this.#stream.read(buffer);
    return count === null ? undefined : buffer.subarray(0, count);
  }

  /** Sends FIN. */
  async closeWrite(): Promise<void> {
    await this.#stream.closeWrite();
  }

  /** Leaves; does nothing the second time. With unread bytes the kernel sends a reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Where a connection from a chosen source goes. */
export interface SourceOptions {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Connects from a chosen source address and port, which `Deno.connect` cannot. */
export async function connectFrom(options: SourceOptions): Promise<SourceStream> {
  const socket = connect({ ...options, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return new SourceStream(socket);
}

/** A socket of `node:net` in the shape that {@linkcode RawClient} wants. */
export class SourceStream implements ClientStream {
  readonly #socket: Socket;
  #ended = false;
  #failure: Error | undefined = undefined;
  #wake: (() => void) | undefined = undefined;
  #left: Uint8Array = new Uint8Array(0);
  /** Resolves when the descriptor has gone back. */
  readonly gone: Promise<void>;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", () => this.#wake?.());
    socket.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#failure = error;
      this.#wake?.();
    });
    this.gone = new Promise((resolve) => socket.on("close", () => resolve()));
  }

  /** The source port. */
  get port(): number {
    return this.#socket.localPort!;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#left.length === 0) {
      const bytes = this.#socket.read() as Uint8Array | null;
      if (bytes !== null) this.#left = bytes;
      else if (this.#ended) return null;
      else if (this.#failure !== undefined) throw this.#failure;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const count = Math.min(buffer.length, this.#left.length);
    buffer.set(this.#left.subarray(0, count));
    this.#left = this.#left.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Leaves with a reset: what is on its way in either direction is lost. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
