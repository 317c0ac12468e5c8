import type { Broker, BrokerOptions } from "./broker.ts";
import type { ConnectBroker } from "./broker_link.ts";
import { type BrokerTarget, brokerTarget } from "./broker_target.ts";
import { ReconnectingBroker } from "./reconnecting_broker.ts";

export { BrokerUrlError } from "./broker_target.ts";

/** Loads the client of that kind of broker, and no other: most servers need none. */
async function connector(target: BrokerTarget): Promise<ConnectBroker> {
  if (target.kind === "nats") return (await import("./nats_link.ts")).connectNats(target);
  return (await import("./redis_link.ts")).connectRedis(target);
}

/**
 * Connects to the broker at `url` (nats:, tls:, redis:, rediss:). Resolves once the first attempt has succeeded or failed:
 * a broker that is away at the start is as one that goes away later. Throws BrokerUrlError where the URL is none of a
 * broker.
 */
export async function openBroker(url: URL, options: BrokerOptions): Promise<Broker> {
  const target = brokerTarget(url, options);
  return await ReconnectingBroker.open({ ...options, name: target.name, connect: await connector(target) });
}
