import type { Backplane, Message } from "../../mod.ts";
import {
  type ClientFileMessage,
  parseServersMessage,
  type ServerFileMessage,
  type StopReason,
  type TookMessage,
} from "./talk_file_messages.ts";
import { fileKey, IncomingFiles } from "./talk_incoming_files.ts";
import type { Person } from "./talk_roster_messages.ts";
import { frameSlice, MAX_SLICES, type Slice } from "./talk_slices.ts";
import { type Recipient, SliceAudience } from "./talk_slice_audience.ts";

/** How often {@linkcode TalkTransfers} asks for more slices, in milliseconds. */
export const TRANSFER_BEAT_MS = 50;

/** How many bytes of files one person may send in a second: less than what images come to. */
export const FILE_BYTES_PER_SECOND: number = 8 * 1024 * 1024;

/** How many slices of one file may be on their way. */
export const WINDOW_SLICES = 2;

/** How many files one person may send at once. */
export const MAX_FILES = 3;

/** How many files may be sent through one server at once. */
export const MAX_FILES_HERE = 16;

/** A sender that was asked for a slice has this long to send it, in milliseconds. */
export const SILENT_MS = 10_000;

/** The other servers have this long to say whether somebody there takes a file, in milliseconds. */
const ANSWER_MS = 2_000;

/** The channel of the backplane. */
const CHANNEL = "talk-files";

/** The people that files are sent among, and the bounds. */
export interface TransferContext {
  /** The connections of the people of this server. */
  readonly audience: ReadonlySet<Recipient>;
  /** How many people there are, on all servers. */
  people(): number;
  /** The size of every slice but the last of a file, in bytes. */
  readonly sliceBytes: number;
  /** What may wait for one person, in bytes. */
  readonly queueBytes: number;
  /** Joins the servers that share the people; the caller closes it. */
  readonly backplane?: Backplane | undefined;
  /** The time in milliseconds, of a clock that never goes back. */
  now(): number;
  /** Calls something again and again until told to stop. */
  every(ms: number, run: () => void): () => void;
}

/** A file that one of the people of this server sends. */
interface Outgoing {
  readonly sender: Recipient;
  readonly person: Person;
  readonly file: number;
  readonly size: number;
  readonly slices: number;
  readonly begunAt: number;
  /** How many slices have come. */
  got: number;
  /** How many slices the sender may have sent. */
  asked: number;
  /** When the sender last did what it was asked for, or was asked anew. */
  movedAt: number;
  readonly audience: SliceAudience;
  /** The other servers on which somebody takes it: how far they are, and when they said so. */
  readonly peers: Map<string, { slices: number; at: number }>;
}

/** What one person may still send in this moment. */
interface Allowance {
  bytes: number;
  files: number;
}

/**
 * Passes files on, slice by slice, to the people who are there when the file begins.
 *
 * The server asks for each slice, and only while everybody who takes the file has room for it: so a
 * slow receiver slows the sender down, nothing piles up, and what the sender says meanwhile is not held
 * up. Who has had no room for ten seconds gets no more of the file. A sender is asked for no more than
 * {@linkcode FILE_BYTES_PER_SECOND}; a slice that was not asked for ends the file.
 *
 * With a backplane, the servers of the receivers tell the sender's how far they are, so that the same
 * holds there. A slice that the backplane drops ends the file for the people behind it.
 */
export class TalkTransfers {
  readonly #context: TransferContext;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #incoming: IncomingFiles;
  readonly #allowances = new Map<Person, Allowance>();
  readonly #unsubscribe: (() => void) | undefined;
  #stopBeats: (() => void) | undefined;
  #beatAt = 0;

  /** @param context What files are sent among. */
  constructor(context: TransferContext) {
    this.#context = context;
    this.#incoming = new IncomingFiles(context, (data) => this.#publish(data));
    this.#unsubscribe = context.backplane?.subscribe(CHANNEL, (data) => this.#receive(data));
  }

  /** The size of every slice but the last of a file, in bytes. */
  get sliceBytes(): number {
    return this.#context.sliceBytes;
  }

