import type { SharedFrames, TopicLog } from "./topic_log.ts";

/** A receiver of published messages. */
export interface Subscriber {
  /** The number of messages for everybody that it has got, or came too late for; kept by the hub. */
  position: number;
  /** Its topics; absent before it has had one; kept by the hub. */
  topics: SubscriberTopics | undefined;
  /**
   * The window bits that its compressed messages may use, where they share nothing with those
   * before (RFC 7692 7.1.1); 0 where it gets messages as they are.
   */
  readonly sharedDeflateBits: number;
  /** Sends messages that are shared with others. */
  sendShared(shared: SharedFrames): unknown;
}

/** The topics of one subscriber. */
export interface SubscriberTopics {
  /** By name. */
  readonly subscriptions: Map<string, Subscription>;
  /** Those with messages that it has not got. */
  readonly pending: Subscription[];
  /** Whether it is in the hub's queue. */
  isQueued: boolean;
}

/** One subscriber of one topic. */
export interface Subscription {
  readonly topic: Topic;
  readonly subscriber: Subscriber;
  /** The number of the topic's messages that it has got, or came too late for. */
  position: number;
  /** Whether there are messages that it has not got. */
  isPending: boolean;
}

/** A topic that somebody has subscribed to. */
export interface Topic {
  readonly name: string;
  readonly log: TopicLog;
  readonly subscriptions: Map<Subscriber, Subscription>;
  /** The number of subscriptions with messages that their subscribers have not got. */
  pending: number;
  /** Ends the subscription to other servers' messages, where there are some. */
  readonly unsubscribe: (() => void) | undefined;
}
