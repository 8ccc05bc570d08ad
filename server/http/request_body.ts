import {
  BodyDecoder,
  bodyFraming,
  type BodyLimits,
  expectsContinue,
  HandshakeError,
  type RequestHead,
  serializeResponseHead,
} from "../../protocol/mod.ts";
import type { BufferPool } from "../net/buffer_pool.ts";
import { type Transport, writeAll } from "../net/transport.ts";

/** The bytes of a body that are read at once. */
const PIECE_BYTES = 16_384;

/** The source of a body. */
export interface BodySource {
  /** The connection, which nobody else reads from meanwhile. */
  readonly reader: Pick<Transport, "read">;
  /** The connection, which nobody writes to before the response. */
  readonly transport: Pick<Transport, "write">;
  /** Lends the buffer. */
  readonly pool: BufferPool;
  /** The size that the body may have. */
  readonly limits: BodyLimits;
  /** Called when some of it has come. */
  progress(): void;
  /** Called when all of it has been read, at once where there is none: whatever follows is no part of it. */
  ended(): void;
}

/** The body of a request: it is read no faster than its stream is. */
export class RequestBody {
  /** The body; `undefined` where there is none, and with GET and HEAD, whose requests hold none. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  /** The fault in the body, once it was met. */
  fault: HandshakeError | undefined = undefined;
  readonly #source: BodySource;
  readonly #decoder: BodyDecoder;
  /** Whether the client waits for a 100 before it sends the body (RFC 9110 10.1.1). */
  #awaitsContinue: boolean;
  #over = false;

  /**
   * Begins the body of a request.
   *
   * @param head The request.
   * @param rest The bytes after its head.
   * @param source The source of all others.
   * @throws {HandshakeError} Where the end of the body is not clear, it is too large, or the client
   * expects something else than 100-continue.
   */
  constructor(head: RequestHead, rest: Uint8Array, source: BodySource) {
    this.#source = source;
    const framing = bodyFraming(head);
    this.#decoder = new BodyDecoder(framing, source.limits);
    this.#awaitsContinue = expectsContinue(head);
    if (this.#decoder.ended) {
      source.ended();
      return;
    }
    this.#decoder.push(rest);
    if (head.method === "GET" || head.method === "HEAD") return;
    this.stream = new ReadableStream({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.end(),
    }, { highWaterMark: 0 });
  }

  /** The response begins, and no 100 can come any more. */
  answering(): void {
    this.#awaitsContinue = false;
  }

  /** Gives the body up: nothing more is read, and who still reads the stream gets an error. */
  end(): void {
    this.#over = true;
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    if (this.#over) throw new TypeError("Cannot read the body as its request has been answered");
    try {
      const part = await this.#read();
      if (part !== undefined) return controller.enqueue(part);
      controller.close();
      this.#source.ended();
    } catch (error) {
      if (error instanceof HandshakeError) this.fault = error;
      throw error;
    }
  }

  /** Reads the next bytes, the receiver's own; `undefined` at the end. */
  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      // A copy, as whoever gets it may transfer its buffer, and a request may follow in there.
      const part = this.#decoder.read()?.slice();
      if (part !== undefined || this.#decoder.ended) return part;
      if (this.#awaitsContinue) await this.#continue();
      this.#decoder.push(await this.#receive());
    }
  }

  async #continue(): Promise<void> {
    this.#awaitsContinue = false;
    await writeAll(this.#source.transport, serializeResponseHead(100, []));
  }

  async #receive(): Promise<Uint8Array> {
    const { reader, pool, progress } = this.#source;
    const buffer = pool.acquire(PIECE_BYTES);
    try {
      // A broken transport has ended, too.
      const count = await reader.read(buffer).catch(() => null);
      if (count === null) this.#decoder.receiveEof(); // throws
      progress();
      return buffer.slice(0, count ?? 0);
    } finally {
      pool.release(buffer);
    }
  }
}
