import { getLogger } from "@logtape/logtape";
import { BackOff } from "./back_off.ts";
import {
  type Broker,
  type BrokerCounters,
  type BrokerOptions,
  type BrokerSubscription,
  type BrokerTimers,
  MAX_BROKER_MESSAGE,
} from "./broker.ts";
import { type BrokerLink, BrokerLinkError, type BrokerLinkSink, type ConnectBroker } from "./broker_link.ts";
import { BrokerSubscriptions, isSubject } from "./broker_subscriptions.ts";
import { SendWindow } from "./send_window.ts";

const log = getLogger(["switchboard", "bus"]);

/** An attempt that takes longer has failed. */
export const CONNECT_TIMEOUT_MS = 3000;
const PING_INTERVAL_MS = 1000;
/** A link of which a ping is not answered for so many intervals is lost. */
const MAX_UNANSWERED = 4;
/** A link that is lost sooner counts as one more failure. */
const STEADY_MS = 5000;
/** Complaints of different kinds are told of no more often. */
const COMPLAINT_INTERVAL_MS = 1000;
/** What may be left to send when it is closed has so much time. */
const CLOSE_TIMEOUT_MS = 1000;

/** 100 ms of a gigabit, about. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const MAX_WAITING_MESSAGES = 16_384;

export interface ReconnectingBrokerOptions
  extends Pick<BrokerOptions, "timers" | "random" | "maxWaitingBytes" | "maxWaitingMessages"> {
  /** Whom it connects to, as the log has it. */
  readonly name: string;
  readonly connect: ConnectBroker;
}

/** A Broker by one link after the other. While there is none nothing is kept but who is subscribed to what. */
export class ReconnectingBroker implements Broker {
  readonly counters: BrokerCounters = { published: 0, received: 0, dropped: 0, reconnects: 0 };
  readonly #name: string;
  readonly #connect: ConnectBroker;
  readonly #timers: BrokerTimers;
  readonly #limits: { readonly messages: number; readonly bytes: number };
  readonly #backOff: BackOff;
  readonly #subscriptions = new BrokerSubscriptions(this.counters);
  #window: SendWindow;
  #handleChange: (isConnected: boolean) => void = () => {};
  /** There is a number for each attempt: what one before says is past. */
  #attempt = 0;
  /** Breaks off the attempt that is under way. */
  #abort = new AbortController();
  /** Of the attempt that has succeeded, or is about to. */
  #link: BrokerLink | undefined;
  #isConnected = false;
  #isClosed = false;
  #connectedMs = 0;
  #connections = 0;
  #unanswered = 0;
  /** Fires at the next ping, the end of an attempt, or the next one. */
  #timer: number | undefined;
  /** What was last told of in the log, so that it is told once. */
  #told = "";
  #complaint = "";
  #complaintMs = -Infinity;
  #tried: () => void = () => {};

