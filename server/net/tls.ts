import { Buffer } from "node:buffer";
import { nextTick } from "node:process";
import { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { HandshakeError } from "../../protocol/mod.ts";
import { type Certificate, usableCertificate } from "./certificate.ts";
import { closeQuietly, type Transport, writeAll } from "./transport.ts";
import { tryHandshake } from "./try_handshake.ts";

/** The bytes the TLS layer reads at once: one record of the largest size, 16 KiB and its frame. */
const RECORD_BYTES = 16_640;

/** At most this much is handed to the TLS layer at once. */
const WRITE_BYTES = 65_536;

/** Memory of this many bytes and more is given back at once, and not when it is collected. */
const RELEASED_BYTES = 4_096;

/**
 * The first version of Deno whose `node:tls` can speak TLS over a connection that it did not open.
 */
const FIRST_VERSION = "2.9.6";

/**
 * Prepares a certificate for {@linkcode TlsTransport}.
 *
 * @param cert The certificate chain as PEM.
 * @param key The private key as PEM.
 * @returns The context that all connections share.
 * @throws {TypeError} When one is not valid, or they do not belong together.
 * @throws {Error} When Deno is too old.
 */
export function secureContext(cert: string, key: string): SecureContext {
  checkVersion();
  return contextOf(usableCertificate(cert, key));
}

/**
 * Prepares a certificate and makes a handshake with it, so that one that no client could use is
 * refused.
 *
 * @param cert The certificate chain as PEM.
 * @param key The private key as PEM.
 * @param certName The certificate's name in an error.
 * @param keyName The key's name in an error.
 * @returns The context that all connections share.
 * @throws {TypeError} As {@linkcode secureContext} does, and when the handshake fails.
 * @throws {Error} When Deno is too old.
 */
export async function triedContext(
  cert: string,
  key: string,
  certName = "cert",
  keyName = "key",
): Promise<SecureContext> {
  checkVersion();
  const context = contextOf(usableCertificate(cert, key, certName, keyName));
  try {
    await tryHandshake(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot use ${certName}: no client could connect: ${reason}`, { cause });
  }
  return context;
}

/** Whether this version of Deno can speak TLS over a connection that its TLS layer did not open. */
export function canServeTls(): boolean {
  return Deno.version.deno.localeCompare(FIRST_VERSION, "en", { numeric: true }) >= 0;
}

function checkVersion(): void {
  if (canServeTls()) return;
  const { deno } = Deno.version;
  throw new Error(`Cannot serve TLS: it needs Deno ${FIRST_VERSION} or later, this is ${deno}`);
}

function contextOf({ cert, key }: Certificate): SecureContext {
  return createSecureContext({ cert, key });
}

/** Begins TLS over a stream of bytes, as a client. */
export type SocketOver = (encrypted: Duplex) => TLSSocket;

/** A client has sent HTTP where TLS was expected, and nothing has been answered. */
export class PlainHttp extends HandshakeError {
  /** Makes the error. */
  constructor() {
    super(
      "MALFORMED_HEAD",
      "Client does not speak TLS, as this port does: expected wss: or https:",
    );
  }
}

/**
 * Whether bytes are the beginning of a request in plain HTTP: a method, and never a record of TLS.
 */
function isHttp(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  return first >= 0x41 && first <= 0x5a;
}

/**
 * TLS over a TCP connection, in the shape of any transport. `close()` gives the descriptor
 * back at once, in the middle of a handshake or of a blocked write too.
 *
 * Deno's TLS layer over a stream reads it without end, even when nobody reads the decrypted bytes.
 * So it gets bytes only while a reader waits for them. Nor is anything read ahead: reads that are
 * always ready would keep Deno from looking at the sockets of others.
 */
export class TlsTransport implements Transport {
  readonly remoteAddr: Deno.NetAddr;
  readonly localAddr: Deno.NetAddr;
  readonly #conn: Transport;
  readonly #encrypted: Duplex;
  readonly #isServer: boolean;
  readonly #socket: TLSSocket;
  #buffer = new Uint8Array(RECORD_BYTES);
  /** Encrypted bytes of the peer that were read before. */
  #first: Uint8Array | undefined;
  /** Whether the TLS layer has started: until then, bytes that are no TLS would throw in it. */
  #started = false;
  /** Whether any byte of the peer has come. */
  #begun = false;
  /** Whether the handshake of TLS is over. */
  #secured = false;
  /**
   * Whether the TLS layer takes encrypted bytes, as it always does when it has got the last ones.
   */
  #asked = false;
  #failure: Error | undefined = undefined;
  #ended = false;
  /** Whether the connection below has ended, which Deno's TLS layer does not always pass on. */
  #cutOff = false;
  /** Called when there is something to read, or nothing ever again. */
  #readable: (() => void) | undefined = undefined;
  /** Rejects the write in flight. */
  #abandon: ((error: Error) => void) | undefined = undefined;
  /** The decrypted bytes that did not fit into the reader's buffer. */
  #left: Uint8Array | undefined = undefined;

  /**
   * @param conn The connection, owned from now on.
   * @param context The certificate of a server; or a client's function that begins TLS.
   * @param first Bytes of the peer that were read already and come before all others.
   */
  constructor(conn: Transport, context: SecureContext | SocketOver, first?: Uint8Array) {
    this.#conn = conn;
    this.#first = first;
    this.remoteAddr = conn.remoteAddr;
    this.localAddr = conn.localAddr;
    this.#encrypted = this.#duplex();
    this.#encrypted.on("error", (error: Error) => this.#fail(error));
    this.#encrypted.on("end", () => {
      this.#cutOff = true;
      this.#wake();
    });
    this.#isServer = typeof context !== "function";
    this.#socket = typeof context === "function"
      ? context(this.#encrypted)
      : new TLSSocket(this.#encrypted, { isServer: true, secureContext: context });
    this.#socket.on("secure", () => this.#secured = true);
    this.#socket.on("readable", () => this.#wake());
    this.#socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    this.#socket.on("error", (error: Error) => this.#fail(error));
    // After the handshake, a fault in TLS comes by this event alone.
    this.#socket.on("_tlsError", (error: Error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Deno.errors.Interrupted("Connection is closed")));
    // The TLS layer starts in the next tick, which it has asked for before.
    nextTick(() => {
      this.#started = true;
      this.#receive();
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (let last = false;;) {
      const bytes = this.#left ?? this.#socket.read() as Uint8Array | null;
      this.#left = undefined;
      if (bytes !== null) {
        const count = Math.min(bytes.length, buffer.length);
        buffer.set(bytes.subarray(0, count));
        if (count < bytes.length) this.#left = bytes.subarray(count);
        else release(bytes);
        return count;
      }
      if (this.#ended) return null;
      if (this.#failure !== undefined) throw this.#failure;
      if (last) return null;
      last = this.#cutOff;
      // The TLS layer gives all that it still has by the next turn.
      if (last) await new Promise((resolve) => setTimeout(resolve));
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#readable = resolve;
        this.#receive();
        await promise;
      }
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    // A part at a time, since the callback comes for the whole of it: progress must be seen.
    const length = Math.min(bytes.length, WRITE_BYTES);
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    return this.#unlessFailed((done) => this.#socket.write(chunk, done)).then(() => length);
  }

  closeWrite(): Promise<void> {
    return this.#unlessFailed((done) => this.#socket.end(done));
  }

  /** Starts an operation whose callback may never come once the connection is broken. */
  #unlessFailed(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#abandon = reject;
      start((error) => error ? reject(error) : resolve());
    });
  }

  close(): void {
    closeQuietly(this.#conn); // a fault in TLS has closed it already
    this.#socket.destroy();
    this.#fail(new Deno.errors.Interrupted("Connection is closed"));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#abandon?.(this.#failure);
    this.#wake();
  }

  #wake(): void {
    const readable = this.#readable;
    this.#readable = undefined;
    readable?.();
  }

  // The encrypted side.

  /** The connection, as the TLS layer wants it. */
  #duplex(): Duplex {
    const conn = this.#conn;
    return new Duplex({
      read: () => {
        this.#asked = true;
        this.#receive();
      },
      write: (chunk: Uint8Array, _encoding, done) => {
        writeAll(conn, chunk).then(() => {
          release(chunk);
          done();
        }, done);
      },
      final(done) {
        conn.closeWrite().then(() => done(), done);
      },
      destroy(error, done) {
        closeQuietly(conn);
        done(error);
      },
    });
  }

  /** Reads for the TLS layer: during its handshake, and then while somebody waits for bytes. */
  #receive(): void {
    if (!this.#asked || !this.#started) return;
    if (this.#secured && (this.#readable === undefined || this.#socket.readableLength > 0)) return;
    this.#asked = false;
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined && first.length > 0) return this.#give(first);
    this.#conn.read(this.#buffer).then(
      (count) => this.#received(count),
      (error) => this.#encrypted.destroy(error),
    );
  }

  #give(bytes: Uint8Array): void {
    const isFirst = this.#isServer && !this.#begun;
    this.#begun = true;
    // Not given to the TLS layer, which would close the connection before there is an answer.
    if (isFirst && isHttp(bytes)) this.#fail(new PlainHttp());
    else this.#encrypted.push(bytes);
  }

  #received(count: number | null): void {
    if (count === null) this.#encrypted.push(null);
    else this.#give(this.#buffer.subarray(0, count));
    // The TLS layer copies the bytes that it gets, unless it takes them later.
    if (this.#encrypted.readableLength > 0) this.#buffer = new Uint8Array(RECORD_BYTES);
  }
}

/** Gives back the memory of bytes that nobody needs any more, where no others share it. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < RELEASED_BYTES || byteLength < buffer.byteLength) return;
  (buffer as ArrayBuffer).transfer(0);
}
