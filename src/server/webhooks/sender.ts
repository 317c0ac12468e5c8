import { resolveBySystem, type ResolveName } from "../../io/resolve_name.ts";
import { isPublicAddress } from "../../webhooks/public_address.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { parseIpAddress } from "../../webrtc/ip_address.ts";
import { hostOf, post } from "./request.ts";

/** Milliseconds in which a request must have its answer, the lookup of the name included. */
const TIMEOUT_MS = 10_000;
const GONE = 410;

/**
 * What a request has come to: taken (2xx); refused by another status; `gone`, which asks for no more (410); without an
 * answer in time; without one at all; or not sent, as the address is none of the public internet.
 */
export const REQUEST_OUTCOMES = ["delivered", "refused", "gone", "timed-out", "failed", "address-refused"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

export interface WebhookRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Attempts in a row that have failed before: a name with several addresses is tried at each in turn. */
  readonly failures: number;
}

export interface RequestResult {
  readonly outcome: RequestOutcome;
  /** In words, without what the URL has behind its host. */
  readonly reason: string;
}

/** Sends a request until its end, or until `signal` ends it; does not reject. */
export type SendWebhook = (request: WebhookRequest, signal: AbortSignal) => Promise<RequestResult>;

export interface SenderOptions {
  /** Whether addresses may be asked that are not of the public internet. */
  readonly allowPrivate: boolean;
  /** Certificate authorities in PEM to be trusted besides the usual ones. */
  readonly caCertificate?: string | undefined;
  readonly resolve?: ResolveName;
  readonly timeoutMs?: number;
}

/** A name has an address that no request may go to. */
class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

/** Sends to what URLs name: each time it looks up the name, and connects to an address that it has looked at. */
export function createSender(options: SenderOptions): SendWebhook {
  const { timeoutMs = TIMEOUT_MS, caCertificate } = options;
  return async ({ url, headers, body, failures }, signal) => {
    const end = new AbortController();
    const abort = () => end.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      abort();
    }, timeoutMs);
    signal.addEventListener("abort", abort);
    try {
      const addresses = await within(addressesOf(hostOf(url), options), end.signal);
      const address = addresses[failures % addresses.length];
      return resultOf(await post({ url, address, headers, body, caCertificate }, end.signal));
    } catch (error) {
      if (isLate) return { outcome: "timed-out", reason: `there is no answer within ${timeoutMs} ms` };
      if (error instanceof AddressRefusedError) return { outcome: "address-refused", reason: error.message };
      return { outcome: "failed", reason: messageOf(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  };
}

function resultOf(status: number): RequestResult {
  const reason = `the answer has status ${status}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", reason };
  return { outcome: status === GONE ? "gone" : "refused", reason };
}

/** All of a host; an AddressRefusedError where one of them is not to be asked: whoever names a host may name any. */
async function addressesOf(host: string, { allowPrivate, resolve = resolveBySystem }: SenderOptions) {
  const addresses = parseIpAddress(host) === undefined ? await resolve(host) : [host];
  if (addresses.length === 0) throw new TypeError("the name has no address");
  const refused = allowPrivate ? undefined : addresses.find((address) => !isPublicAddress(address));
  if (refused === undefined) return addresses;
  throw new AddressRefusedError(`${host} has the address ${refused}, which is not of the public internet`);
}

/** What a promise resolves to; rejects at the signal where that is sooner. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