  /**
   * Acts on what one of the people says of a file.
   *
   * @param sender The connection it came on.
   * @param person Whose connection that is.
   * @param message What they say.
   */
  act(sender: Recipient, person: Person, message: ClientFileMessage): void {
    switch (message.type) {
      case "file":
        this.#begin(sender, person, message);
        break;
      case "file-end":
        this.#end(person, message);
        break;
      case "file-stop": {
        if (message.of === undefined) this.#stop(this.#own(person, message.file), "cancelled");
        else this.#refuse(sender, message.of, message.file);
        break;
      }
    }
  }

  /**
   * Passes a slice on.
   *
   * @param person Who sent it.
   * @param slice What was sent.
   * @returns Whether it was asked for; otherwise it counts as a message like any other.
   */
  pass(person: Person, slice: Slice): boolean {
    const outgoing = this.#own(person, slice.file);
    if (outgoing === undefined) return false;
    const { sliceBytes } = this.#context;
    const bytes = Math.min(sliceBytes, outgoing.size - outgoing.got * sliceBytes);
    if (
      slice.index !== outgoing.got || outgoing.got === outgoing.asked ||
      slice.bytes.length !== bytes
    ) {
      this.#stop(outgoing, "wrong", { tellSender: true });
      return false;
    }
    outgoing.got++;
    outgoing.movedAt = this.#context.now();
    const message = frameSlice(person.name, { ...slice, id: person.id });
    this.#publish(message);
    outgoing.audience.give(message);
    return true;
  }

  /**
   * Forgets a connection that has ended.
   *
   * @param connection The connection.
   * @param person Whose it was.
   */
  leave(connection: Recipient, person: Person): void {
    for (const outgoing of this.#outgoing.values()) {
      if (outgoing.person === person) this.#stop(outgoing, "left");
      else outgoing.audience.delete(connection);
    }
    this.#incoming.leave(connection);
    this.#allowances.delete(person);
  }

