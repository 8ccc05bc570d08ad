import type { Message } from "../../mod.ts";
import type { ServerFileMessage, TookMessage } from "./talk_file_messages.ts";
import { parseSlice } from "./talk_slices.ts";
import { type Recipient, SliceAudience } from "./talk_slice_audience.ts";

/** How often a server says what it has of a file, in milliseconds, when nothing is new. */
const REPEAT_MS = 1_000;

/** What another server sends is forgotten after this long without news of it, in milliseconds. */
const FORGET_MS = 30_000;

/** A file that somebody on another server sends. */
interface Incoming {
  readonly id: number;
  readonly file: number;
  /** How many slices have come. */
  got: number;
  /** When anything of it last came. */
  heardAt: number;
  /** How many slices the sender's server was told of, and when. */
  told: { slices: number; at: number };
  readonly audience: SliceAudience;
}

/** The receivers of the files of other servers. */
export interface IncomingFilesContext {
  /** The connections of the people of this server. */
  readonly audience: ReadonlySet<Recipient>;
  /** What may wait for one person, in bytes. */
  readonly queueBytes: number;
  /** The time in milliseconds, of a clock that never goes back. */
  now(): number;
}

/** The files that come from other servers for the people of this one. */
export class IncomingFiles {
  readonly #context: IncomingFilesContext;
  readonly #publish: (data: Message) => void;
  /** Tells this server from others. */
  readonly #from = crypto.randomUUID();
  readonly #files = new Map<string, Incoming>();

  /**
   * @param context The receivers.
   * @param publish Sends a message to the other servers.
   */
  constructor(context: IncomingFilesContext, publish: (data: Message) => void) {
    this.#context = context;
    this.#publish = publish;
  }

  /** How many files are coming. */
  get size(): number {
    return this.#files.size;
  }

  /**
   * Acts on what the sender's server says.
   *
   * @param message What it says; "file-more" is for the sender alone and never comes.
   * @param text The same as it came, which the people are told.
   */
  receive(message: Exclude<ServerFileMessage, { type: "file-more" }>, text: string): void {
    const { type, id, file } = message;
    const key = fileKey(id, file);
    if (type === "file") {
      const audience = new SliceAudience(this.#context, { id, file });
      if (audience.size === 0) return;
      const now = this.#context.now();
      const told = { slices: 0, at: now };
      this.#files.set(key, { id, file, got: 0, heardAt: now, told, audience });
      this.#tell(id, file, 0);
    }
    this.#files.get(key)?.audience.tell(text);
    if (type !== "file") this.#files.delete(key);
  }

  /**
   * Passes a slice on to the people of this server.
   *
   * @param data The slice as the people get it; shared with others and not changed.
   */
  receiveSlice(data: Uint8Array): void {
    const slice = parseSlice(data);
    const incoming = slice && this.#files.get(fileKey(slice.id, slice.file));
    if (slice === undefined || incoming === undefined) return;
    if (slice.index !== incoming.got) return this.#drop(incoming, "lost");
    incoming.got++;
    incoming.heardAt = this.#context.now();
    incoming.audience.give(data);
  }

  /**
   * Somebody wants no more of a file.
   *
   * @param connection Who.
   * @param id Whose file.
   * @param file Which file.
   */
  refuse(connection: Recipient, id: number, file: number): void {
    this.#files.get(fileKey(id, file))?.audience.delete(connection);
  }

  /**
   * Forgets a connection that has ended.
   *
   * @param connection The connection.
   */
  leave(connection: Recipient): void {
    for (const { audience } of this.#files.values()) audience.delete(connection);
  }

  /**
   * Tells the senders' servers how far this one is; to be called again and again.
   *
   * @param now The time in milliseconds, of a clock that never goes back.
   */
  beat(now: number): void {
    for (const incoming of this.#files.values()) this.#report(incoming, now);
  }

  /** Tells how far this server is: no further than everybody here has room. */
  #report(incoming: Incoming, now: number): void {
    const { id, file, got, heardAt, told, audience } = incoming;
    audience.dropSlow(now);
    if (audience.size === 0 || now - heardAt > FORGET_MS) return this.#drop(incoming, "left");
    const slices = audience.hasRoom ? got : told.slices;
    if (slices === told.slices && now - told.at < REPEAT_MS) return;
    incoming.told = { slices, at: now };
    this.#tell(id, file, slices);
  }

  #drop({ id, file, audience }: Incoming, reason: "left" | "lost"): void {
    this.#files.delete(fileKey(id, file));
    audience.stop(reason);
    this.#tell(id, file, -1);
  }

  #tell(id: number, file: number, slices: number): void {
    const message: TookMessage = { type: "took", id, file, from: this.#from, slices };
    this.#publish(JSON.stringify(message));
  }
}

/**
 * Gives what tells a file from all others.
 *
 * @param id Whose file.
 * @param file Which file of that person.
 * @returns A key for a `Map`.
 */
export function fileKey(id: number, file: number): string {
  return `${id}/${file}`;
}
