import {
  type Backplane,
  type Connection,
  DEFAULT_LIMITS,
  type Limits,
  serve,
  type ServeOptions,
  type Server,
} from "../../mod.ts";
import { TalkFigures, type TalkReport } from "./talk_figures.ts";
import { readOnly } from "./read_only.ts";
import { talkFiles } from "./talk_files.ts";
import { FloodGate, WINDOW_MESSAGES, WINDOW_MS } from "./talk_flood.ts";
import {
  fault,
  frameImage,
  parseImage,
  parseMessage,
  serializeMessage,
  type ServerMessage,
} from "./talk_messages.ts";
import { freeNickname, nicknameKey } from "./talk_names.ts";
import { BEAT_MS, TalkRoster } from "./talk_roster.ts";
import type { Person } from "./talk_roster_messages.ts";
import { parseSlice, SLICE_OVERHEAD } from "./talk_slices.ts";
import { TalkTransfers } from "./talk_transfers.ts";

/** How many of the others a newcomer is told by name. */
const OTHERS_TOLD = 20;

/** With more people than this, who comes and who goes is no longer told: it would drown the talk. */
const ANNOUNCE_PEOPLE = 1000;

/**
 * What holds unless the options say otherwise. Messages may be larger than images, so that an image
 * over its limit gets a reply and not close code 1009; and a slow phone should wait for two images in
 * a row rather than lose its connection over them.
 */
export const TALK_LIMITS: Pick<Limits, "messageBytes" | "whenFull"> = {
  messageBytes: 4 * 1024 * 1024,
  whenFull: "wait",
};

/** The largest image, in bytes; half of the largest message where that is less. */
const IMAGE_BYTES = 1024 * 1024;

/**
 * A slice of a file, in bytes. A receiver has room for several of them; where the limits of the server
 * are lower, slices are smaller.
 */
const SLICE_BYTES = 256 * 1024;

/** The answer when a nickname and all its numbers are in use. */
const TAKEN = "Nickname is taken by too many: choose another";

/**
 * Servers with a backplane number their people from a multiple of this on, which each draws at random
 * from 2^32 of them: the sums are numbers that JavaScript holds exactly. A server that gets more people
 * than this counts on, since whatever follows is hardly another's either.
 */
const ID_STEP = 2 ** 20;

/** What the talk app needs beyond the options of the server under it. */
export interface TalkOptions extends
  Pick<
    ServeOptions<TalkData>,
    | "hostname"
    | "port"
    | "reusePort"
    | "backplane"
    | "cert"
    | "key"
    | "origins"
    | "limits"
    | "log"
  > {
  /** Whether the page shows what connections cost and which 4-tuple the reader has. */
  figures: boolean;
  /**
   * Gives the report that the figures are taken from, such as one of all servers that share the port.
   * It is called every two seconds while somebody is here, by each server.
   *
   * @default the report of this server
   */
  report?: () => Promise<TalkReport>;
}

/** What the talk app keeps for each connection. */
export interface TalkData {
  /** Counts the messages and their bytes. */
  readonly gate: FloodGate;
  /** The message that is being passed on, until that is done. */
  passing?: Promise<void>;
  /** Ends the pause of a message that waits for its time. */
  hurry?: () => void;
  /** Whose connection this is; absent before the first message. */
  person?: Person;
  /** Whether the connection has ended. */
  ended: boolean;
}

/**
 * Serves the talk page and relays what its people say: texts as JSON, images and slices of files as
 * binary messages with the sender's nickname in front. The nickname there is the one that the server knows, and no two
 * people have the same, so nobody can speak in another's name. A connection is a person from its
 * first message on; one that never speaks is not announced.
 *
 * With a backplane the people of all servers on it talk to each other. Nicknames are theirs alone
 * there too: where two get the same at the same instant, one is renamed a moment later, as
 * {@linkcode TalkRoster} tells.
 *
 * @param options The options of the server, and whether figures are shown.
 * @returns The server.
 * @throws What `serve()` throws.
 */
export function talk(options: TalkOptions): Server<TalkData> {
  const { figures: _, report: __, ...base } = options;
  const limits = { ...TALK_LIMITS, ...options.limits };
  const server: Server<TalkData> = serve<TalkData>({
    ...base,
    limits,
    fetch: readOnly(talkFiles),
    upgrade(request) {
      if (new URL(request.url).pathname !== "/") return talkFiles(request);
      return { data: { gate: new FloodGate(), ended: false } };
    },
    message: (connection, data) => room.receive(connection, data),
    close: (connection) => room.leave(connection),
  });
  const room = new Room(server, { ...options, limits });
  return server;
}

/** The limits that decide how large slices are. */
type RoomLimits = Pick<Limits, "messageBytes" | "whenFull"> & Partial<Limits>;