  /** Tells the other servers that this one stops, and listens to them no more. */
  close(): void {
    for (const outgoing of this.#outgoing.values()) this.#stop(outgoing, "left");
    this.#unsubscribe?.();
    this.#rest();
  }

  #begin(sender: Recipient, person: Person, message: ClientFileMessage & { type: "file" }): void {
    const { file, title, mediaType, size } = message;
    const { sliceBytes, now, people } = this.#context;
    const slices = Math.ceil(size / sliceBytes);
    const allowance = this.#allowances.get(person) ?? { bytes: 0, files: 0 };
    const wrong = this.#own(person, file) !== undefined || slices > MAX_SLICES
      ? "wrong"
      : allowance.files === MAX_FILES || this.#outgoing.size === MAX_FILES_HERE
      ? "many"
      : people() === 1
      ? "nobody"
      : undefined;
    if (wrong !== undefined) {
      return tell(sender, { type: "file-stop", id: person.id, file, reason: wrong });
    }
    allowance.files++;
    this.#allowances.set(person, allowance);
    const audience = new SliceAudience(this.#context, { id: person.id, file });
    audience.delete(sender);
    this.#outgoing.set(fileKey(person.id, file), {
      sender,
      person,
      file,
      size,
      slices,
      begunAt: now(),
      got: 0,
      asked: 0,
      movedAt: now(),
      audience,
      peers: new Map(),
    });
    const { id, name } = person;
    const at = Date.now();
    this.#tellAll(audience, {
      type: "file",
      id,
      name,
      file,
      title,
      mediaType,
      size,
      sliceBytes,
      at,
    });
    this.#wake();
  }

  #end(person: Person, message: ClientFileMessage & { type: "file-end" }): void {
    const outgoing = this.#own(person, message.file);
    if (outgoing === undefined) return;
    if (outgoing.got < outgoing.slices) {
      return this.#stop(outgoing, "wrong", { tellSender: true });
    }
    const { id } = person;
    this.#tellAll(outgoing.audience, { ...message, id });
    this.#forget(outgoing);
  }

  /** Somebody wants no more of a file. */
  #refuse(connection: Recipient, id: number, file: number): void {
    this.#outgoing.get(fileKey(id, file))?.audience.delete(connection);
    this.#incoming.refuse(connection, id, file);
  }

  #own(person: Person, file: number): Outgoing | undefined {
    return this.#outgoing.get(fileKey(person.id, file));
  }

  /** Ends a file before its end, for everybody. */
  #stop(
    outgoing: Outgoing | undefined,
    reason: StopReason,
    { tellSender = false }: { tellSender?: boolean } = {},
  ): void {
    if (outgoing === undefined) return;
    const { person: { id }, file } = outgoing;
    const message = { type: "file-stop", id, file, reason } as const;
    this.#tellAll(outgoing.audience, message);
    if (tellSender) tell(outgoing.sender, message);
    this.#forget(outgoing);
  }

  #forget({ person, file }: Outgoing): void {
    this.#outgoing.delete(fileKey(person.id, file));
    const allowance = this.#allowances.get(person);
    // Kept for the next file: what was sent of this one counts on.
    if (allowance !== undefined) allowance.files--;
  }

  /** Tells the people of this server who take a file, and the other servers. */
  #tellAll(audience: SliceAudience, message: ServerFileMessage): void {
    const text = JSON.stringify(message);
    audience.tell(text);
    this.#publish(text);
  }

  // ---------------------------------------------------------------- asking for slices

  #wake(): void {
    if (this.#stopBeats !== undefined) return;
    this.#beatAt = this.#context.now();
    this.#stopBeats = this.#context.every(TRANSFER_BEAT_MS, () => this.#beat());
  }

  #rest(): void {
    this.#stopBeats?.();
    this.#stopBeats = undefined;
  }

  #beat(): void {
    const now = this.#context.now();
    const gained = FILE_BYTES_PER_SECOND * (now - this.#beatAt) / 1000;
    this.#beatAt = now;
    const most = WINDOW_SLICES * this.#context.sliceBytes;
    for (const [person, allowance] of this.#allowances) {
      allowance.bytes = Math.min(most, allowance.bytes + gained);
      // Nothing is remembered of whom it would not slow down.
      if (allowance.files === 0 && allowance.bytes === most) this.#allowances.delete(person);
    }
    for (const outgoing of this.#outgoing.values()) this.#ask(outgoing, now);
    this.#incoming.beat(now);
    if (this.#outgoing.size + this.#incoming.size + this.#allowances.size === 0) this.#rest();
  }

  /** Asks the sender for more, if everybody has room and there is more. */
  #ask(outgoing: Outgoing, now: number): void {
    const { sender, audience, peers, person, file, begunAt } = outgoing;
    audience.dropSlow(now);
    for (const [id, { at }] of peers) if (now - at > SILENT_MS) peers.delete(id);
    const mayWait = this.#context.backplane !== undefined && now - begunAt < ANSWER_MS;
    if (audience.size + peers.size === 0 && !mayWait) {
      return this.#stop(outgoing, "nobody", { tellSender: true });
    }
    // A slice that it was asked for, or the end after the last one.
    const owes = outgoing.got < outgoing.asked || outgoing.got === outgoing.slices;
    if (!owes) outgoing.movedAt = now;
    else if (now - outgoing.movedAt > SILENT_MS) {
      return this.#stop(outgoing, "silent", { tellSender: true });
    }
    if (!audience.hasRoom || audience.size + peers.size === 0) return;
    const least = peers.values().reduce((least, { slices }) => Math.min(least, slices), Infinity);
    const most = Math.min(outgoing.slices, Math.min(outgoing.got, least) + WINDOW_SLICES);
    const allowance = this.#allowances.get(person);
    const before = outgoing.asked;
    while (allowance !== undefined && outgoing.asked < most && allowance.bytes > 0) {
      allowance.bytes -= this.#context.sliceBytes;
      outgoing.asked++;
    }
    if (outgoing.asked > before) {
      tell(sender, { type: "file-more", file, slices: outgoing.asked });
    }
  }

  // ---------------------------------------------------------------- the other servers

  #publish(data: Message): void {
    this.#context.backplane?.publish(CHANNEL, data);
  }

  #receive(data: Message): void {
    if (typeof data !== "string") return this.#incoming.receiveSlice(data);
    const message = parseServersMessage(data);
    if (message?.type === "took") return this.#hear(message);
    if (message === undefined) return;
    this.#incoming.receive(message, data);
    if (this.#incoming.size > 0) this.#wake();
  }

  #hear({ id, file, from, slices }: TookMessage): void {
    const peers = this.#outgoing.get(fileKey(id, file))?.peers;
    if (slices < 0) peers?.delete(from);
    else peers?.set(from, { slices, at: this.#context.now() });
  }
}

function tell(connection: Recipient, message: ServerFileMessage): void {
  connection.send(JSON.stringify(message));
}
