import { type BrokerTarget, brokerTarget, BrokerUrlError } from "../../bus/broker_target.ts";
import { BrokerLinkError, type BrokerLinkSink, type ConnectBroker } from "../../bus/broker_link.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import type { BusOptions } from "../../io/sharing.ts";
import type { BrokerFacts } from "../facts.ts";
import { within } from "./within.ts";

const CONNECT_MS = 4_000;

/** Nothing is subscribed to. */
const DEAF: BrokerLinkSink = { handleMessage() {}, handleComplaint() {}, handleLost() {} };

type UrlOptions = Extract<BusOptions, { readonly url: string | URL }>;

/** Connects to the broker once, with the server's own credentials, and asks whether it is there. */
export async function probeBroker({ url, caCertificate }: UrlOptions): Promise<BrokerFacts> {
  try {
    return await probeTarget(brokerTarget(new URL(url), { ...(caCertificate !== undefined && { caCertificate }) }));
  } catch (error) {
    if (!(error instanceof BrokerUrlError)) throw error;
    return { name: "--bus", ok: false, isRefusal: false, reason: error.message } as const;
  }
}

async function probeTarget(target: BrokerTarget): Promise<BrokerFacts> {
  const { name } = target;
  const failed = (reason: string, isRefusal = false) => ({ name, ok: false, isRefusal, reason }) as const;
  const connect = await connector(target);
  try {
    const link = await connect(DEAF, AbortSignal.timeout(CONNECT_MS));
    const { promise: answered, resolve } = Promise.withResolvers<true>();
    const startMs = performance.now();
    link.ping(() => resolve(true));
    const isThere = await within(CONNECT_MS, answered);
    const roundTripMs = performance.now() - startMs;
    const { software } = link;
    await link.close();
    return isThere ? { name, ok: true, software, roundTripMs } : failed("it takes the connection, and does not answer");
  } catch (error) {
    return failed(messageOf(error), error instanceof BrokerLinkError && error.isRefusal);
  }
}

async function connector(target: BrokerTarget): Promise<ConnectBroker> {
  if (target.kind === "nats") return (await import("../../bus/nats_link.ts")).connectNats(target);
  return (await import("../../bus/redis_link.ts")).connectRedis(target);
}
