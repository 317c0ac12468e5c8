import { webhookKey } from "../../webhooks/signature.ts";

/** Each is told of each event. */
export const MAX_WEBHOOKS = 8;

/** Who is told of what happens in rooms, by HTTP requests that are signed. */
export interface WebhookOptions {
  /** Up to eight: https, or, with `allowPrivate`, http as well; without credentials and fragment. */
  readonly urls: readonly string[];
  /**
   * What requests are signed by, as Standard Webhooks has it: `whsec_` and the base64 of 24 to 64 bytes. Several, while one
   * takes the place of another, sign each.
   */
  readonly secret: string | readonly string[];
  /** Whether requests may go to addresses that are not of the public internet, and by http. Default: false. */
  readonly allowPrivate?: boolean;
  /** Certificate authorities in PEM to be trusted besides those that everybody trusts. */
  readonly caCertificate?: string;
}

/** Whether events can be told there. */
export function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || url.protocol === "http:";
}

/** Whether everybody on the way can read what is told there. */
export function isInClear(url: string): boolean {
  return new URL(url).protocol === "http:";
}

export function isWebhookSecret(text: string): boolean {
  return webhookKey(text) !== undefined;
}

/** The keys of the secrets. */
export function keysOf(secret: WebhookOptions["secret"]): readonly Uint8Array[] {
  const secrets = typeof secret === "string" ? [secret] : secret;
  return secrets.flatMap((text) => webhookKey(text) ?? []);
}

/** Throws a TypeError where nobody could be told by these; it repeats neither a URL nor a secret. */
export function checkWebhooks({ urls, secret, allowPrivate = false }: WebhookOptions): void {
  if (urls.length === 0 || urls.length > MAX_WEBHOOKS) {
    throw new TypeError(`webhooks: ${urls.length} URLs, where there can be 1 to ${MAX_WEBHOOKS}`);
  }
  if (!urls.every(isWebhookUrl)) {
    throw new TypeError("webhooks: a URL is none of https or http, or has credentials or a fragment");
  }
  if (!allowPrivate && urls.some(isInClear)) {
    throw new TypeError("webhooks: a URL is of http, which is for private networks alone: see allowPrivate");
  }
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (secrets.length === 0 || !secrets.every(isWebhookSecret)) {
    throw new TypeError("webhooks: a secret is whsec_ and the base64 of 24 to 64 bytes");
  }
}
