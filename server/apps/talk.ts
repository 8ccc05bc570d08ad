import { type Connection, type Report, serve, type ServeOptions, type Server } from "../../mod.ts";
import { talkFiles } from "./talk_files.ts";
import { FloodGate, WINDOW_MESSAGES, WINDOW_MS } from "./talk_flood.ts";
import {
  fault,
  type Figures,
  frameImage,
  parseImage,
  parseMessage,
  serializeMessage,
  type ServerMessage,
} from "./talk_messages.ts";
import { freeNickname, nicknameKey } from "./talk_names.ts";

/** How often the figures are sent, in milliseconds. */
const FIGURES_MS = 2000;

/** How many of the others a newcomer is told by name. */
const OTHERS_TOLD = 20;

/** With more people than this, who comes and who goes is no longer told: it would drown the talk. */
const ANNOUNCE_PEOPLE = 1000;

/**
 * What holds unless the options say otherwise. Messages may be larger than images, so that an image
 * over its limit gets a reply and not close code 1009; and a slow phone should wait for two images in
 * a row rather than lose its connection over them.
 */
const LIMITS = { messageBytes: 4 * 1024 * 1024, whenFull: "wait" } as const;

/** The largest image, in bytes; half of the largest message where that is less. */
const IMAGE_BYTES = 1024 * 1024;

/** The answer when a nickname and all its numbers are in use. */
const TAKEN = "Nickname is taken by too many: choose another";

/** What the talk app needs beyond the options of the server under it. */
export interface TalkOptions extends
  Pick<
    ServeOptions<TalkData>,
    "hostname" | "port" | "cert" | "key" | "origins" | "limits" | "log"
  > {
  /** Whether the page shows what connections cost and which 4-tuple the reader has. */
  figures: boolean;
}

/** Somebody who has spoken, or at least said a name. */
export interface Person {
  /** The number of this person. */
  readonly id: number;
  /** The nickname, unlike that of anybody else here. */
  name: string;
}

/** What the talk app keeps for each connection. */
export interface TalkData {
  /** Counts the messages. */
  readonly gate: FloodGate;
  /** Whose connection this is; absent before the first message. */
  person?: Person;
  /** Whether the connection has ended. */
  ended: boolean;
}

/**
 * Serves the talk page and relays what its people say: texts as JSON, images as binary messages with
 * the sender's nickname in front. The nickname there is the one that the server knows, and no two
 * people have the same, so nobody can speak in another's name. A connection is a person from its
 * first message on; one that never speaks is not announced.
 *
 * @param options The options of the server, and whether figures are shown.
 * @returns The server.
 * @throws What `serve()` throws, and Deno's errors when the files of the page cannot be read.
 */
export function talk(options: TalkOptions): Server<TalkData> {
  const { figures: _, ...base } = options;
  const files = talkFiles();
  const limits = { ...LIMITS, ...options.limits };
  const server: Server<TalkData> = serve<TalkData>({
    ...base,
    limits,
    fetch: files,
    upgrade(request) {
      if (new URL(request.url).pathname !== "/") return files(request);
      return { data: { gate: new FloodGate(), ended: false } };
    },
    message: (connection, data) => room.receive(connection, data),
    close: (connection) => room.leave(connection),
  });
  const imageBytes = Math.min(IMAGE_BYTES, Math.floor(limits.messageBytes / 2));
  const room = new Room(server, { ...options, imageBytes });
  return server;
}

/** The people who talk to each other. */
class Room {
  #server: Server<TalkData>;
  #log: TalkOptions["log"];
  #showsFigures: boolean;
  #imageBytes: number;
  /** The people here, under the keys of their nicknames. */
  #people = new Map<string, Person>();
  /** Their connections. */
  #audience = new Set<Connection<TalkData>>();
  #lastId = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #reporting = false;
  /** The newest figures, for newcomers. */
  #latest: string | undefined;

  constructor(
    server: Server<TalkData>,
    options: Pick<TalkOptions, "figures" | "log"> & { imageBytes: number },
  ) {
    this.#server = server;
    this.#log = options.log;
    this.#showsFigures = options.figures;
    this.#imageBytes = options.imageBytes;
  }

