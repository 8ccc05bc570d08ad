import { setImmediate } from "node:timers";
import {
  encodeFrame,
  type FrameOptions,
  headerLength,
  maxTextFrameLength,
  Opcode,
  writeFrame,
  writeHeader,
  writeTextFrame,
} from "../../protocol/mod.ts";
import type { WhenFull } from "../limits.ts";
import type { BufferPool } from "../net/buffer_pool.ts";
import type { Transport } from "../net/transport.ts";

/**
 * The outcome of sending a message.
 *
 * - `sent`: it leaves at the end of this turn of the event loop.
 * - `queued`: it waits for an unfinished write, or takes its time; the `drain` handler is called
 *   when all has left.
 * - `dropped`: the connection is closing or closed, or its queue is full and the policy says so.
 */
export type SendResult = "sent" | "queued" | "dropped";

/** A payload up to this size, in bytes, is copied after its header; a larger one is written as it is. */
export const COPY_BYTES = 32_768;

/** Shared bytes up to this size are copied after others, so that many small ones leave in one write. */
const COPY_SHARED_BYTES = 1_024;

/** The room for small frames begins with this and grows as they come. */
const MIN_TAIL_BYTES = 1_024;

/** When this much waits in one turn, the write begins before the turn is over. */
const MAX_TAIL_BYTES = 65_536;

/** With the policy `wait`, the queue may hold this many times its bound. */
const WAIT_FACTOR = 4;

/** A burst, which is sent before the kernel can refuse any of it, may be this many times the bound. */
const BURST_FACTOR = 16;

const ENCODER = new TextEncoder();

/** Bytes in the order they leave. */
interface Chunk {
  readonly bytes: Uint8Array<ArrayBufferLike>;
  readonly length: number;
  /** Whether `bytes` goes back to the pool once written. */
  readonly pooled: boolean;
  /** Whether this is the payload of a frame whose header ends the chunk before. */
  readonly continues: boolean;
}

/** Messages beyond the bound that were sent in one turn of the event loop. */
interface Burst {
  /** The turn. */
  readonly turn: number;
  /** Bytes that count against the bound: those that waited before it, and those sent after it. */
  counted: number;
}

/** Pongs that go before what waits. */
interface PongSlot {
  /** A whole frame that waits for the write in flight. */
  waiting: Uint8Array<ArrayBuffer> | undefined;
  /** Bytes of the one that waits and of the one that is being written. */
  bytes: number;
  /** Whether what is being written, or was written last, came from here. */
  isLast: boolean;
}

/** The parts of a server that its queues share. */
export interface SendQueueContext {
  /** The bound and the policy. */
  readonly limits: { readonly sendQueueBytes: number; readonly whenFull: WhenFull };
  /** Lends the room for small frames. */
  readonly pool: BufferPool;
  /** Has `flush()` called at the end of a turn. */
  readonly flusher: Flusher;
  /** Gives the masking key of the next frame, for a client (RFC 6455 5.3); a server has none. */
  readonly maskKey?: (() => number) | undefined;
}

/** The events of a queue, and where its bytes go. */
export interface SendQueueEvents {
  /** Where the bytes go. */
  readonly transport: Pick<Transport, "write">;
  /** The kernel took some bytes. */
  wrote(bytes: number): void;
  /** A queue that had a backlog is empty. */
  emptied(): void;
  /** A message did not fit, and the policy is to close. */
  overflowed(): void;
  /** The transport is broken. */
  writeFailed(error: unknown): void;
}

/** Collects the queues that got something in this turn of the event loop, and flushes them after it. */
export class Flusher {
  #queues: SendQueue[] = [];
  #turn = 0;
  #counting = false;

  /** The number of the current turn of the event loop; a turn in which it is not asked for is not counted. */
  get turn(): number {
    if (!this.#counting) {
      this.#counting = true;
      setImmediate(() => {
        this.#counting = false;
        this.#turn++;
      });
    }
    return this.#turn;
  }

  /** Has `queue.flush()` called when the current turn is over. */
  schedule(queue: SendQueue): void {
    if (this.#queues.push(queue) === 1) queueMicrotask(this.#flush);
  }

  #flush = (): void => {
    const queues = this.#queues;
    this.#queues = [];
    for (const queue of queues) queue.flush();
  };
}

