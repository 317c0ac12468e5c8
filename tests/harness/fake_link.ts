import {
  type BrokerLink,
  BrokerLinkError,
  type BrokerLinkSink,
  type ConnectBroker,
} from "../../src/bus/broker_link.ts";

/** A link by which a test plays the broker. */
export class FakeLink implements BrokerLink {
  readonly software = "a test";
  readonly sink: BrokerLinkSink;
  /** What was said to it, in its order. */
  readonly said: string[] = [];
  isClosed = false;
  /** Whether messages are taken. */
  takes = true;
  readonly #pings: (() => void)[] = [];

  constructor(sink: BrokerLinkSink) {
    this.sink = sink;
  }

  get unansweredPings(): number {
    return this.#pings.length;
  }

  publish(subject: string, message: Uint8Array): boolean {
    if (this.takes) this.said.push(`publish ${subject} ${message.length}`);
    return this.takes;
  }

  subscribe(subject: string): void {
    this.said.push(`subscribe ${subject}`);
  }

  unsubscribe(subject: string): void {
    this.said.push(`unsubscribe ${subject}`);
  }

  ping(answered: () => void): void {
    this.#pings.push(answered);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** Answers the pings that there are; those that come of it are not answered yet. */
  answer(): void {
    for (const answered of this.#pings.splice(0)) answered();
  }
}

/** A broker that is tried to be reached, and what became of each attempt. */
export class FakeConnector {
  readonly links: FakeLink[] = [];
  /** What breaks off each attempt. */
  readonly signals: AbortSignal[] = [];
  /** How the next attempts end: by a link, by one that is there when `release` is called, or not. */
  outcome: "link" | "hang" | { readonly failure: string; readonly isRefusal: boolean } = "link";
  /** Has the attempts that hang succeed. */
  release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => this.release = resolve);

  readonly connect: ConnectBroker = async (sink, signal) => {
    this.signals.push(signal);
    const { outcome } = this;
    if (outcome === "hang") await this.#released;
    else if (outcome !== "link") throw new BrokerLinkError(outcome.failure, outcome);
    const link = new FakeLink(sink);
    this.links.push(link);
    return link;
  };

  get attempts(): number {
    return this.signals.length;
  }

  get link(): FakeLink {
    return this.links[this.links.length - 1];
  }
}
