import {
  type Fragment,
  FrameDecoder,
  isControl,
  type Message,
  Opcode,
  type Session,
} from "../../protocol/mod.ts";
import { FRAMES_PER_LOOK } from "../loop/event_loop_budget.ts";
import type { HasWaits } from "../loop/long_wait_detector.ts";
import { type Waiter, waitForBytes } from "../net/wait_for_bytes.ts";
import type { ConnectionContext, ConnectionEvents } from "./connection_context.ts";
import type { ConnectionDeflate } from "./deflate/connection_deflate.ts";
import { FrameSource } from "./frame_source.ts";
import { MessageDelivery } from "./message_delivery.ts";
import type { MessageSender } from "./message_sender.ts";
import { ReadAhead } from "./read_ahead.ts";
import type { UnfinishedMessage, UnfinishedReason } from "./unfinished_messages.ts";

/** A connection that was silent for this many milliseconds before something came is parked after it. */
const PARK_AFTER = 2_000;

/** So many bytes that were read count for as much as a frame, since to look at them is work too. */
const FRAME_BYTES = 16_384;

type ReceiverContext = Pick<
  ConnectionContext<never>,
  | "role"
  | "limits"
  | "pool"
  | "sweeper"
  | "budget"
  | "unfinished"
  | "longWaits"
  | "measurements"
>;

type ReceiverEvents = Pick<
  ConnectionEvents,
  | "transport"
  | "remoteAddress"
  | "open"
  | "observer"
  | "handle"
  | "close"
  | "closeWaits"
  | "receivedLast"
  | "gaveUp"
>;

/** The parts of a connection besides its way in. */
export interface MessageReceiverParts {
  /** Makes messages of fragments, and answers control frames. */
  readonly session: Session;
  /** The way out: no more is read from a peer that has not taken its answers. */
  readonly sender: MessageSender;
  /** Inflates, where that was agreed on. */
  readonly deflate: ConnectionDeflate | undefined;
}

/** A wait for our own side. */
interface OwnWait {
  /** The end of it; `undefined` between two waits. */
  pending: Promise<void> | undefined;
  /** The wait that was there at the last look. */
  seen: Promise<void> | undefined;
}

/**
 * The way in of one connection: drives bytes from the transport through the decoder and the session to
 * whoever wants the messages, no faster than they are wanted. While a message is being dealt with for
 * long, it reads on a little, so that pings are answered and a Close is seen: {@linkcode ReadAhead}.
 * While nothing comes it is parked.
 */
export class MessageReceiver implements Waiter, UnfinishedMessage, HasWaits {
  /** Bytes that came. */
  bytes = 0;
  /** Messages that came. */
  messages = 0;
  /** When something came last. */
  lastReceived: number;
  readonly #connection: ReceiverEvents;
  readonly #context: ReceiverContext;
  readonly #session: Session;
  readonly #sender: MessageSender;
  readonly #deflate: ConnectionDeflate | undefined;
  /** Absent while nothing comes, as most connections have no use for one most of the time. */
  #decoder: FrameDecoder | undefined = undefined;
  /** Brings messages to a stream instead of the `message` handler; only where one was asked for. */
  #delivery: MessageDelivery | undefined = undefined;
  /** Ends the wait for our own side. */
  #resume: (() => void) | undefined = undefined;
  /** Only while {@linkcode MessageReceiver.look} is called. */
  #wait: OwnWait | undefined = undefined;
  /** Messages that were read while others have to wait; only while they do. */
  #ahead: ReadAhead | undefined = undefined;
  /** Whether no message is handed over any more, as our side has begun to close. */
  #discards = false;
  #stopped = false;
  /** Whether a message has begun that is not whole. */
  #unfinished = false;
  /** Whether something is being inflated that does not come at once. */
  #inflating = false;

  /**
   * @param connection The connection.
   * @param context The parts of the server that it shares with others.
   * @param parts The other parts of the connection.
   */
  constructor(
    connection: ReceiverEvents,
    context: ReceiverContext,
    { session, sender, deflate }: MessageReceiverParts,
  ) {
    this.#connection = connection;
    this.#context = context;
    this.#session = session;
    this.#sender = sender;
    this.#deflate = deflate;
    this.lastReceived = context.sweeper.now;
  }

  /** Whether it waits for its own side, so that a silent peer is not to blame. */
  get paused(): boolean {
    return this.#resume !== undefined;
  }

