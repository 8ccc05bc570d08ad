import type { Backplane, Message } from "../../mod.ts";
import { nicknameKey } from "./talk_names.ts";
import {
  parseRosterMessage,
  type Person,
  type RosterMessage,
  type RosterNews,
  serializeRosterMessage,
} from "./talk_roster_messages.ts";

/** How often {@linkcode TalkRoster.beat} is to be called, in milliseconds. */
export const BEAT_MS = 1000;

/** A server that is not heard for more beats than this is taken for dead. */
const SILENT_BEATS = 2;

/** How many people one message tells: with the longest nicknames it stays far below 1 MiB. */
const PEOPLE_TOLD = 200;

/** The channel of the backplane. */
const CHANNEL = "talk";

/** The server whose roster this is: its own people, and the events that concern them. */
export interface RosterContext {
  /** The people of this server, under the keys of their nicknames. */
  readonly people: ReadonlyMap<string, Person>;
  /**
   * Somebody on another server has had the same nickname for longer: takes it from one of ours.
   *
   * @param person One of ours, who needs another nickname at once.
   */
  yieldNickname(person: Person): void;
  /**
   * A server is gone, and nobody is left there to tell that its people have left.
   *
   * @param people Its people; already forgotten here.
   */
  lost(people: Person[]): void;
}

/** Another server. */
interface Peer {
  /** The number of the newest message that came from it. */
  seq: number;
  /** How many beats have passed since. */
  silent: number;
  /** Its people as far as known, under the keys of their nicknames. */
  people: Map<string, Person>;
  /** Whether these are all; otherwise they are asked for. */
  whole: boolean;
  /** The parts of its roster that have come, until the last one has. */
  incoming?: Map<string, Person> | undefined;
  /** Who waits for a sign of life. */
  waiting?: PromiseWithResolvers<void> | undefined;
}

/**
 * Knows the people on the other servers. Each server tells the others of each change; one that starts
 * asks all for their people.
 *
 * A backplane may drop messages, and servers die without a word. So messages are numbered, and each
 * server sends one with every beat: a gap in the numbers shows that something is missing, and the
 * whole roster is asked for; silence shows that a server is gone, and its people are forgotten. Both
 * take no more than a few beats, and nothing is kept for a server but its people. One that was only slow
 * is asked for its people when it is heard again.
 *
 * Two people can get one nickname at the same instant, before either server has told the other. Then
 * the one who has had it for longer keeps it, by the clocks of the servers, and by the lower number
 * when these say the same. Each server finds this out by itself, and renames only its own people.
 */
export class TalkRoster {
  readonly #id = crypto.randomUUID();
  readonly #backplane: Backplane;
  readonly #context: RosterContext;
  readonly #peers = new Map<string, Peer>();
  readonly #unsubscribe: () => void;
  readonly #ready = Promise.withResolvers<void>();
  #seq = 0;
  /** Whether a server has missed something and wants to know who is here. */
  #asked = false;

  /**
   * Asks the other servers who is there.
   *
   * @param backplane Carries the messages; the caller closes it.
   * @param context The own people: none yet, since the others take it so.
   */
  constructor(backplane: Backplane, context: RosterContext) {
    this.#backplane = backplane;
    this.#context = context;
    this.#unsubscribe = backplane.subscribe(CHANNEL, (data) => this.#receive(data));
    this.#publish({ kind: "ask" });
  }

