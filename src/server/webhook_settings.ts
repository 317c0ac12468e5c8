import type { Config } from "./config_schema.ts";
import { isInClear, type WebhookOptions } from "./webhooks/options.ts";

/** Who is told of events by the settings; undefined where nobody is. */
export function webhookOptions({ webhook, webhookSecret, webhookPrivate }: Config): WebhookOptions | undefined {
  if (webhook.length === 0) return undefined;
  return { urls: webhook, secret: webhookSecret, allowPrivate: webhookPrivate };
}

/** What these settings lack, or contradict: a line for each, without a URL. */
export function webhookGaps({ webhook, webhookSecret, webhookPrivate }: Config): string[] {
  const isUnsigned = webhook.length > 0 && webhookSecret.length === 0;
  return [
    ...(isUnsigned ? ["--webhook needs the secret that requests are signed by: give it by WEBHOOK_SECRET"] : []),
    ...(!webhookPrivate && webhook.some(isInClear)
      ? ["--webhook has a URL of http, which everybody on the way can read: --webhook-private=yes allows it"]
      : []),
  ];
}