/**
 * The bytes that one connection has to send: one write is in flight, and those queued meanwhile leave in
 * the next. Frames of one turn of the event loop leave together.
 *
 * `sendQueueBytes` bounds the messages that the kernel refuses. It takes none in the middle of a turn,
 * so what one turn adds to a queue within that bound is a burst: it may be {@linkcode BURST_FACTOR}
 * times the bound, and does not count while it leaves. Control frames are exempt, since there are few
 * of them: Pong has a single slot once a write is in flight, and the newest wins (RFC 6455 5.5.3). It goes
 * before what waits, but never twice in a row, or a peer could ping so much that it gets nothing else.
 */
export class SendQueue {
  /** Bytes that the kernel has not taken yet. */
  bytes = 0;
  /** Messages that were dropped because the queue was full. */
  dropped = 0;
  readonly #events: SendQueueEvents;
  readonly #context: SendQueueContext;
  #chunks: Chunk[] | undefined = undefined;
  /** Room that small frames are written into, and how much of it is used. */
  #tail: Uint8Array<ArrayBuffer> | undefined = undefined;
  #tailLength = 0;
  /** Only where a Pong had to wait. */
  #pong: PongSlot | undefined = undefined;
  #writing = false;
  #scheduled = false;
  /** The turn in which a message first had to wait for a write; -1 while none does. */
  #backlogTurn = -1;
  #burst: Burst | undefined = undefined;
  /** Whether a message was taken since the queue was last empty. */
  #holdsMessage = false;
  /** Bytes that the kernel has taken in all, without the Pongs that went before others. */
  #taken = 0;
  #waiters: (() => void)[] | undefined = undefined;

  /**
   * @param events Told what becomes of the queue.
   * @param context The parts of the server that it shares with others.
   */
  constructor(events: SendQueueEvents, context: SendQueueContext) {
    this.#events = events;
    this.#context = context;
  }

  /** Whether a write is in flight, so that messages wait for it. */
  get writing(): boolean {
    return this.#writing;
  }

  /** Whether so much waits that its peer should not be asked for more. */
  get congested(): boolean {
    return this.bytes > this.#context.limits.sendQueueBytes / 2;
  }

  /** How many bytes of messages may wait before the policy is met, but for a burst. */
  get mostBytes(): number {
    const { sendQueueBytes, whenFull } = this.#context.limits;
    return whenFull === "wait" ? WAIT_FACTOR * sendQueueBytes : sendQueueBytes;
  }

  /**
   * Sends a message.
   *
   * @param data Text, or bytes; bytes above 32 KiB are not copied and must stay as they are until
   * they have left.
   * @returns The outcome.
   */
  send(data: string | Uint8Array): SendResult {
    if (typeof data !== "string") return this.#sendBytes(Opcode.Binary, data);
    const most = maxTextFrameLength(data);
    if (most > COPY_BYTES || this.#context.maskKey !== undefined) {
      return this.#sendBytes(Opcode.Text, ENCODER.encode(data));
    }
    if (!this.admitMessage(data.length)) return "dropped";
    const tail = this.#reserve(most);
    this.#grew(writeTextFrame(tail, this.#tailLength, data));
    return this.#result();
  }

