/**
 * `server/topics/` is for one message for many connections, here and, through a backplane, on
 * other servers. It knows neither sockets nor connections.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { type Backplane, BROADCAST, TOPIC } from "./backplane.ts";
import type { Subscriber, SubscriberTopics, Subscription, Topic } from "./subscriber.ts";
import { type CompressShared, Published, share, type SharedFrames, TopicLog } from "./topic_log.ts";
import { checkTopicName } from "./topic_name.ts";

/** The bounds of a hub; they may change. */
interface HubLimits {
  /** The topics that one connection may have. */
  readonly connectionTopics: number;
  /** The bytes of a topic in UTF-8. */
  readonly topicBytes: number;
  /** The topics in all. */
  readonly topics: number;
  /** The bytes that may wait for one subscriber. */
  readonly sendQueueBytes: number;
}

/** The parts of a server that a hub needs. */
export interface HubOptions {
  /** The subscribers of now. */
  subscribers(): Iterable<Subscriber>;
  /** The bounds. */
  readonly limits: HubLimits;
  /** Carries messages to other servers. */
  readonly backplane?: Backplane | undefined;
  /** Compresses, where a subscriber gets compressed messages. */
  readonly compress?: CompressShared | undefined;
}

/** The bytes of one topic kept for subscribers that have not got them yet; beyond them all get them. */
const KEPT_BYTES = 65_536;

/** The bytes of all topics together, with what a message costs besides; beyond them all get them. */
const ALL_KEPT_BYTES = 4_194_304;

const MESSAGE_BYTES = 128;

/**
 * So many subscribers are sent to in one turn of the event loop. Deno starts about 128 reads and
 * writes in a turn; any further one is set aside and costs twice as much.
 */
const TURN_SUBSCRIBERS = 100;

/**
 * Sends messages to everybody, and to the subscribers of topics. Each is encoded once and kept until
 * all have got it. A round goes through the subscribers, some in each turn of the event loop, and hands
 * each all that it has not got, in the order in which it was published: so very many of them hold
 * nothing up, and the faster messages come, the more leave in one write.
 */
export class Hub {
  readonly #subscribers: () => Iterable<Subscriber>;
  readonly #backplane: Backplane | undefined;
  readonly #compress: CompressShared;
  readonly #limits: HubLimits;
  /** The messages for everybody. */
  readonly #log: TopicLog;
  #round: Iterator<Subscriber> | undefined = undefined;
  /** The number of messages for everybody when the round began. */
  #roundEnd = 0;
  readonly #topics = new Map<string, Topic>();
  /** The subscribers of topics that have not got all, and some that have, in the order of sending. */
  #queue: Subscriber[] = [];
  /** The place in the queue of the next one. */
  #next = 0;
  /** The bytes that all topics keep. */
  #topicBytes = 0;
  /** The number of messages in all topics and for everybody. */
  #order = 0;
  #scheduled = false;

  /** @param options Its subscribers and bounds. */
  constructor(
    { subscribers, limits, backplane, compress = () => undefined }: HubOptions,
  ) {
    this.#subscribers = subscribers;
    this.#limits = limits;
    this.#backplane = backplane;
    this.#compress = compress;
    this.#log = new TopicLog(compress);
  }

  /** The bytes of one topic that are kept: no more than what may wait for one subscriber. */
  get #keptBytes(): number {
    return Math.min(this.#limits.sendQueueBytes, KEPT_BYTES);
  }

  /** The number of messages for everybody: the position of a new subscriber. */
  get published(): number {
    return this.#log.published;
  }

  /** The number of messages for everybody that all subscribers have got. */
  get handedOut(): number {
    return this.published - this.#log.length;
  }

  /** The names of the topics that have subscribers. */
  get topics(): Iterable<string> {
    return this.#topics.keys();
  }

  /** The number of subscribers of a topic. */
  subscriberCount(name: string): number {
    return this.#topics.get(name)?.subscriptions.size ?? 0;
  }