  /** Where messages are asked for that are not to go to the `message` handler. */
  get delivery(): MessageDelivery {
    if (this.#delivery === undefined) {
      this.#delivery = new MessageDelivery(this.#connection);
      if (this.#stopped) this.#delivery.end();
    }
    return this.#delivery;
  }

  /**
   * Begins to receive.
   *
   * @param rest Bytes that came after the handshake: the first frames.
   */
  run(rest: Uint8Array): void {
    if (rest.length > 0) this.woken(rest);
    else this.#park();
  }

  /** Waits for bytes with next to nothing: an async function that waits would be most of what is held. */
  #park(): void {
    this.#session.rest();
    if (this.#decoder?.isBetweenMessages) this.#decoder = undefined;
    waitForBytes(this.#connection.transport, this.#context.pool, this);
  }

  woken(first: Uint8Array | undefined): void {
    this.#receive(first);
  }

  /** Receives until the connection is parked, or nothing more is received. */
  async #receive(first: Uint8Array | undefined): Promise<void> {
    let failure: unknown;
    try {
      if (first !== undefined && await this.#receiveFrames(first)) return this.#park();
    } catch (error) {
      failure = error;
    }
    this.#connection.receivedLast(failure);
  }

  /** Receives until nothing more comes for now: `true`, or ever: `false`. */
  async #receiveFrames(first: Uint8Array): Promise<boolean> {
    const { role, limits, pool, sweeper, budget, measurements } = this.#context;
    const deflate = this.#deflate !== undefined;
    const decoder = this.#decoder ??= new FrameDecoder({ role, limits, deflate });
    const source = new FrameSource(this.#connection.transport, decoder, pool, first);
    const reader = new ReadableStream(source, { highWaterMark: 0 }).getReader();
    /** How long nothing had come before the burst of reads that this is about. */
    let silence = 0;
    let more = false;
    try {
      for (;;) {
        const { done, value: batch } = await reader.read();
        if (done) return false;
        this.bytes += batch.byteLength;
        const now = sweeper.recently;
        if (!more) silence = now - this.lastReceived;
        more = batch.more;
        this.lastReceived = now;
        // A peer gets no further answers before it has taken the last ones. Messages of a client may be
        // no answers: a server that goes by this rule would wait for it, and it for the server.
        let behind = role === "server" && this.#sender.behind;
        const { fragments } = batch;
        measurements.received(fragments);
        for (let at = 0; at < fragments.length; at++) {
          const fragment = fragments[at]!;
          this.#connection.observer?.received(fragment);
          if (this.#ahead !== undefined) {
            if (!isControl(fragment.opcode)) await this.#makeRoom(fragment);
            else if (fragment.opcode === Opcode.Close) await this.#catchUp(this.#ahead);
          }
          const received = fragment.compressed
            ? this.#receiveDeflated(fragment)
            : this.#receivePlain(fragment);
          const message = received instanceof Promise ? await received : received;
          // Awaiting without need would part the answers to one read into two writes.
          const pause = at % FRAMES_PER_LOOK === FRAMES_PER_LOOK - 1
            ? budget.over(FRAMES_PER_LOOK)
            : budget.mustLook
            ? budget.over(0)
            : undefined;
          if (pause !== undefined) await pause;
          if (message === undefined) continue;
          if (this.#unfinished) this.#finished();
          if (behind && this.#ahead === undefined) await this.#waitFor(this.#sender.taken());
          behind = false;
          if (this.#ahead !== undefined) {
            this.#hold(this.#ahead, message);
            continue;
          }
          const before = role === "server" ? -1 : this.#sender.bytes;
          const handled = this.#hand(message);
          const answered = role === "server" || this.#sender.bytes > before;
          if (handled !== undefined) await this.#waitFor(handled);
          // A message that is read ahead waits for the handler first, and then for the peer.
          if (answered && this.#ahead === undefined && this.#sender.congested) {
            await this.#waitFor(this.#sender.taken());
          }
        }
        if (!decoder.isBetweenMessages) {
          this.#unfinished = true;
          this.#noteUnfinished(payloadBytesOf(fragments));
        } else if (this.#unfinished) this.#finished();
        const { state } = this.#session;
        if (state !== "open" && state !== "closing") return false;
        if (batch.failure !== undefined) throw batch.failure;
        // A read counts too: the frames of slow senders come in many.
        const frames = fragments.length % FRAMES_PER_LOOK;
        const over = budget.over(1 + frames + Math.floor(batch.byteLength / FRAME_BYTES));
        if (over !== undefined) await over;
        if (silence >= PARK_AFTER && !more) return true;
      }
    } finally {
      source.release();
    }
  }

  /** Takes a fragment that is not compressed, or is so no longer; gives the message that it ends. */
  #receivePlain(fragment: Fragment): Message | undefined | Promise<undefined> {
    return this.#delivery?.streams?.takes(fragment)
      ? this.#stream(fragment)
      : this.#session.receive(fragment);
  }

  #receiveDeflated(fragment: Fragment): Message | undefined | Promise<Message | undefined> {
    // Messages that come when either side has begun to close are thrown away.
    if (!this.#connection.open) return undefined;
    const wait = this.#context.budget.spentForWork();
    return wait === undefined
      ? this.#inflate(fragment)
      : wait.then(() => this.#connection.open ? this.#inflate(fragment) : undefined);
  }

  #inflate(fragment: Fragment): Message | undefined | Promise<Message | undefined> {
    const fragments = this.#deflate!.inflate(fragment);
    // In one piece, as most small messages are: awaiting would part the answers to one read.
    if (fragments instanceof Array && fragments.length === 1) {
      return this.#receivePlain(fragments[0]!);
    }
    return this.#receiveInflated(fragments);
  }

  async #receiveInflated(
    fragments: readonly Fragment[] | AsyncIterable<Fragment>,
  ): Promise<Message | undefined> {
    let message: Message | undefined;
    this.#inflating = true;
    try {
      for await (const fragment of fragments) {
        if (!this.#connection.open) break;
        message = await this.#receivePlain(fragment);
        // A few bytes may become as much as a message may have.
        if (message !== undefined) continue;
        this.#unfinished = true;
        this.#noteUnfinished(0);
      }
    } finally {
      this.#inflating = false;
      if (!this.#connection.open) this.#deflate?.stopInflating();
    }
    return message;
  }

  /** Has what is set aside for a message that is not whole counted, and the time that it takes. */
  #noteUnfinished(arrived: number): void {
    const { unfinished } = this.#context;
    const bytes = this.#session.heldBytes + (this.#deflate?.heldBytes ?? 0);
    if (!this.#stopped) unfinished.update(this, bytes, arrived);
  }

  /** A message is whole, or its connection is over: nothing is held for it any more. */
  #finished(): void {
    this.#unfinished = false;
    this.#context.unfinished.delete(this);
  }

  get address(): string {
    return this.#connection.remoteAddress;
  }

  get excused(): boolean {
    return this.paused || !this.#connection.open || this.#delivery?.streams?.inMessage === true;
  }

  giveUp(reason: UnfinishedReason): void {
    this.#connection.gaveUp(reason);
    if (!this.#inflating) this.#deflate?.stopInflating();
  }

  /** Hands a fragment to whoever reads messages as streams. */
  #stream(fragment: Fragment): Promise<undefined> | undefined {
    if (!this.#connection.open) return undefined;
    const streams = this.#delivery!.streams!;
    if (fragment.last && fragment.fin) this.#count(streams.isText);
    const ahead = this.#ahead;
    if (ahead === undefined) {
      const behind = streams.push(fragment);
      return behind && this.#waitFor(behind);
    }
    const own = { ...fragment, payload: fragment.payload.slice() };
    ahead.add(own.payload.length, () => streams.push(own));
    return ahead.room && this.#pauseFor(ahead.room);
  }

  /** Hands a message over; returns what the next one has to wait for. */
  #hand(message: Message): Promise<void> | undefined {
    if (this.#discards) return undefined; // we have begun to close meanwhile
    this.#count(typeof message === "string");
    const delivery = this.#delivery;
    return delivery === undefined ? this.#connection.handle(message) : delivery.deliver(message);
  }

  /** Keeps a message until those before it are dealt with. */
  #hold(ahead: ReadAhead, message: Message): void {
    ahead.add(message.length, () => {
      const before = this.#context.role === "server" ? -1 : this.#sender.bytes;
      const handled = this.#hand(message);
      if (this.#sender.bytes <= before) return handled;
      const uncongested = () => this.#sender.congested ? this.#sender.taken() : undefined;
      return handled === undefined ? uncongested() : handled.then(uncongested);
    });
  }

  #count(isText: boolean): void {
    this.messages++;
    if (isText) this.#context.measurements.textIn++;
  }

  /**
   * Waits for our own side, and reads nothing meanwhile; not beyond the end of the open state. If that
   * takes long, it is left to itself: what comes from now on is read ahead of it.
   */
  #waitFor(pending: Promise<void>): Promise<undefined> {
    if (this.#discards) return Promise.resolve(undefined);
    const wait = this.#wait ??= this.#watch();
    wait.pending = pending;
    return new Promise((resolve) => {
      const resume = () => {
        if (this.#resume === resume) this.#resume = wait.pending = undefined;
        resolve(undefined);
      };
      this.#resume = resume;
      pending.then(resume);
    });
  }

  /** Has the detector look whether the waits from now on take long. */
  #watch(): OwnWait {
    this.#context.longWaits.watch(this);
    return { pending: undefined, seen: undefined };
  }

  look(): boolean {
    const wait = this.#wait!;
    const { pending } = wait;
    if (pending !== undefined && pending !== wait.seen) {
      wait.seen = pending;
      return true;
    }
    this.#wait = undefined;
    if (pending !== undefined) this.#leaveToItself(pending);
    return false;
  }

  /** Reads on ahead of a wait that takes long. */
  #leaveToItself(pending: Promise<void>): void {
    const ahead = this.#ahead ??= new ReadAhead();
    pending.then(() => this.#handOn(ahead));
    this.#resume?.();
  }

  /** Waits for our own side, however long that takes. */
  async #pauseFor(promise: Promise<void>): Promise<undefined> {
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      promise.then(resolve);
    });
    this.#resume = undefined;
  }

  /** Makes room for a fragment in what is read ahead. */
  async #makeRoom({ payload, compressed }: Fragment): Promise<void> {
    for (let room = this.#ahead?.room; room !== undefined; room = this.#ahead?.room) {
      await this.#pauseFor(room);
    }
    this.#ahead?.count(payload.length, compressed ? this.#context.limits.messageBytes : 0);
  }

