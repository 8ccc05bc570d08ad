/**
 * The PROXY protocol: the header with which a proxy that forwards bytes begins a connection to us,
 * to say where its own client is. Version 1 is a line of text, version 2 a block of bytes; section
 * numbers are those of HAProxy's specification.
 *
 * @module
 */

import { type ClientAddress, readAddress } from "../../net/client_address.ts";
import { formatIPv6 } from "../../net/four_tuple.ts";
import { ProxyError } from "./proxy_error.ts";
import { ProxySignature } from "./proxy_signature.ts";

const CR = 0x0d;
const LF = 0x0a;

/** The longest line of version 1, CRLF counted (2.1). */
export const MAX_LINE_BYTES = 107;

/**
 * The bytes of version 2 ahead of its addresses: signature, version and command, family, length
 * (2.2).
 */
const BLOCK_HEAD_BYTES = 16;

/**
 * The longest header of version 2 that is taken, its extensions counted. The format has room for
 * 65,551 bytes; real headers have some hundred, or a few thousand with a client's certificate in
 * it.
 */
export const MAX_BLOCK_BYTES = 4_096;

/** The content of a PROXY header. */
export interface ProxyHeader {
  /**
   * The client; absent where the connection is the proxy's own (`LOCAL`), or the client did not
   * come over TCP, so that the socket's address is all that is known.
   */
  readonly client?: ClientAddress;
}

/** The text in the place of addresses that are not told. */
const UNTOLD: ProxyHeader = {};

/**
 * Reads one PROXY header, however its bytes are cut into chunks. It keeps what the addresses need;
 * extensions (TLVs) are counted and passed over.
 */
export class ProxyHeaderParser {
  readonly #signature = new ProxySignature();
  /** The beginning of the header: a line whole, a block up to the end of its addresses. */
  readonly #held = new Uint8Array(MAX_LINE_BYTES);
  #length = 0;
  /** The length of the block, when it has said so. */
  #total = 0;
  #rest: Uint8Array = new Uint8Array(0);

  /** The bytes after the header in the chunk that ended it: a view of that chunk. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * Reads the next chunk; not to be called again after the end or an error.
   *
   * @param chunk The bytes; none is kept but through {@linkcode ProxyHeaderParser.rest}.
   * @returns The header when it is complete, until then `undefined`.
   * @throws {ProxyError} At the first byte that shows that it cannot be accepted.
   */
  push(chunk: Uint8Array): ProxyHeader | undefined {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#length < this.#held.length) this.#held[this.#length] = byte;
      this.#length++;
      if (!this.#endsWith(byte)) continue;
      this.#rest = chunk.subarray(at + 1);
      return this.#signature.version === 1 ? this.#readLine() : this.#readBlock();
    }
    return undefined;
  }

  /**
   * Says that the transport has ended.
   *
   * @throws {ProxyError} Always: the header has not.
   */
  receiveEof(): never {
    throw new ProxyError(
      "PROXY_HEADER_INCOMPLETE",
      "Connection ended before the end of its PROXY header",
    );
  }

  #endsWith(byte: number): boolean {
    const { version } = this.#signature;
    if (version === 1) return this.#lineEndsWith(byte);
    if (version === 2) return this.#blockEnds();
    if (!this.#signature.push(byte)) {
      throw new ProxyError(
        "PROXY_HEADER_MISSING",
        "Connection must begin with a PROXY header",
      );
    }
    return false;
  }

  #lineEndsWith(byte: number): boolean {
    const afterCr = this.#held[this.#length - 2] === CR;
    if (afterCr !== (byte === LF)) throw malformed("line must end in CRLF");
    if (!afterCr && this.#length === MAX_LINE_BYTES) {
      throw tooLong(`line must have ${MAX_LINE_BYTES} bytes at most`);
    }
    return afterCr;
  }

  #blockEnds(): boolean {
    if (this.#length === BLOCK_HEAD_BYTES) this.#readBlockHead();
    return this.#length >= BLOCK_HEAD_BYTES && this.#length === this.#total;
  }

  // Version 1.

  #readLine(): ProxyHeader {
    const line = String.fromCharCode(...this.#held.subarray(0, this.#length - 2));
    const [, family, source = "", destination = "", port = "", ourPort = "", ...more] = line.split(
      " ",
    );
    // 2.1: whatever follows must be ignored.
    if (family === "UNKNOWN") return UNTOLD;
    if (family !== "TCP4" && family !== "TCP6") {
      throw malformed("family must be TCP4, TCP6 or UNKNOWN");
    }
    if (more.length > 0) throw malformed("line must have six fields");
    if (destination === "" || ourPort === "") throw malformed("line must have six fields");
    // Our own address is not used: where a proxy has put another client in the place of its own, as
    // nginx with realip does, it may even be of the other family.
    return clientAt(readSource(source), readPort(port));
  }

  // Version 2.

  #readBlockHead(): void {
    const [command = 0, family = 0, high = 0, low = 0] = this.#held.subarray(12);
    if (command !== 0x20 && command !== 0x21) {
      throw malformed("version must be 2, and its command LOCAL or PROXY");
    }
    if (family >> 4 > 3 || (family & 15) > 2) {
      throw malformed("family must be UNSPEC, INET, INET6 or UNIX, over a stream or datagrams");
    }
    this.#total = BLOCK_HEAD_BYTES + (high << 8 | low);
    if (this.#total > MAX_BLOCK_BYTES) {
      throw tooLong(`block must have ${MAX_BLOCK_BYTES} bytes at most`);
    }
    const addresses = this.#addressBytes();
    if (this.#total < BLOCK_HEAD_BYTES + addresses) {
      throw malformed(`addresses must have ${addresses} bytes`);
    }
  }

  /** The length of the addresses that are read: 0 where the socket's own are all that is known. */
  #addressBytes(): number {
    const [command, family] = this.#held.subarray(12);
    if (command === 0x20) return 0; // LOCAL, of which the rest must be ignored
    return family === TCP4 ? 12 : family === TCP6 ? 36 : 0;
  }

  #readBlock(): ProxyHeader {
    const addresses = this.#held.subarray(
      BLOCK_HEAD_BYTES,
      BLOCK_HEAD_BYTES + this.#addressBytes(),
    );
    if (addresses.length === 0) return UNTOLD;
    const view = new DataView(addresses.buffer, addresses.byteOffset, addresses.length);
    if (addresses.length === 12) {
      return clientAt(addresses.subarray(0, 4).join("."), view.getUint16(8));
    }
    const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(2 * at));
    return clientAt(formatIPv6(groups), view.getUint16(32));
  }
}

/** The families of version 2 whose addresses are read: a stream over IPv4, and over IPv6. */
const TCP4 = 0x11;
const TCP6 = 0x21;

function clientAt(address: string, port: number): ProxyHeader {
  return { client: port === 0 ? { address } : { address, port } };
}

function readSource(text: string): string {
  try {
    return readAddress(text);
  } catch {
    throw malformed("source must be an address");
  }
}

function readPort(text: string): number {
  // A leading zero is not permitted, as some would read it as octal.
  const port = /^(?:0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw malformed("ports must be numbers from 0 to 65535");
  return port;
}

function malformed(rule: string): ProxyError {
  return new ProxyError("PROXY_HEADER_MALFORMED", `PROXY header is malformed: its ${rule}`);
}

function tooLong(rule: string): ProxyError {
  return new ProxyError("PROXY_HEADER_TOO_LONG", `PROXY header is too long: its ${rule}`);
}