  /**
   * Adds a subscriber to a topic, whose messages it gets from now on.
   *
   * @throws As {@linkcode checkTopicName}.
   * @throws {RangeError} When the subscriber or the server has too many topics.
   */
  subscribe(subscriber: Subscriber, name: string): void {
    checkTopicName(name, this.#limits.topicBytes);
    const topics = subscriber.topics ??= { subscriptions: new Map(), pending: [], isQueued: false };
    if (topics.subscriptions.has(name)) return;
    const { connectionTopics } = this.#limits;
    if (topics.subscriptions.size >= connectionTopics) {
      throw new RangeError(`Cannot subscribe as a connection may have ${connectionTopics} topics`);
    }
    const topic = this.#topics.get(name) ?? this.#open(name);
    const subscription = { topic, subscriber, position: topic.log.published, isPending: false };
    topics.subscriptions.set(name, subscription);
    topic.subscriptions.set(subscriber, subscription);
  }

  #open(name: string): Topic {
    const { topics } = this.#limits;
    if (this.#topics.size >= topics) {
      throw new RangeError(`Cannot subscribe as a server may have ${topics} topics`);
    }
    const topic = {
      name,
      log: new TopicLog(this.#compress),
      subscriptions: new Map(),
      pending: 0,
      unsubscribe: this.#backplane?.subscribe(
        TOPIC + name,
        (data) => this.#publishHere(topic, data),
      ),
    };
    this.#topics.set(name, topic);
    return topic;
  }

  /** Takes a subscriber from a topic; it still gets what was published before. */
  unsubscribe(subscriber: Subscriber, name: string): void {
    const subscription = subscriber.topics?.subscriptions.get(name);
    if (subscription === undefined) return;
    if (subscription.isPending) this.catchUp(subscriber);
    subscriber.topics?.subscriptions.delete(name);
    this.#remove(subscriber, subscription);
  }

  /** Takes a subscriber that is over from all its topics. */
  leave(subscriber: Subscriber): void {
    const { topics } = subscriber;
    if (topics === undefined) return;
    subscriber.topics = undefined;
    for (const subscription of topics.subscriptions.values()) {
      if (subscription.isPending) this.#got(subscription);
      this.#remove(subscriber, subscription);
    }
  }

