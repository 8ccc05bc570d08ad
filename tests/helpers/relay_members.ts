import type { Connection, IncomingStream } from "../../mod.ts";
import type { Member, RelayData } from "../../server/apps/relay_room.ts";

/** A member of a relay without a socket: the test reads what it is sent, as fast as it likes. */
export class FakeMember {
  open = true;
  bufferedAmount = 0;
  readonly key: string;
  readonly data: RelayData;
  /** The close code and reason it got. */
  closed: readonly [code: number | undefined, reason: string | undefined] | undefined = undefined;
  /** The streams it is sent, oldest first. */
  readonly readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  readonly #done: ((result: "sent" | "dropped") => void)[] = [];

  constructor(name: string) {
    this.key = name;
    this.data = { name, header: Uint8Array.of(name.length), receiving: false };
  }

  /** The same as the relay sees it. */
  get member(): Member {
    return this as unknown as Connection<RelayData>;
  }

  send(stream: ReadableStream<Uint8Array>): Promise<"sent" | "dropped"> {
    this.readers.push(stream.getReader());
    return new Promise((resolve) => void this.#done.push(resolve));
  }

  close(code?: number, reason?: string): void {
    this.open = false;
    this.closed ??= [code, reason];
  }

  /** Takes the next piece of the newest message; `undefined` when it has ended: then it is done. */
  async take(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.readers.at(-1)!.read();
    if (done) this.#done.at(-1)!("sent");
    return value;
  }

  /** Takes the newest message to its end; gives how many bytes it was. */
  async takeAll(): Promise<number> {
    let bytes = 0;
    for (let piece = await this.take(); piece !== undefined; piece = await this.take()) {
      bytes += piece.length;
    }
    return bytes;
  }
}

/** A message whose pieces the test hands in. */
export class FakeIncoming {
  controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** How many pieces were asked for. */
  pulled = 0;
  cancelled = false;
  readonly message: IncomingStream;

  constructor(type: "text" | "binary" = "text") {
    const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.controller = controller),
      pull: () => void this.pulled++,
      cancel: () => void (this.cancelled = true),
    }, { highWaterMark: 0 });
    this.message = { type, readable };
  }

  /** Hands in a piece of so many bytes. */
  give(bytes: number): void {
    this.controller.enqueue(new Uint8Array(bytes));
  }
}

/** Lets all that is ready run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}
