import { ResponseHeadParser } from "../../../protocol/mod.ts";
import { HOST } from "./spec.ts";
import { connect, readSome, writeAll } from "./wire.ts";

/** A response of the bench is a head and a few messages. */
const READ_BYTES = 4_096;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * HTTP/1.1 with keep-alive and no header that is not needed, over a raw connection, so that every
 * byte is counted.
 */
export class HttpClient {
  readonly #conn: Deno.TcpConn;
  readonly #host: string;
  readonly #buffer = new Uint8Array(READ_BYTES);
  /** Bytes written and read so far. */
  bytes = 0;
  /** Requests so far. */
  requests = 0;

  /** Use {@linkcode HttpClient.connect}. */
  constructor(conn: Deno.TcpConn, port: number) {
    this.#conn = conn;
    this.#host = `${HOST}:${port}`;
  }

  /**
   * Connects.
   *
   * @param port The server's port.
   */
  static async connect(port: number): Promise<HttpClient> {
    return new HttpClient(await connect(port), port);
  }

  /**
   * Makes one request, the next one only after its answer.
   *
   * @param method The method.
   * @param path Path and query.
   * @param body What to send, ASCII; without it there is no body.
   * @returns The body of the answer, empty where it has none.
   * @throws {Error} Where the status is neither 200 nor 204.
   */
  async request(method: string, path: string, body?: string): Promise<string> {
    const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
    const request = ENCODER.encode(
      `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${length}\r\n${body ?? ""}`,
    );
    this.requests++;
    this.bytes += request.length;
    await writeAll(this.#conn, request);
    const parser = new ResponseHeadParser();
    let head = parser.push(await this.#read());
    while (head === undefined) head = parser.push(await this.#read());
    if (head.status !== 200 && head.status !== 204) {
      throw new Error(`Server answered with status ${head.status}`);
    }
    const bodyLength = Number(head.headers.get("content-length") ?? 0);
    let text = DECODER.decode(parser.rest);
    while (text.length < bodyLength) text += DECODER.decode(await this.#read());
    if (text.length > bodyLength) throw new Error("Server sent more than it announced");
    return text;
  }

  /** Reads what has come; valid until the next read. */
  async #read(): Promise<Uint8Array> {
    const bytes = await readSome(this.#conn, this.#buffer);
    this.bytes += bytes.length;
    return bytes;
  }
}