  /** A topic without subscribers is none. */
  #remove(subscriber: Subscriber, { topic }: Subscription): void {
    topic.subscriptions.delete(subscriber);
    if (topic.subscriptions.size > 0) return;
    this.#topics.delete(topic.name);
    topic.unsubscribe?.();
  }

  /**
   * Sends a message to all subscribers of now, and to those of other servers.
   *
   * @param data A string is sent as text, bytes as binary; copied.
   * @param except One that does not get it.
   */
  broadcast(data: string | Uint8Array, except?: Subscriber): void {
    this.broadcastHere(data, except);
    this.#backplane?.publish(BROADCAST, data);
  }

  /** As {@linkcode Hub.broadcast}, on this server alone. */
  broadcastHere(data: string | Uint8Array, except?: Subscriber): void {
    if (except !== undefined) this.catchUp(except);
    const message = new Published(data, this.#order++);
    const log = this.#log;
    if (log.bytes + message.frame.length > this.#keptBytes) this.#flush();
    log.add(message);
    if (except !== undefined) except.position = log.published;
    this.#schedule();
  }

  /**
   * Sends a message to the subscribers of a topic, here and on other servers.
   *
   * @param name The topic.
   * @param data A string is sent as text, bytes as binary; copied.
   * @param except One that does not get it.
   * @throws As {@linkcode checkTopicName}.
   */
  publish(name: string, data: string | Uint8Array, except?: Subscriber): void {
    checkTopicName(name, this.#limits.topicBytes);
    const topic = this.#topics.get(name);
    if (topic !== undefined) this.#publishHere(topic, data, except);
    this.#backplane?.publish(TOPIC + name, data);
  }

  #publishHere(topic: Topic, data: string | Uint8Array, except?: Subscriber): void {
    const skipped = except && topic.subscriptions.get(except);
    if (skipped?.isPending) this.catchUp(except!);
    const message = new Published(data, this.#order++);
    const { log, subscriptions } = topic;
    const { length } = message.frame;
    if (log.bytes + length > this.#keptBytes) this.#flushTopic(topic);
    if (this.#topicBytes + length + MESSAGE_BYTES > ALL_KEPT_BYTES) this.#flushTopics();
    log.add(message);
    this.#topicBytes += length + MESSAGE_BYTES;
    const receivers = subscriptions.size - (skipped === undefined ? 0 : 1);
    // Most messages come while all others have not got the one before.
    if (topic.pending < receivers) {
      for (const subscription of subscriptions.values()) {
        if (subscription.isPending || subscription === skipped) continue;
        subscription.isPending = true;
        const topics = subscription.subscriber.topics!;
        topics.pending.push(subscription);
        if (topics.isQueued) continue;
        topics.isQueued = true;
        this.#queue.push(subscription.subscriber);
      }
      topic.pending = receivers;
    }
    if (skipped !== undefined) skipped.position = log.published;
    if (receivers === 0) this.#forgetTopic(topic);
    else this.#schedule();
  }

  /**
   * Sends a subscriber the messages it has not got, so that all it is sent later comes after them.
   *
   * @param subscriber One of those that are there.
   */
  catchUp(subscriber: Subscriber): void {
    const { position, topics } = subscriber;
    if (topics !== undefined && topics.pending.length > 0) {
      return this.#catchUpTopics(subscriber, topics);
    }
    if (position === this.#log.published) return;
    subscriber.position = this.#log.published;
    subscriber.sendShared(this.#log.sharedSince(position, subscriber.sharedDeflateBits));
  }

  #catchUpTopics(subscriber: Subscriber, topics: SubscriberTopics): void {
    const { position, sharedDeflateBits } = subscriber;
    const { pending } = topics;
    const log = this.#log;
    let shared: SharedFrames;
    if (pending.length === 1 && position === log.published) {
      shared = pending[0]!.topic.log.sharedSince(pending[0]!.position, sharedDeflateBits);
    } else {
      const messages = pending.flatMap(({ topic, position }) => topic.log.since(position));
      if (position !== log.published) messages.push(...log.since(position));
      messages.sort((a, b) => a.order - b.order);
      shared = share(messages, sharedDeflateBits, this.#compress);
    }
    subscriber.position = log.published;
    while (pending.length > 0) this.#got(pending.pop()!);
    subscriber.sendShared(shared);
  }

  /** A subscriber has got all messages of a topic. */
  #got(subscription: Subscription): void {
    const { topic } = subscription;
    subscription.isPending = false;
    subscription.position = topic.log.published;
    if (--topic.pending === 0) this.#forgetTopic(topic);
  }

  #forgetTopic({ log }: Topic): void {
    this.#topicBytes -= log.bytes + log.length * MESSAGE_BYTES;
    log.forget(log.published);
  }

  /** Sends all subscribers the messages for everybody that they have not got. */
  #flush(): void {
    const end = this.#log.published;
    for (const subscriber of this.#subscribers()) this.catchUp(subscriber);
    this.#log.forget(end);
  }

  #flushTopic({ subscriptions }: Topic): void {
    for (const { subscriber, isPending } of subscriptions.values()) {
      if (isPending) this.catchUp(subscriber);
    }
  }

  #flushTopics(): void {
    while (this.#sendNext());
  }

  /** Sends to the next in the queue who has not got all; tells whether there was one. */
  #sendNext(): boolean {
    while (this.#next < this.#queue.length) {
      const subscriber = this.#queue[this.#next++]!;
      const { topics } = subscriber;
      if (topics === undefined) continue; // it has left
      topics.isQueued = false;
      if (topics.pending.length === 0) continue; // it was sent to out of its turn
      this.#catchUpTopics(subscriber, topics);
      return true;
    }
    this.#queue = [];
    this.#next = 0;
    return false;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  /** Sends to some subscribers: to those of topics, and to those whom the round comes to. */
  #turn = (): void => {
    this.#scheduled = false;
    let sent = 0;
    while (sent < TURN_SUBSCRIBERS && this.#sendNext()) sent++;
    this.#goRound(sent);
    if (this.#queue.length > 0 || this.#log.length > 0) this.#schedule();
  };

  /** Goes on with the round through all subscribers, or begins one; not beyond half of a turn's share. */
  #goRound(sent: number): void {
    if (this.#log.length === 0) return;
    if (this.#round === undefined) {
      this.#round = this.#subscribers()[Symbol.iterator]();
      this.#roundEnd = this.#log.published;
    }
    const most = Math.max(TURN_SUBSCRIBERS - sent, TURN_SUBSCRIBERS / 2);
    for (let count = 0; count < most;) {
      const { done, value: subscriber } = this.#round.next();
      if (done) {
        this.#round = undefined;
        this.#log.forget(this.#roundEnd);
        return;
      }
      if (subscriber.position === this.#log.published) continue;
      this.catchUp(subscriber);
      count++;
    }
  }
}