  /**
   * Sends frames that were encoded for many. Where nothing else waits they leave at once: their
   * sender has collected a turn's worth of them already.
   *
   * @param frames Whole unmasked frames; they are shared and never changed.
   * @param messages How many messages they are.
   * @returns The outcome.
   */
  sendShared(frames: Uint8Array, messages: number): SendResult {
    if (!this.admitMessage(frames.length, messages)) return "dropped";
    if (this.bytes === 0) {
      this.bytes = frames.length;
      if (this.#pong !== undefined) this.#pong.isLast = false;
      this.#write({ bytes: frames, length: frames.length, pooled: false, continues: false });
      return "sent";
    }
    if (frames.length > COPY_SHARED_BYTES) this.#append(frames, false);
    else {
      this.#reserve(frames.length).set(frames, this.#tailLength);
      this.#grew(this.#tailLength + frames.length);
    }
    return this.#result();
  }

  /**
   * Sends a control frame, however full the queue is.
   *
   * @param opcode Close, Ping or Pong.
   * @param payload At most 125 bytes, copied.
   * @returns Whether it leaves now or waits for an unfinished write.
   */
  sendControl(opcode: Opcode, payload: Uint8Array): "sent" | "queued" {
    if (opcode === Opcode.Pong && this.#writing) {
      this.#keepPong(encodeFrame(opcode, payload, this.#masked()));
      return "queued";
    }
    this.#appendFrame(opcode, payload);
    if (this.#writing) return "queued";
    this.#schedule();
    return "sent";
  }

  /**
   * Sends one frame of a message, however full the queue is: who sends in frames waits for
   * {@linkcode SendQueue.taken} in between.
   *
   * @param opcode Text or Binary, or Continuation for a later frame.
   * @param payload Above 32 KiB not copied: left as it is until it has left.
   * @param options FIN, and whether it begins a compressed message.
   */
  sendFrame(opcode: Opcode, payload: Uint8Array, options: FrameOptions): void {
    this.#holdsMessage = true;
    this.#appendFrame(opcode, payload, options);
    this.#result();
  }

  /**
   * Applies the policy to messages that wait elsewhere for their turn in the queue.
   *
   * @param waiting Bytes that wait there already.
   * @param length Bytes that would wait there too.
   * @param how How many messages they are, and whether they wait for our own side alone, as the kernel
   * refuses nothing: then only the bound for bursts holds.
   * @returns Whether they may.
   */
  admitBehind(waiting: number, length: number, { messages = 1, ours = false } = {}): boolean {
    return waiting === 0 || this.#fits(waiting, length, messages, ours);
  }

  /** Begins to write what waits, unless a write is in flight. */
  flush(): void {
    this.#scheduled = false;
    if (!this.#writing && this.bytes > 0) this.#write();
  }

  /** Resolves when the kernel has taken all that waits now but for a Pong, or the transport is broken. */
  taken(): Promise<void> {
    this.flush();
    const goal = this.#taken + this.bytes - (this.#pong?.bytes ?? 0);
    return new Promise((resolve) => {
      const check = () => {
        if (this.#taken >= goal || !this.#writing) resolve();
        else (this.#waiters ??= []).push(check);
      };
      check();
    });
  }

  #sendBytes(opcode: Opcode, payload: Uint8Array): SendResult {
    if (!this.admitMessage(payload.length)) return "dropped";
    this.#appendFrame(opcode, payload);
    return this.#result();
  }

  #appendFrame(opcode: Opcode, payload: Uint8Array, further?: FrameOptions): void {
    const options = this.#masked(further);
    const masked = options?.maskKey !== undefined;
    const header = headerLength(payload.length, masked);
    if (payload.length <= COPY_BYTES) {
      const tail = this.#reserve(header + payload.length);
      this.#grew(writeFrame(tail, this.#tailLength, opcode, payload, options));
    } else if (masked) {
      this.#append(encodeFrame(opcode, payload, options), false);
    } else {
      const tail = this.#reserve(header);
      this.#grew(writeHeader(tail, this.#tailLength, opcode, payload.length, options));
      this.#append(payload, true);
    }
  }

  /** RFC 6455 5.1, 5.3: a client masks every frame, with a new key. */
  #masked(options?: FrameOptions): FrameOptions | undefined {
    const { maskKey } = this.#context;
    return maskKey === undefined ? options : { ...options, maskKey: maskKey() };
  }

  /**
   * Applies the policy to a message that does not fit.
   *
   * @param length Its bytes.
   * @param messages How many messages it is.
   * @returns Whether it may be sent.
   */
  admitMessage(length: number, messages = 1): boolean {
    if (this.bytes === 0) {
      this.#holdsMessage = false;
      this.#burst = undefined;
    }
    // Control frames do not fill a queue: after nothing else, a message of any size is taken.
    if (this.#holdsMessage && !this.#fits(0, length, messages)) return false;
    return this.#holdsMessage = true;
  }

  #fits(elsewhere: number, length: number, messages: number, ours = false): boolean {
    const waiting = this.bytes + elsewhere;
    if (waiting + length <= this.mostBytes || this.#fitsBurst(waiting, length, ours)) return true;
    this.dropped += messages;
    if (this.#context.limits.whenFull !== "drop") this.#events.overflowed();
    return false;
  }

  /** Judges a message beyond the bound: by the bound for bursts in its turn, later by what came since. */
  #fitsBurst(waiting: number, length: number, ours: boolean): boolean {
    const { flusher, limits } = this.#context;
    if (waiting + length > BURST_FACTOR * limits.sendQueueBytes) return false;
    if (ours) return true;
    const { mostBytes } = this;
    const { turn } = flusher;
    let burst = this.#burst;
    if (burst === undefined || waiting <= mostBytes) {
      const isFresh = this.#backlogTurn === -1 || this.#backlogTurn === turn;
      burst = this.#burst = { turn, counted: isFresh ? 0 : waiting };
    }
    if (burst.turn === turn) return true;
    const counted = Math.min(burst.counted, waiting) + length;
    if (counted > mostBytes) return false;
    burst.counted = counted;
    return true;
  }

  #result(): SendResult {
    if (this.#writing) {
      if (this.#backlogTurn === -1) this.#backlogTurn = this.#context.flusher.turn;
      return "queued";
    }
    this.#schedule();
    return "sent";
  }

  /** Has what waits written at the end of the turn, or now if it is much. */
  #schedule(): void {
    if (this.#writing) return;
    if (this.bytes > MAX_TAIL_BYTES) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#context.flusher.schedule(this);
    }
  }

  /** Makes room for `bytes` more in the tail. */
  #reserve(bytes: number): Uint8Array<ArrayBuffer> {
    const needed = this.#tailLength + bytes;
    const tail = this.#tail;
    if (tail !== undefined && needed <= tail.length) return tail;
    const pool = this.#context.pool;
    if (tail === undefined || needed > MAX_TAIL_BYTES) {
      this.#seal();
      return this.#tail = pool.acquire(Math.max(bytes, MIN_TAIL_BYTES));
    }
    const grown = pool.acquire(Math.max(needed, 4 * tail.length));
    grown.set(tail.subarray(0, this.#tailLength));
    pool.release(tail);
    return this.#tail = grown;
  }

  #grew(tailLength: number): void {
    this.bytes += tailLength - this.#tailLength;
    this.#tailLength = tailLength;
  }

  #append(bytes: Uint8Array, continues: boolean): void {
    this.#seal();
    (this.#chunks ??= []).push({ bytes, length: bytes.length, pooled: false, continues });
    this.bytes += bytes.length;
  }

  /** Ends the tail: the next bytes go after it. */
  #seal(): void {
    const tail = this.#takeTail();
    if (tail !== undefined) (this.#chunks ??= []).push(tail);
  }

  #takeTail(): Chunk | undefined {
    const [bytes, length] = [this.#tail, this.#tailLength];
    if (bytes === undefined) return undefined;
    this.#tail = undefined;
    this.#tailLength = 0;
    return { bytes, length, pooled: true, continues: false };
  }

  #keepPong(frame: Uint8Array<ArrayBuffer>): void {
    const pong = this.#pong ??= { waiting: undefined, bytes: 0, isLast: false };
    const more = frame.length - (pong.waiting?.length ?? 0);
    pong.waiting = frame;
    pong.bytes += more;
    this.bytes += more;
  }

  #next(): Chunk | undefined {
    const pong = this.#pong;
    if (pong === undefined) return this.#nextInOrder();
    // RFC 6455 5.4: control frames may stand between the frames of a message, never within a frame.
    const first = pong.isLast || this.#chunks?.[0]?.continues ? this.#nextInOrder() : undefined;
    const bytes = pong.waiting;
    pong.isLast = first === undefined && bytes !== undefined;
    if (first !== undefined || bytes === undefined) return first ?? this.#nextInOrder();
    pong.waiting = undefined;
    return { bytes, length: bytes.length, pooled: false, continues: false };
  }

