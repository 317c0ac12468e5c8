import type { RandomSource } from "../sfu/random.ts";

/** What was counted since a broker was opened. */
export interface BrokerCounters {
  /** Messages that were taken by `publish`. */
  published: number;
  /** Messages that were handed over, once for each subscription. */
  received: number;
  /** Messages that were refused by `publish`, and those that were taken and were not sent before a connection was lost. */
  dropped: number;
  /** Connections that were made after the first one. */
  reconnects: number;
}

export interface BrokerSubscription {
  /** Nothing comes any more once it has returned. */
  close(): void;
}

/**
 * What a node has of a broker: subjects to which messages are published, and from which they come. Nothing throws.
 *
 * Subjects are tokens of `A-Z a-z 0-9 _ -`, joined by dots; there are no wildcards. A message reaches all who are
 * subscribed, the broker that published it as well, at most once, those of one broker to one subject in their order.
 */
export interface Broker {
  /**
   * Queues a message of MAX_BROKER_MESSAGE bytes at most, which is copied; it is handed to nobody before this returns.
   * False, and counted, where it cannot be taken: the broker is away, it is closed, or too much waits already.
   */
  publish(subject: string, message: Uint8Array): boolean;
  /**
   * What comes of the subject goes to `receive` until it is closed; taken up again after each reconnect. `message` is
   * valid during the call. One subject may have several subscriptions.
   */
  subscribe(subject: string, receive: (message: Uint8Array) => void): BrokerSubscription;
  /** Whether it is there at present. */
  readonly isConnected: boolean;
  /** Told of each change of `isConnected`, as soon as subscriptions are taken up again. One handler for each broker. */
  onChange(handle: (isConnected: boolean) => void): void;
  readonly counters: Readonly<BrokerCounters>;
  /** What was queued is sent where that is possible at once. Never rejects; resolves when its connections are gone. */
  close(): Promise<void>;
}

/** Bytes of one message at most: what NATS takes where nothing else is configured is four times as much. */
export const MAX_BROKER_MESSAGE = 256 * 1024;

/** Timers as an argument; `Clock` of the I/O side is one. */
export interface BrokerTimers {
  /** Milliseconds that never go back. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(handle: number): void;
}

export interface BrokerOptions {
  readonly timers: BrokerTimers;
  /** For jitter. */
  readonly random: Pick<RandomSource, "uint32">;
  /** In place of what the URL says, if anything. */
  readonly username?: string;
  readonly password?: string;
  /** NATS: a token, in place of username and password. */
  readonly token?: string;
  /** Certificate authorities in PEM to be trusted instead of the usual ones. */
  readonly caCertificate?: string;
  /** What may wait to be sent, in messages and bytes. */
  readonly maxWaitingMessages?: number;
  readonly maxWaitingBytes?: number;
}
