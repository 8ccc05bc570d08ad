import { CloseCode, type Message } from "../../protocol/mod.ts";
import type { ConnectionEvents } from "./connection_context.ts";
import { Inbox } from "./inbox.ts";
import { type IncomingStream, IncomingStreams } from "./incoming_streams.ts";

/** Brings a connection's messages to its `message` handler, or to whoever asked for a stream of them. */
export class MessageDelivery {
  readonly #connection: Pick<ConnectionEvents, "handle" | "close">;
  #inbox: Inbox | undefined = undefined;
  /** Takes fragments before they become messages; only where messages were asked for as streams. */
  streams: IncomingStreams | undefined = undefined;
  /** Resolves when `open` has asked for the messages, or is done; only while it may still ask. */
  #asked: PromiseWithResolvers<void> | undefined = undefined;
  /** Messages that wait for that. */
  readonly #early: Message[] = [];
  /** Closes the connection, as a loop over its messages was left. */
  #leaving: ReturnType<typeof setTimeout> | undefined = undefined;
  #over = false;

  /** @param connection The connection. */
  constructor(connection: Pick<ConnectionEvents, "handle" | "close">) {
    this.#connection = connection;
  }

  /** Keeps messages for an `open` that has not asked for them yet, but still may. */
  async holdFor(opening: Promise<void>): Promise<void> {
    this.#asked = Promise.withResolvers();
    await opening;
    if (this.#over) return; // they wait for whoever asks now
    this.#asked.resolve();
    this.#asked = undefined;
  }

  /** Hands a message to whoever wants it; returns what the next one has to wait for. */
  deliver(message: Message): Promise<void> | undefined {
    if (this.#inbox === undefined && this.#asked !== undefined) {
      this.#early.push(message);
      return this.#asked.promise.then(() => this.#handEarly());
    }
    return this.#hand(message);
  }

  #handEarly(): Promise<void> | undefined {
    return this.#early.length > 0 ? this.#hand(this.#early.shift()!) : undefined;
  }

  #hand(message: Message): Promise<void> | undefined {
    return this.#inbox === undefined ? this.#connection.handle(message) : this.#inbox.push(message);
  }

  /** The messages as a stream, from now on. */
  get readable(): ReadableStream<Message> {
    this.#inbox ??= new Inbox(() => this.#connection.close(CloseCode.NormalClosure));
    if (this.#over) {
      while (this.#early.length > 0) this.#handEarly();
      this.#inbox.close();
    }
    this.#asked?.resolve();
    return this.#inbox.readable;
  }

  /** The same for a loop, which closes the connection when it is left. */
  messages(): AsyncIterableIterator<Message> {
    return this.#loopOver(this.readable);
  }

  /** The messages that begin from now on, each as a stream of its own, for a loop. */
  streamedMessages(): AsyncIterableIterator<IncomingStream> {
    this.streams ??= new IncomingStreams(() => this.#connection.close(CloseCode.NormalClosure));
    if (this.#over) this.streams.close();
    this.#asked?.resolve();
    return this.#loopOver(this.streams.readable);
  }

  #loopOver<T>(readable: ReadableStream<T>): AsyncIterableIterator<T> {
    const messages = readable.values({ preventCancel: true });
    return {
      next: () => messages.next(),
      return: async () => {
        // Not at once, since an exception leaves a loop too, and then it is the fault that closes.
        this.#leaving ??= setTimeout(() => this.#connection.close(CloseCode.NormalClosure));
        await messages.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The connection is over: the stream ends after what waits in it. */
  end(): void {
    this.#over = true;
    clearTimeout(this.#leaving);
    this.#inbox?.close();
    this.streams?.close();
  }
}