  /**
   * Resolves when the other servers have answered: at the first beat at the latest, since nobody knows
   * how many there are.
   */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** How many people are on the other servers. */
  get size(): number {
    let size = 0;
    for (const { people } of this.#peers.values()) size += people.size;
    return size;
  }

  /** The people on the other servers. */
  *people(): Generator<Person, undefined> {
    for (const { people } of this.#peers.values()) yield* people.values();
  }

  /**
   * Tells whether somebody on another server has a nickname.
   *
   * @param key The nickname's {@linkcode nicknameKey}.
   */
  has(key: string): boolean {
    return this.#holder(key) !== undefined;
  }

  /**
   * Makes sure that a server lives where somebody has a nickname: when a server has died, its people
   * come back to the others sooner than its silence shows, and should get their nicknames again.
   *
   * @param key The nickname's {@linkcode nicknameKey}.
   * @returns Resolves when that server was heard, or is forgotten; at once when nobody has the nickname.
   */
  async confirm(key: string): Promise<void> {
    const [id, peer] = this.#holder(key) ?? [];
    if (id === undefined || peer === undefined) return;
    if (peer.waiting === undefined) {
      peer.waiting = Promise.withResolvers();
      this.#publish({ kind: "ping", of: id });
    }
    await peer.waiting.promise;
  }

  /**
   * Tells the other servers of a change among the own people.
   *
   * @param change Who came or has a new nickname, and the nickname that nobody has any more.
   */
  tell(change: { here?: Person; gone?: string }): void {
    this.#publish({ kind: "change", ...change });
  }

  /** Tells the others that this server lives, and forgets those that do not; see {@linkcode BEAT_MS}. */
  beat(): void {
    // Beats are counted, not milliseconds: after a pause of our own nobody seems dead.
    for (const [id, peer] of this.#peers) {
      if (++peer.silent > SILENT_BEATS) this.#forget(id);
      else if (!peer.whole) this.#publish({ kind: "ask", of: id });
    }
    this.#ready.resolve();
    if (this.#asked) this.#tellAll();
    else this.#publish({ kind: "beat" });
  }

  /** Tells the others that this server stops, and listens to them no more. */
  close(): void {
    this.#unsubscribe();
    this.#publish({ kind: "end" });
    this.#ready.resolve();
    for (const { waiting } of this.#peers.values()) waiting?.resolve();
    this.#peers.clear();
  }

  #holder(key: string): [string, Peer] | undefined {
    for (const entry of this.#peers) if (entry[1].people.has(key)) return entry;
    return undefined;
  }

  #publish(news: RosterNews): void {
    // Counted even when it is dropped: that is how the others notice.
    const message = { from: this.#id, seq: ++this.#seq, ...news };
    this.#backplane.publish(CHANNEL, serializeRosterMessage(message));
  }

  #tellAll(): void {
    this.#asked = false;
    const people = [...this.#context.people.values()];
    let at = 0;
    do {
      const part = people.slice(at, at + PEOPLE_TOLD);
      const first = at === 0;
      at += PEOPLE_TOLD;
      this.#publish({ kind: "roster", first, last: at >= people.length, people: part });
    } while (at < people.length);
  }

  #receive(data: Message): void {
    const message = parseRosterMessage(data);
    if (message === undefined) return;
    const { from, seq, kind } = message;
    if (kind === "end") return this.#forget(from);
    const peer = this.#peerOf(from);
    const missed = seq !== peer.seq + 1;
    if (missed) {
      peer.whole = false;
      peer.incoming = undefined;
    }
    peer.seq = seq;
    peer.silent = 0;
    peer.waiting?.resolve();
    peer.waiting = undefined;
    this.#act(peer, message);
    // The first part of a roster mends what was missed; without an answer it is asked for again at the
    // next beat.
    if (missed && kind !== "roster") this.#publish({ kind: "ask", of: from });
    if (this.#peers.values().every(({ whole }) => whole)) this.#ready.resolve();
  }

  #peerOf(id: string): Peer {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      // A server begins with nobody: who hears its first message has missed nothing.
      peer = { seq: 0, silent: 0, people: new Map(), whole: true };
      this.#peers.set(id, peer);
    }
    return peer;
  }

  #act(peer: Peer, message: RosterMessage): void {
    switch (message.kind) {
      case "ask":
        // One that starts must know now. One that missed something can wait for the next beat, so that
        // many of them get one answer, and answers do not make a full backplane fuller.
        if (message.of === undefined) this.#tellAll();
        else if (message.of === this.#id) this.#asked = true;
        break;
      case "ping":
        if (message.of === this.#id) this.#publish({ kind: "beat" });
        break;
      case "change":
        if (message.gone !== undefined) peer.people.delete(nicknameKey(message.gone));
        if (message.here !== undefined) {
          peer.people.set(nicknameKey(message.here.name), message.here);
          this.#settle(message.here);
        }
        break;
      case "roster":
        this.#takeRoster(peer, message);
        break;
    }
  }

  #takeRoster(peer: Peer, part: RosterMessage & { kind: "roster" }): void {
    if (part.first) peer.incoming = new Map();
    if (peer.incoming === undefined) return;
    for (const person of part.people) peer.incoming.set(nicknameKey(person.name), person);
    if (!part.last) return;
    peer.people = peer.incoming;
    peer.incoming = undefined;
    peer.whole = true;
    // Only now: who yields must find all of these nicknames in use.
    for (const person of peer.people.values()) this.#settle(person);
  }

  /** Sees to it that two people do not keep the nickname that both of them got. */
  #settle(person: Person): void {
    const own = this.#context.people.get(nicknameKey(person.name));
    if (own !== undefined && precedes(person, own)) this.#context.yieldNickname(own);
  }

  #forget(id: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    peer.waiting?.resolve();
    if (peer.people.size > 0) this.#context.lost([...peer.people.values()]);
  }
}

function precedes(one: Person, other: Person): boolean {
  return one.since < other.since || (one.since === other.since && one.id < other.id);
}
