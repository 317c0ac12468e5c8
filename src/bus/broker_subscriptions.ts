import { getLogger } from "@logtape/logtape";
import type { BrokerCounters, BrokerSubscription } from "./broker.ts";

const log = getLogger(["switchboard", "bus"]);

/** Also what keeps a room's name from being read as a part of the broker's protocol. */
const SUBJECT = /^[\w-]+(?:\.[\w-]+)*$/;
const MAX_SUBJECT = 1024;

export function isSubject(text: string): boolean {
  return text.length <= MAX_SUBJECT && SUBJECT.test(text);
}

type Receive = (message: Uint8Array) => void;

interface Subscriber {
  readonly receive: Receive;
  isOpen: boolean;
}

/** Who is to be given what comes of which subject. */
export class BrokerSubscriptions {
  readonly #counters: Pick<BrokerCounters, "received">;
  /** A list is never changed, but replaced: it may be gone through meanwhile. */
  readonly #bySubject = new Map<string, readonly Subscriber[]>();

  constructor(counters: Pick<BrokerCounters, "received">) {
    this.#counters = counters;
  }

  /** Those that have a subscription. */
  get subjects(): Iterable<string> {
    return this.#bySubject.keys();
  }

  has(subject: string): boolean {
    return this.#bySubject.has(subject);
  }

  /** `ended` is told where the subject's last subscription is closed. */
  add(subject: string, receive: Receive, ended: () => void): BrokerSubscription {
    const subscriber = { receive, isOpen: true };
    this.#bySubject.set(subject, [...this.#bySubject.get(subject) ?? [], subscriber]);
    return {
      close: () => {
        if (!subscriber.isOpen) return;
        subscriber.isOpen = false;
        if (this.#remove(subject, subscriber)) ended();
      },
    };
  }

  /** Gives a message to all who are subscribed; one of them that throws is told of in the log. */
  deliver(subject: string, message: Uint8Array): void {
    for (const subscriber of this.#bySubject.get(subject) ?? []) {
      if (!subscriber.isOpen) continue;
      this.#counters.received++;
      try {
        subscriber.receive(message);
      } catch (error) {
        log.error("a message of {subject} was not taken: {error}", { subject, error });
      }
    }
  }

  /** Nothing is delivered any more. */
  clear(): void {
    for (const subscribers of this.#bySubject.values()) {
      for (const subscriber of subscribers) subscriber.isOpen = false;
    }
    this.#bySubject.clear();
  }

  /** Whether it was the subject's last one. */
  #remove(subject: string, subscriber: Subscriber): boolean {
    const rest = (this.#bySubject.get(subject) ?? []).filter((other) => other !== subscriber);
    if (rest.length > 0) {
      this.#bySubject.set(subject, rest);
      return false;
    }
    return this.#bySubject.delete(subject);
  }
}
