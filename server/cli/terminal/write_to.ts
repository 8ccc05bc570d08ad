import { pause } from "../../loop/pause.ts";
import { readerHasLeft, writeProblem } from "./problems.ts";

/** The exit code where nobody reads the output any more: the one that SIGPIPE (13) gives to other tools. */
const NOBODY_READS = 141;

/** A reader that has no room is asked again after so many milliseconds. */
const RETRY = 10;

/** Deno puts standard output into a buffer of this many bytes, which it empties at each write. */
const DENO_BUFFER = 1_024;

const LINE_FEED = 10;
const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

/** Standard output or standard error, as Deno has them. */
export interface StandardStream {
  /** Writes some of the bytes, and returns how many. */
  writeSync(bytes: Uint8Array): number;
  /** The same; others go on meanwhile. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether it is a terminal; absent for no. */
  isTerminal?(): boolean;
}

/** How one of the process's streams is written to. */
export interface OutputOptions {
  /** The file descriptor. */
  readonly descriptor: 1 | 2;
  /** Is called once, at the first write that fails, unless the reader has just gone. */
  failed?(message: string): void;
}

/**
 * Deno's buffer before a stream: none, one before a stream that waits for its reader, which loses nothing, or
 * one that calls for pieces.
 */
type DenoBuffer = "none" | "waits" | "pieces";

/**
 * Writes to one of the process's streams: all of it, in order, once, however slow its reader is. The
 * first write that fails is the last one, and gives the process its exit code.
 */
export class OutputStream {
  readonly #stream: StandardStream;
  readonly #isTerminal: boolean;
  readonly #options: OutputOptions;
  /** Async writes, one after another. */
  #writing: Promise<unknown> = Promise.resolve();
  #exitCode = 0;

  /**
   * @param stream The stream.
   * @param options How it is written to.
   */
  constructor(stream: StandardStream, options: OutputOptions) {
    this.#stream = stream;
    this.#isTerminal = stream.isTerminal?.() ?? false;
    this.#options = options;
  }

  /** 0 as long as nothing is lost, 1 after a write that failed, 141 once nobody reads any more. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /**
   * Writes all of it before it returns.
   *
   * @returns `false` when it could not be written.
   */
  writeSync(data: string | Uint8Array): boolean {
    if (this.#exitCode !== 0) return false;
    try {
      const writes = writesOf(bytesOf(data), this.#buffer());
      for (let step = writes.next(); !step.done;) {
        let taken: number | undefined;
        try {
          taken = this.#stream.writeSync(step.value);
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          sleep(RETRY);
        }
        step = writes.next(taken);
      }
      return true;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /**
   * Writes all of it after what was given before; whoever waits for it is as slow as the reader.
   *
   * @returns `false` when it could not be written.
   */
  write(data: string | Uint8Array): Promise<boolean> {
    const written = this.#writing.then(() => this.#write(bytesOf(data)));
    this.#writing = written;
    return written;
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    if (this.#exitCode !== 0) return false;
    try {
      const writes = writesOf(bytes, this.#buffer());
      for (let step = writes.next(); !step.done;) {
        let taken: number | undefined;
        try {
          taken = await this.#stream.write(step.value);
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          await pause(RETRY);
        }
        step = writes.next(taken);
      }
      return true;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): false {
    const left = readerHasLeft(error, this.#isTerminal);
    this.#exitCode = left ? NOBODY_READS : 1;
    const name = this.#options.descriptor === 1 ? "stdout" : "stderr";
    if (!left) this.#options.failed?.(`Cannot write to ${name}: ${writeProblem(error)}`);
    return false;
  }

  #buffer(): DenoBuffer {
    if (this.#options.descriptor === 2) return "none";
    return mayRefuse() ? "pieces" : "waits";
  }
}

/**
 * Parts bytes into writes. Where a reader has no room, Deno throws WouldBlock and does not say whether it has
 * kept the bytes in its buffer. Pieces are such that only one of both can be: without a line feed Deno
 * keeps those that fit into its buffer, and writes the others itself, as it does with a lone line feed.
 *
 * @param bytes All of them.
 * @param buffer Deno's buffer.
 * @yields What is to be written next.
 * @next How many bytes of it were taken; nothing where the reader had no room.
 */
function* writesOf(
  bytes: Uint8Array,
  buffer: DenoBuffer,
): Generator<Uint8Array, void, number | undefined> {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, buffer === "pieces" ? pieceEnd(bytes, at) : bytes.length);
    const taken = yield piece;
    if (taken !== undefined) at += taken;
    else if (buffer === "pieces" && piece[0] !== LINE_FEED && piece.length < DENO_BUFFER) {
      while ((yield NOTHING) === undefined);
      at += piece.length;
    } else if (buffer === "waits") throw new Error("it has stopped waiting for its reader");
  }
}

function pieceEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === LINE_FEED) return at + 1;
  const lineFeed = bytes.indexOf(LINE_FEED, at);
  return lineFeed < 0 ? bytes.length : lineFeed;
}

/** Whether a write to standard output may be refused rather than wait; it changes when others share it. */
function mayRefuse(): boolean {
  try {
    if (Deno.permissions.querySync({ name: "read" }).state !== "granted") return true;
    const flags = /^flags:\s*([0-7]+)$/m.exec(Deno.readTextFileSync("/proc/self/fdinfo/1"));
    return flags === null || (parseInt(flags[1]!, 8) & 0o4000) !== 0;
  } catch {
    return true;
  }
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? ENCODER.encode(data) : data;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