  /** Acts on one message; the server holds back the connection's next one until this is done. */
  async receive(connection: Connection<TalkData>, data: string | Uint8Array): Promise<void> {
    const verdict = connection.data.gate.count(performance.now());
    if (verdict === "ignore") return;
    if (verdict === "refuse") {
      const limit = `${WINDOW_MESSAGES} in ${WINDOW_MS / 1000} s`;
      return reply(connection, fault(`Too many messages: no more than ${limit} are passed on`));
    }
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
      const { id, name } = person;
      this.#tell({ type: "text", id, name, text: message.text, at: Date.now() });
    } else if (message.type === "image") {
      this.#server.broadcast(frameImage(person.name, message.image));
    }
  }

  /** Forgets a connection that has ended. */
  leave(connection: Connection<TalkData>): void {
    const { data } = connection;
    data.ended = true;
    if (data.person === undefined) return;
    this.#people.delete(nicknameKey(data.person.name));
    this.#audience.delete(connection);
    this.#announce({ type: "left", ...data.person });
    if (this.#people.size === 0) this.#stopFigures();
  }

  /** Makes a person of a connection; gives undefined when it got no nickname, or has ended. */
  async #enter(connection: Connection<TalkData>, wanted?: string): Promise<Person | undefined> {
    const you = this.#showsFigures ? await this.#describe(connection) : undefined;
    if (connection.data.ended) return undefined;
    const id = ++this.#lastId;
    const name = freeNickname(wanted ?? `guest-${id}`, (key) => this.#people.has(key));
    if (name === undefined) return reply(connection, fault(TAKEN));
    const others = [...this.#people.values().take(OTHERS_TOLD)].map((other) => other.name);
    const person = { id, name };
    connection.data.person = person;
    this.#people.set(nicknameKey(name), person);
    this.#audience.add(connection);
    reply(connection, {
      type: "welcome",
      id,
      name,
      imageBytes: this.#imageBytes,
      people: this.#people.size,
      others,
      ...you && { you },
    });
    this.#announce({ type: "joined", id, name });
    if (this.#showsFigures) this.#startFigures(connection);
    return person;
  }

  #rename(connection: Connection<TalkData>, person: Person, wanted: string): void {
    const was = person.name;
    const name = freeNickname(wanted, (key) => {
      const holder = this.#people.get(key);
      return holder !== undefined && holder !== person;
    });
    if (name === undefined) return reply(connection, fault(TAKEN));
    if (name === was) return;
    this.#people.delete(nicknameKey(was));
    person.name = name;
    this.#people.set(nicknameKey(name), person);
    this.#tell({ type: "renamed", id: person.id, name, was });
  }

  /** Finds what the server knows of a connection. */
  async #describe({ key }: Connection<TalkData>): Promise<{ tuple: string; descriptor?: number }> {
    const descriptor = (await this.#server.registry.describe(key))?.kernel?.descriptor;
    return descriptor === undefined ? { tuple: key } : { tuple: key, descriptor };
  }

  /** Sends a message to everybody, encoded once. */
  #tell(message: ServerMessage): void {
    this.#server.broadcast(serializeMessage(message));
  }

  #announce(message: ServerMessage): void {
    if (this.#people.size <= ANNOUNCE_PEOPLE) this.#tell(message);
  }

  /** Gives a newcomer figures, and all people new ones from now on while somebody is here. */
  #startFigures(newcomer: Connection<TalkData>): void {
    if (this.#latest !== undefined) newcomer.send(this.#latest);
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#sendFigures(), FIGURES_MS);
    this.#sendFigures();
  }

  #stopFigures(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
  }

  async #sendFigures(): Promise<void> {
    // With very many connections a report takes a while: never two at once.
    if (this.#reporting) return;
    this.#reporting = true;
    try {
      const figures = serializeMessage(summarize(await this.#server.report()));
      if (this.#timer === undefined) return;
      this.#latest = figures;
      // Only to people: thousands of silent connections woken every time would change the figures.
      for (const connection of this.#audience) connection.send(figures);
    } catch (error) {
      // A report that is under way when the server stops fails; that is no news to anybody.
      if (this.#timer === undefined) return;
      this.#log?.({ level: "warning", event: "figures", message: "Cannot make a report", error });
    } finally {
      this.#reporting = false;
    }
  }
}

/** Takes from a report what everybody may see: totals only, nothing about anybody else. */
function summarize({ connections, descriptors, memory, serverPorts, fourTuples }: Report): Figures {
  const { open, soft: limit } = descriptors ?? {};
  const { perConnection: bytesPerConnection } = memory;
  return {
    type: "figures",
    connections,
    ...open !== undefined && { descriptors: { open, ...limit !== undefined && { limit } } },
    ...bytesPerConnection !== undefined && { bytesPerConnection },
    serverPorts,
    fourTuples,
  };
}

function reply(connection: Connection<TalkData>, message: ServerMessage): undefined {
  connection.send(serializeMessage(message));
}