  /** Lets messages be handed over that came before a Close, so that they can be answered. */
  async #catchUp(ahead: ReadAhead): Promise<void> {
    const { empty } = ahead;
    if (empty === undefined) return;
    this.#connection.closeWaits();
    await this.#pauseFor(empty);
    // The last one has as long as any other.
    if (ahead === this.#ahead) await this.#waitFor(ahead.ended);
  }

  /** The peer's Close has waited for long enough: see {@linkcode ConnectionEvents.closeWaits}. */
  stopWaiting(): void {
    this.finish();
    this.#dropAhead();
  }

  #dropAhead(): void {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    ahead?.end();
  }

  /** Hands over what was read ahead, now that its turn has come. */
  #handOn(ahead: ReadAhead, taken = false): void {
    if (ahead !== this.#ahead) return;
    const { role, budget } = this.#context;
    // As for a batch that comes.
    if (!taken && role === "server" && this.#sender.behind) {
      this.#sender.taken().then(() => this.#handOn(ahead, true));
      return;
    }
    for (let count = 1;; count++) {
      const hand = ahead.next();
      if (hand === undefined) break;
      const over = count % FRAMES_PER_LOOK === 0 ? budget.over(FRAMES_PER_LOOK) : undefined;
      const pending = hand() ?? over;
      if (pending === undefined) continue;
      pending.then(() => this.#handOn(ahead));
      return;
    }
    this.#ahead = undefined;
    ahead.end();
  }

  /**
   * Nothing more comes: what was read ahead is still handed over.
   *
   * @returns A promise to wait for; `undefined` where nothing waits.
   */
  finish(): Promise<void> | undefined {
    const ahead = this.#ahead;
    if (this.#delivery === undefined) return ahead?.empty;
    // A stream keeps it for its reader.
    for (let hand = ahead?.next(); hand !== undefined; hand = ahead?.next()) hand();
  }

  /** Waits for our own side no longer, as no message is handed over any more. */
  resume(): void {
    this.#discards = true;
    this.#dropAhead();
    this.#resume?.();
  }

  /** The connection is over. */
  stop(): void {
    this.#stopped = true;
    this.#finished();
    this.finish();
    this.resume();
    this.#delivery?.end();
  }
}

/** How many bytes of messages came; control frames bring none of it nearer to its end. */
function payloadBytesOf(fragments: readonly Fragment[]): number {
  let bytes = 0;
  for (const { opcode, payload } of fragments) if (!isControl(opcode)) bytes += payload.length;
  return bytes;
}
