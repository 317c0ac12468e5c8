import {
  type Broker,
  type BrokerCounters,
  type BrokerOptions,
  type BrokerSubscription,
  MAX_BROKER_MESSAGE,
} from "./broker.ts";
import { BrokerSubscriptions, isSubject } from "./broker_subscriptions.ts";

const MAX_WAITING_MESSAGES = 1024;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export interface MemoryBrokerOptions {
  /** Calls back once, and never before it returns. In a microtask where it is left out. */
  readonly defer?: (callback: () => void) => void;
}

type Limits = Pick<BrokerOptions, "maxWaitingMessages" | "maxWaitingBytes">;

interface Message {
  readonly from: MemoryBroker;
  readonly subject: string;
  readonly bytes: Uint8Array;
}

/** A broker in memory, for nodes of one isolate: it can be taken away and brought back, held up and let go on. */
export class MemoryBrokerNetwork {
  readonly #defer: (callback: () => void) => void;
  readonly #connected = new Set<MemoryBroker>();
  #waiting: Message[] = [];
  #isThere = true;
  #isHeldUp = false;
  #isDue = false;

  constructor({ defer = queueMicrotask }: MemoryBrokerOptions = {}) {
    this.#defer = defer;
  }

  /** What a further node has of it. */
  open({ maxWaitingMessages = MAX_WAITING_MESSAGES, maxWaitingBytes = MAX_WAITING_BYTES }: Limits = {}): MemoryBroker {
    const broker: MemoryBroker = new MemoryBroker({
      publish: (subject, bytes) => this.#publish({ from: broker, subject, bytes }),
      close: () => void this.#connected.delete(broker),
      isThere: this.#isThere,
      limits: { messages: maxWaitingMessages, bytes: maxWaitingBytes },
    });
    this.#connected.add(broker);
    return broker;
  }

  /** As if it had been killed: what was on its way is lost, and all are told. */
  takeAway(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    this.#isHeldUp = false;
    this.#waiting = [];
    for (const broker of this.#connected) broker.handleAway();
  }

  /** As if it had been started again, and all had noticed. */
  bringBack(): void {
    if (this.#isThere) return;
    this.#isThere = true;
    for (const broker of this.#connected) broker.handleBack();
  }

  /** As if it had been stopped by a signal: what is published waits. */
  holdUp(): void {
    this.#isHeldUp = true;
  }

  goOn(): void {
    this.#isHeldUp = false;
    this.#deliverSoon();
  }

  #publish(message: Message): void {
    this.#waiting.push(message);
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#isDue || this.#isHeldUp || this.#waiting.length === 0) return;
    this.#isDue = true;
    this.#defer(() => {
      this.#isDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#isHeldUp) return;
    const messages = this.#waiting;
    this.#waiting = [];
    for (const { from, subject, bytes } of messages) {
      // It may be taken away by one who was told.
      if (!this.#isThere) return;
      from.handleSent(bytes.length);
      // Each has bytes of its own, as by a socket.
      for (const broker of this.#connected) {
        if (broker.isSubscribed(subject)) broker.handleMessage(subject, bytes.slice());
      }
    }
  }
}

interface MemoryBrokerSurroundings {
  readonly publish: (subject: string, bytes: Uint8Array) => void;
  readonly close: () => void;
  readonly isThere: boolean;
  readonly limits: { readonly messages: number; readonly bytes: number };
}

/** What one node has of a MemoryBrokerNetwork. */
export class MemoryBroker implements Broker {
  readonly counters: BrokerCounters = { published: 0, received: 0, dropped: 0, reconnects: 0 };
  readonly #with: MemoryBrokerSurroundings;
  readonly #subscriptions = new BrokerSubscriptions(this.counters);
  #handleChange: (isConnected: boolean) => void = () => {};
  #wasConnected: boolean;
  #waitingMessages = 0;
  #waitingBytes = 0;
  #isConnected: boolean;
  #isHeldUp = false;
  #isClosed = false;

  constructor(surroundings: MemoryBrokerSurroundings) {
    this.#with = surroundings;
    this.#isConnected = surroundings.isThere;
    this.#wasConnected = surroundings.isThere;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  onChange(handle: (isConnected: boolean) => void): void {
    this.#handleChange = handle;
  }

  publish(subject: string, message: Uint8Array): boolean {
    const { limits } = this.#with;
    const canTake = this.#isConnected && isSubject(subject) && message.length <= MAX_BROKER_MESSAGE &&
      this.#waitingMessages < limits.messages && this.#waitingBytes + message.length <= limits.bytes;
    if (!canTake) {
      this.counters.dropped++;
      return false;
    }
    this.counters.published++;
    this.#waitingMessages++;
    this.#waitingBytes += message.length;
    this.#with.publish(subject, message.slice());
    return true;
  }

  subscribe(subject: string, receive: (message: Uint8Array) => void): BrokerSubscription {
    if (this.#isClosed || !isSubject(subject)) return { close() {} };
    return this.#subscriptions.add(subject, receive, () => {});
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#isConnected = false;
      this.#subscriptions.clear();
      this.#with.close();
    }
    return Promise.resolve();
  }

  isSubscribed(subject: string): boolean {
    return this.#subscriptions.has(subject);
  }

  handleMessage(subject: string, message: Uint8Array): void {
    if (this.#isConnected && !this.#isHeldUp) this.#subscriptions.deliver(subject, message);
  }

  /** As if its connection, which stays, lost all that is for this node. */
  holdUp(): void {
    this.#isHeldUp = true;
  }

  goOn(): void {
    this.#isHeldUp = false;
  }

  /** The network has one of its messages, of so many bytes. */
  handleSent(length: number): void {
    this.#waitingMessages--;
    this.#waitingBytes -= length;
  }

  handleAway(): void {
    this.counters.dropped += this.#waitingMessages;
    this.#waitingMessages = 0;
    this.#waitingBytes = 0;
    this.#isConnected = false;
    this.#handleChange(false);
  }

  handleBack(): void {
    if (this.#wasConnected) this.counters.reconnects++;
    this.#wasConnected = true;
    this.#isConnected = true;
    this.#handleChange(true);
  }
}
