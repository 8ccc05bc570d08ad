import type { Message } from "../../protocol/mod.ts";

/**
 * The outcome of publishing a message for other processes.
 *
 * - `sent`: it is on its way.
 * - `dropped`: too much waits already, or the backplane is closed; the publisher keeps going.
 */
export type PublishResult = "sent" | "dropped";

/** The channel of broadcast messages. */
export const BROADCAST = "broadcast";

/** The beginning of the channel of a topic. */
export const TOPIC = "topic:";

/**
 * Carries messages between servers that act as one: the workers of a host, or hosts. Messages of
 * one publisher on one channel arrive in the order in which they were published, or not at all
 * where they were dropped; a publisher does not get its own.
 */
export interface Backplane {
  /**
   * Sends a message to the other servers that have subscribed to the channel.
   *
   * @param channel The channel's name, at most 512 bytes in UTF-8.
   * @param data A string or bytes, and arrives as the same; bytes are copied before it returns.
   * @returns The outcome; never throws because others have gone.
   */
  publish(channel: string, data: string | Uint8Array): PublishResult;
  /**
   * Asks for the messages of a channel.
   *
   * @param channel The channel's name.
   * @param receive Called for each message; bytes are shared with others and must not be changed.
   * @returns Ends the subscription.
   */
  subscribe(channel: string, receive: (data: Message) => void): () => void;
  /** Ends all subscriptions and lets go of the connections that carry them. */
  close(): Promise<void>;
}
