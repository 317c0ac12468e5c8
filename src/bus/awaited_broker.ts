import type { Broker, BrokerCounters, BrokerSubscription } from "./broker.ts";

/** A subscription, and what it is at the broker once there is one. */
interface AwaitedSubscription {
  readonly subject: string;
  readonly receive: (message: Uint8Array) => void;
  opened?: BrokerSubscription;
}

/** A broker that is being opened: until it is, it is as one that is away. */
export class AwaitedBroker implements Broker {
  readonly #subscriptions = new Set<AwaitedSubscription>();
  readonly #opening: Promise<void>;
  #broker: Broker | undefined;
  #handleChange: (isConnected: boolean) => void = () => {};
  /** Messages that were refused before there was a broker. */
  #dropped = 0;
  #isClosed = false;

  /** `opening` does not reject. */
  constructor(opening: Promise<Broker>) {
    this.#opening = opening.then((broker) => this.#handleOpened(broker));
  }

  get isConnected(): boolean {
    return this.#broker?.isConnected ?? false;
  }

  get counters(): Readonly<BrokerCounters> {
    const counters = this.#broker?.counters ?? { published: 0, received: 0, dropped: 0, reconnects: 0 };
    return { ...counters, dropped: counters.dropped + this.#dropped };
  }

  publish(subject: string, message: Uint8Array): boolean {
    if (this.#broker !== undefined) return this.#broker.publish(subject, message);
    this.#dropped++;
    return false;
  }

  subscribe(subject: string, receive: (message: Uint8Array) => void): BrokerSubscription {
    if (this.#broker !== undefined) return this.#broker.subscribe(subject, receive);
    const subscription: AwaitedSubscription = { subject, receive };
    if (!this.#isClosed) this.#subscriptions.add(subscription);
    return {
      close: () => {
        this.#subscriptions.delete(subscription);
        subscription.opened?.close();
      },
    };
  }

  onChange(handle: (isConnected: boolean) => void): void {
    this.#handleChange = handle;
    this.#broker?.onChange(handle);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#subscriptions.clear();
    await this.#opening;
    await this.#broker?.close();
  }

  #handleOpened(broker: Broker): void {
    this.#broker = broker;
    // Those that were closed meanwhile are not in the set any more.
    for (const each of this.#subscriptions) each.opened = broker.subscribe(each.subject, each.receive);
    this.#subscriptions.clear();
    broker.onChange(this.#handleChange);
    if (broker.isConnected && !this.#isClosed) this.#handleChange(true);
  }
}
