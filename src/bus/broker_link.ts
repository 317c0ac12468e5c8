/** One connection to a broker: once it is lost another one is made. Nothing throws. */
export interface BrokerLink {
  /** What is there, with its version, as in `Redis 7.0.15`. */
  readonly software: string;
  /** Hands a message, which it copies, to the broker. False where it never will. */
  publish(subject: string, message: Uint8Array): boolean;
  subscribe(subject: string): void;
  unsubscribe(subject: string): void;
  /** Calls back, never before it returns, once the broker has taken all that was said before; never where it is lost. */
  ping(answered: () => void): void;
  /** Never rejects. What is not sent yet is lost; the sink is told nothing any more. */
  close(): Promise<void>;
}

/** What a link tells. */
export interface BrokerLinkSink {
  /** `message` is valid during the call. */
  handleMessage(subject: string, message: Uint8Array): void;
  /** The broker refuses something, and the link goes on. */
  handleComplaint(reason: string): void;
  /** The link is lost. */
  handleLost(reason: string): void;
}

/** No link could be made; the message says why. */
export class BrokerLinkError extends Error {
  /** Whether the broker is there and refuses us: our credentials, or who we are. */
  readonly isRefusal: boolean;

  constructor(message: string, { isRefusal }: { readonly isRefusal: boolean }) {
    super(message);
    this.name = "BrokerLinkError";
    this.isRefusal = isRefusal;
  }
}

/** Makes one attempt. Rejects with a BrokerLinkError, and soon where `signal` breaks it off: then nothing is left of it. */
export type ConnectBroker = (sink: BrokerLinkSink, signal: AbortSignal) => Promise<BrokerLink>;
