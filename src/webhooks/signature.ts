import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
/** Bytes of a key, as Standard Webhooks has them. */
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The key of a secret: `whsec_` and the base64 of 24 to 64 bytes; undefined for anything else. */
export function webhookKey(secret: string): Uint8Array | undefined {
  const text = secret.slice(PREFIX.length);
  if (!secret.startsWith(PREFIX) || !BASE64.test(text)) return undefined;
  const key = Uint8Array.fromBase64(text);
  return key.length >= MIN_KEY_BYTES && key.length <= MAX_KEY_BYTES ? key : undefined;
}

/** What is signed. */
export interface Message {
  readonly id: string;
  /** Of this attempt. */
  readonly unixSeconds: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks (version 1.0.0): which message it is, when it was sent, and one signature for each key,
 * HMAC-SHA256 of all three.
 */
export function signedHeaders({ id, unixSeconds, body }: Message, keys: readonly Uint8Array[]): Record<string, string> {
  const signatures = keys.map((key) =>
    `v1,${createHmac("sha256", key).update(`${id}.${unixSeconds}.${body}`).digest("base64")}`
  );
  return { "webhook-id": id, "webhook-timestamp": `${unixSeconds}`, "webhook-signature": signatures.join(" ") };
}