/** How much may wait for one of the people, in bytes, before the policy for full queues is met. */
function roomOf({ sendQueueBytes = DEFAULT_LIMITS.sendQueueBytes, whenFull }: RoomLimits): number {
  // Half of what that policy lets wait: texts and images need room too.
  return whenFull === "wait" ? 2 * sendQueueBytes : sendQueueBytes;
}

/** The people who talk to each other. */
class Room {
  #server: Server<TalkData>;
  /** Absent where no figures are shown. */
  #figures: TalkFigures | undefined;
  #imageBytes: number;
  #transfers: TalkTransfers;
  /** The people of this server, under the keys of their nicknames. */
  #people = new Map<string, Person>();
  /** Their connections. */
  #audience = new Set<Connection<TalkData>>();
  /** The people of the other servers; absent without a backplane. */
  #roster: TalkRoster | undefined;
  /** How many have entered. */
  #entered = 0;
  /** The number before that of the first person. */
  #idBefore = 0;

  constructor(
    server: Server<TalkData>,
    options: Omit<TalkOptions, "limits"> & { limits: RoomLimits },
  ) {
    this.#server = server;
    const { messageBytes } = options.limits;
    this.#imageBytes = Math.min(IMAGE_BYTES, Math.floor(messageBytes / 2));
    const queueBytes = roomOf(options.limits);
    const sliceBytes = Math.min(SLICE_BYTES, messageBytes - SLICE_OVERHEAD, queueBytes >> 3);
    this.#transfers = new TalkTransfers({
      audience: this.#audience,
      people: () => this.#size,
      sliceBytes: Math.max(1, sliceBytes),
      queueBytes,
      backplane: options.backplane,
      now: () => performance.now(),
      every: (ms, run) => {
        const timer = setInterval(run, ms);
        return () => clearInterval(timer);
      },
    });
    const close = () => this.#transfers.close();
    server.finished.then(close, close);
    if (options.figures) {
      const report = options.report ?? (() => server.report());
      this.#figures = new TalkFigures(this.#audience, report, options.log);
    }
    if (options.backplane !== undefined) this.#meetOthers(options.backplane);
  }

  #meetOthers(backplane: Backplane): void {
    this.#idBefore = crypto.getRandomValues(new Uint32Array(1))[0]! * ID_STEP;
    const roster = this.#roster = new TalkRoster(backplane, {
      people: this.#people,
      yieldNickname: (person) => this.#giveAnother(person),
      lost: (people) => this.#tellLost(people),
    });
    const timer = setInterval(() => roster.beat(), BEAT_MS);
    const stop = () => {
      clearInterval(timer);
      roster.close();
    };
    this.#server.finished.then(stop, stop);
  }

  /** How many people there are, on all servers. */
  get #size(): number {
    return this.#people.size + (this.#roster?.size ?? 0);
  }

  /** Acts on one message; the server holds back the connection's next one until this is done. */
  receive(connection: Connection<TalkData>, data: string | Uint8Array): Promise<void> {
    return connection.data.passing = this.#receive(connection, data);
  }

  async #receive(connection: Connection<TalkData>, data: string | Uint8Array): Promise<void> {
    if (typeof data !== "string" && this.#passSlice(connection, data)) return;
    const verdict = connection.data.gate.count(performance.now());
    if (verdict === "ignore") return;
    if (verdict === "refuse") {
      const limit = `${WINDOW_MESSAGES} in ${WINDOW_MS / 1000} s`;
      return reply(connection, fault(`Too many messages: no more than ${limit} are passed on`));
    }
    // A slice that nobody asked for may have been on its way when its file was stopped.
    if (typeof data !== "string" && parseSlice(data) !== undefined) return;
    const message = typeof data === "string"
      ? parseMessage(data)
      : parseImage(data, this.#imageBytes);
    if (message.type === "error") return reply(connection, message);
    if (message.type === "hello" && connection.data.person !== undefined) {
      return this.#rename(connection, connection.data.person, message.name);
    }
    const person = connection.data.person ??
      await this.#enter(connection, message.type === "hello" ? message.name : undefined);
    if (person === undefined) return;
    if (message.type === "text") {
      await this.#slow(connection.data, data.length);
      const { id, name } = person;
      await this.#tell({ type: "text", id, name, text: message.text, at: Date.now() });
    } else if (message.type === "image") {
      await this.#slow(connection.data, data.length);
      await this.#server.broadcastInTurn(frameImage(person.name, message.image));
    } else if (message.type !== "hello") {
      this.#transfers.act(connection, person, message);
    }
  }

  /** Has a message wait where its sender has sent more bytes than others should have to take. */
  async #slow(data: TalkData, bytes: number): Promise<void> {
    const pause = data.gate.pause(bytes, performance.now());
    if (pause === 0 || data.ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      data.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Passes a slice of a file on; gives false when the message is none that was asked for. */
  #passSlice({ data: { person } }: Connection<TalkData>, data: Uint8Array): boolean {
    const slice = person && parseSlice(data);
    return slice !== undefined && this.#transfers.pass(person!, slice);
  }

  /** Forgets a connection that has ended, when what it has said is passed on: nobody gets its nickname before. */
  async leave(connection: Connection<TalkData>): Promise<void> {
    const { data } = connection;
    data.ended = true;
    data.hurry?.();
    await data.passing?.catch(() => {}); // its fault is told by the handler that failed
    if (data.person === undefined) return;
    const { id, name } = data.person;
    this.#people.delete(nicknameKey(name));
    this.#audience.delete(connection);
    this.#transfers.leave(connection, data.person);
    this.#announce({ type: "left", id, name });
    this.#roster?.tell({ gone: name });
    if (this.#people.size === 0) this.#figures?.stop();
  }

  /** Makes a person of a connection; gives undefined when it got no nickname, or has ended. */
  async #enter(connection: Connection<TalkData>, wanted?: string): Promise<Person | undefined> {
    const you = this.#figures ? await this.#describe(connection) : undefined;
    await this.#roster?.ready;
    if (wanted !== undefined) await this.#roster?.confirm(nicknameKey(wanted));
    if (connection.data.ended) return undefined;
    const number = ++this.#entered;
    const name = freeNickname(wanted ?? `guest-${number}`, (key) => this.#isTaken(key));
    if (name === undefined) return reply(connection, fault(TAKEN));
    const others = this.#names(OTHERS_TOLD);
    const id = this.#idBefore + number;
    const person = { id, name, since: Date.now() };
    connection.data.person = person;
    this.#people.set(nicknameKey(name), person);
    this.#audience.add(connection);
    reply(connection, {
      type: "welcome",
      id,
      name,
      imageBytes: this.#imageBytes,
      sliceBytes: this.#transfers.sliceBytes,
      people: this.#size,
      others,
      ...you && { you },
    });
    const told = this.#announce({ type: "joined", id, name });
    // After the words for the people, who see "joined" first when a nickname has to be given up.
    this.#roster?.tell({ here: person });
    this.#figures?.start(connection);
    await told; // who comes and goes again and again is slowed down too
    return person;
  }

  async #rename(connection: Connection<TalkData>, person: Person, wanted: string): Promise<void> {
    const name = freeNickname(
      wanted,
      (key) => this.#people.get(key) !== person && this.#isTaken(key),
    );
    if (name === undefined) return reply(connection, fault(TAKEN));
    if (name !== person.name) await this.#give(person, name);
  }

  /** Takes from somebody a nickname that somebody on another server got at the same time. */
  #giveAnother(person: Person): void {
    const name = freeNickname(person.name, (key) => this.#isTaken(key));
    // Where all are taken, one that nobody can have chosen.
    this.#give(person, name ?? `guest-${crypto.randomUUID()}`);
  }

  #give(person: Person, name: string): Promise<void> | undefined {
    const was = person.name;
    this.#people.delete(nicknameKey(was));
    person.name = name;
    person.since = Date.now();
    this.#people.set(nicknameKey(name), person);
    const told = this.#tell({ type: "renamed", id: person.id, name, was });
    this.#roster?.tell({ gone: was, here: person });
    return told;
  }

  #isTaken(key: string): boolean {
    return this.#people.has(key) || (this.#roster?.has(key) ?? false);
  }

  /** Gives the nicknames of some people, those of this server first. */
  #names(most: number): string[] {
    const names: string[] = [];
    for (const people of [this.#people.values(), this.#roster?.people() ?? []]) {
      for (const { name } of people) {
        if (names.length === most) return names;
        names.push(name);
      }
    }
    return names;
  }

  /** Finds what the server knows of a connection. */
  async #describe({ key }: Connection<TalkData>): Promise<{ tuple: string; descriptor?: number }> {
    const descriptor = (await this.#server.registry.describe(key))?.kernel?.descriptor;
    return descriptor === undefined ? { tuple: key } : { tuple: key, descriptor };
  }

  /** Sends a message to everybody, encoded once, in its turn, which whoever caused it waits for. */
  #tell(message: ServerMessage): Promise<void> | undefined {
    return this.#server.broadcastInTurn(serializeMessage(message));
  }

  #announce(message: ServerMessage): Promise<void> | undefined {
    return this.#size <= ANNOUNCE_PEOPLE ? this.#tell(message) : undefined;
  }

  /** Tells the people of this server that a whole server is gone: the other servers tell theirs. */
  #tellLost(people: Person[]): void {
    if (this.#size + people.length > ANNOUNCE_PEOPLE) return;
    for (const { id, name } of people) {
      const message = serializeMessage({ type: "left", id, name });
      for (const connection of this.#audience) connection.send(message);
    }
  }
}

function reply(connection: Connection<TalkData>, message: ServerMessage): undefined {
  connection.send(serializeMessage(message));
}