  #nextInOrder(): Chunk | undefined {
    return this.#chunks?.shift() ?? this.#takeTail();
  }

  #wrote(bytes: number): void {
    this.bytes -= bytes;
    const pong = this.#pong;
    if (pong?.isLast) pong.bytes -= bytes;
    else this.#taken += bytes;
    this.#events.wrote(bytes);
  }

  async #write(first = this.#next()): Promise<void> {
    const owner = this.#events;
    this.#writing = true;
    try {
      for (let chunk = first; chunk !== undefined; chunk = this.#next()) {
        for (let written = 0; written < chunk.length;) {
          const whole = written === 0 && chunk.length === chunk.bytes.length;
          const bytes = whole ? chunk.bytes : chunk.bytes.subarray(written, chunk.length);
          const count = await owner.transport.write(bytes);
          written += count;
          this.#wrote(count);
        }
        if (chunk.pooled) this.#context.pool.release(chunk.bytes as Uint8Array<ArrayBuffer>);
        if (this.#waiters !== undefined) this.#wake();
      }
    } catch (error) {
      this.#chunks = this.#tail = this.#pong = undefined;
      this.bytes = this.#tailLength = 0;
      this.#backlogTurn = -1; // it has not left, and never will
      owner.writeFailed(error);
    }
    this.#writing = false;
    if (this.#waiters !== undefined) this.#wake();
    if (this.#backlogTurn === -1) return;
    this.#backlogTurn = -1;
    owner.emptied();
  }

  #wake(): void {
    const waiters = this.#waiters!;
    this.#waiters = undefined;
    for (const check of waiters) check();
  }
}
