import {
  errors,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
  type Subscription,
} from "@nats-io/nats-core/internal";
import { type BrokerLink, BrokerLinkError, type BrokerLinkSink, type ConnectBroker } from "./broker_link.ts";
import type { BrokerTarget } from "./broker_target.ts";
import { type NatsOptions, NatsTransport } from "./nats_transport.ts";

/** Pings and the end of attempts are ours (ReconnectingBroker): the longest delay that there is. */
const NEVER_MS = 2 ** 31 - 1;

setTransportFactory({ factory: () => new NatsTransport() });

/** Makes connections to a NATS server. */
export function connectNats(target: BrokerTarget): ConnectBroker {
  const { host, port, isEncrypted, username, password, token, caCertificate } = target;
  const tls = { ...(caCertificate !== undefined && { ca: caCertificate }) };
  return async (sink, signal) => {
    try {
      const options: NatsOptions = {
        servers: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
        name: "switchboard",
        ...(token !== undefined ? { token } : username !== undefined && { user: username, pass: password }),
        ...(isEncrypted && { tls }),
        timeout: NEVER_MS,
        pingInterval: NEVER_MS,
        reconnect: false,
        ignoreClusterUpdates: true,
        noAsyncTraces: true,
        signal,
      };
      return new NatsLink(await NatsConnectionImpl.connect(options), sink);
    } catch (error) {
      throw linkError(error);
    }
  };
}

class NatsLink implements BrokerLink {
  readonly software: string;
  readonly #connection: NatsConnection;
  readonly #sink: BrokerLinkSink;
  readonly #subscriptions = new Map<string, Subscription>();
  #isClosed = false;

  constructor(connection: NatsConnection, sink: BrokerLinkSink) {
    this.software = `NATS ${connection.info?.version ?? "of an unknown version"}`;
    this.#connection = connection;
    this.#sink = sink;
    connection.closed().then((error) => {
      if (!this.#isClosed) sink.handleLost(error?.message ?? "the connection was closed");
    });
    this.#hearComplaints();
  }

  publish(subject: string, message: Uint8Array): boolean {
    if (this.#connection.isClosed()) return false;
    try {
      // It keeps what it is given until it is sent.
      this.#connection.publish(subject, message.slice());
      return true;
    } catch (error) {
      // The server takes shorter ones.
      this.#sink.handleComplaint(messageOf(error));
      return false;
    }
  }

  subscribe(subject: string): void {
    if (this.#connection.isClosed()) return;
    const callback = (error: Error | null, { data }: { readonly data: Uint8Array }) => {
      if (error === null) this.#sink.handleMessage(subject, data);
    };
    this.#subscriptions.set(subject, this.#connection.subscribe(subject, { callback }));
  }

  unsubscribe(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe();
    this.#subscriptions.delete(subject);
  }

  ping(answered: () => void): void {
    this.#connection.flush().then(answered, (error) => {
      // That a connection has ended is told by `closed`.
      if (!this.#connection.isClosed()) this.#sink.handleComplaint(messageOf(error));
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
  }

  async #hearComplaints(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "error") this.#sink.handleComplaint(status.error.message);
    }
  }
}

function linkError(error: unknown): BrokerLinkError {
  const isRefusal = error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError;
  return new BrokerLinkError(messageOf(error), { isRefusal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