  private constructor({ name, connect, timers, random, ...limits }: ReconnectingBrokerOptions) {
    this.#name = name;
    this.#connect = connect;
    this.#timers = timers;
    this.#limits = {
      messages: limits.maxWaitingMessages ?? MAX_WAITING_MESSAGES,
      bytes: limits.maxWaitingBytes ?? MAX_WAITING_BYTES,
    };
    this.#window = new SendWindow(this.#limits);
    this.#backOff = new BackOff(random);
  }

  /** Resolves once the first attempt has succeeded or failed. */
  static async open(options: ReconnectingBrokerOptions): Promise<ReconnectingBroker> {
    const broker = new ReconnectingBroker(options);
    await new Promise<void>((resolve) => {
      broker.#tried = resolve;
      broker.#try();
    });
    return broker;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  onChange(handle: (isConnected: boolean) => void): void {
    this.#handleChange = handle;
  }

  publish(subject: string, message: Uint8Array): boolean {
    const { length } = message;
    const isTaken = this.#isConnected && length <= MAX_BROKER_MESSAGE && this.#window.hasRoom(length) &&
      isSubject(subject) && this.#link?.publish(subject, message) === true;
    if (!isTaken) {
      this.counters.dropped++;
      return false;
    }
    this.counters.published++;
    this.#window.add(length);
    if (this.#window.isPingDue) this.#ping();
    return true;
  }

  subscribe(subject: string, receive: (message: Uint8Array) => void): BrokerSubscription {
    if (this.#isClosed || !isSubject(subject)) return { close() {} };
    const isFirst = !this.#subscriptions.has(subject);
    const subscription = this.#subscriptions.add(subject, receive, () => this.#link?.unsubscribe(subject));
    if (isFirst) this.#link?.subscribe(subject);
    return subscription;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#attempt++;
    if (this.#link === undefined) this.#abort.abort();
    this.#clearTimer();
    this.#subscriptions.clear();
    const [link, wasConnected] = [this.#link, this.#isConnected];
    this.#isConnected = false;
    this.#link = undefined;
    this.#tried();
    if (link === undefined) return;
    if (wasConnected) await this.#whenSent(link);
    await link.close();
  }

  #try(): void {
    const attempt = ++this.#attempt;
    const isPast = () => attempt !== this.#attempt;
    const fail = (reason: string, isRefusal = false) => {
      if (!isPast()) this.#handleFailure(reason, isRefusal);
    };
    this.#timer = this.#timers.setTimeout(() => fail("it does not answer"), CONNECT_TIMEOUT_MS);
    const sink: BrokerLinkSink = {
      handleMessage: (subject, message) => {
        if (!isPast()) this.#subscriptions.deliver(subject, message);
      },
      handleComplaint: (reason) => {
        if (!isPast()) this.#handleComplaint(reason);
      },
      handleLost: (reason) => fail(reason),
    };
    this.#abort = new AbortController();
    this.#connect(sink, this.#abort.signal).then(
      (link) => isPast() ? link.close() : this.#handleLink(link, isPast),
      (error) => fail(messageOf(error), error instanceof BrokerLinkError && error.isRefusal),
    );
  }

  /** It counts as connected when the broker has all subscriptions. */
  #handleLink(link: BrokerLink, isPast: () => boolean): void {
    this.#link = link;
    for (const subject of this.#subscriptions.subjects) link.subscribe(subject);
    link.ping(() => {
      if (!isPast()) this.#handleConnected();
    });
  }

  #handleConnected(): void {
    this.#clearTimer();
    this.#window = new SendWindow(this.#limits);
    this.#unanswered = 0;
    this.#connectedMs = this.#timers.now();
    if (this.#connections++ > 0) this.counters.reconnects++;
    this.#told = "";
    log.info("connected to {broker}", { broker: this.#name });
    this.#pingLater();
    this.#isConnected = true;
    this.#handleChange(true);
    this.#tried();
  }

  #pingLater(): void {
    this.#timer = this.#timers.setTimeout(() => {
      // Looks are counted, and not time: this process may have been stopped meanwhile.
      if (this.#window.isPinged) this.#unanswered++;
      if (this.#unanswered >= MAX_UNANSWERED) return this.#handleFailure("it does not answer any more", false);
      if (this.#timers.now() - this.#connectedMs >= STEADY_MS) this.#backOff.reset();
      if (!this.#window.isPinged) this.#ping();
      this.#pingLater();
    }, PING_INTERVAL_MS);
  }

  #ping(): void {
    const [link, window] = [this.#link, this.#window];
    window.handlePing();
    link?.ping(() => {
      if (this.#link !== link) return;
      window.handlePong();
      this.#unanswered = 0;
      // Sent while the answer was on its way.
      if (window.isPingDue) this.#ping();
    });
  }

  /** An attempt, or the link that it has made, is over. */
  #handleFailure(reason: string, isRefusal: boolean): void {
    const [link, wasConnected] = [this.#link, this.#isConnected];
    this.#attempt++;
    if (link === undefined) this.#abort.abort();
    this.#clearTimer();
    this.#link = undefined;
    this.#isConnected = false;
    const delayMs = this.#backOff.delayMs();
    this.#timer = this.#timers.setTimeout(() => this.#try(), delayMs);
    this.#tell(reason, isRefusal);
    if (wasConnected) this.counters.dropped += this.#window.waitingMessages;
    void link?.close();
    if (wasConnected) this.#handleChange(false);
    this.#tried();
  }

  /** Once for all attempts that fail by the same reason. */
  #tell(reason: string, isRefusal: boolean): void {
    if (reason === this.#told) return;
    this.#told = reason;
    const properties = { broker: this.#name, reason };
    if (isRefusal) log.error("{broker} refuses us, trying again: {reason}", properties);
    else log.warn("{broker} is away, trying again: {reason}", properties);
  }

  #handleComplaint(reason: string): void {
    const nowMs = this.#timers.now();
    if (reason === this.#complaint || nowMs - this.#complaintMs < COMPLAINT_INTERVAL_MS) return;
    this.#complaint = reason;
    this.#complaintMs = nowMs;
    log.error("{broker} complains: {reason}", { broker: this.#name, reason });
  }

  /** Resolves when the broker has all that was published, or when that takes too long. */
  #whenSent(link: BrokerLink): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.setTimeout(resolve, CLOSE_TIMEOUT_MS);
      link.ping(() => {
        this.#timers.clearTimeout(timer);
        resolve();
      });
    });
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#timers.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
