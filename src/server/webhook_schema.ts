import { z } from "zod";
import { list, setting, yesOrNo } from "./setting.ts";
import { isWebhookSecret, isWebhookUrl, MAX_WEBHOOKS } from "./webhooks/options.ts";

/** The settings by which others are told of what happens in rooms. */
export const WEBHOOK_SETTINGS = {
  webhook: setting(list(z.string().refine(isWebhookUrl)).refine((urls) => urls.length <= MAX_WEBHOOKS), {
    placeholder: "urls",
    fallback: "",
    meaning:
      "where events of rooms, peers and tracks are sent, by signed requests; needs the secret; other users of the machine see flags: URLs that hold one better by WEBHOOK",
    allowed:
      `up to ${MAX_WEBHOOKS} https URLs without credentials, separated by commas; http as well with --webhook-private`,
    isSecret: true,
  }),
  webhookSecret: setting(list(z.string().refine(isWebhookSecret)), {
    placeholder: "text",
    fallback: "",
    meaning:
      "what those requests are signed by; of several, while one takes the place of another, each signs; other users of the machine see flags: better by WEBHOOK_SECRET",
    allowed: "whsec_ and the base64 of 24 to 64 bytes; several are separated by commas",
    isSecret: true,
  }),
  webhookPrivate: setting(yesOrNo, {
    placeholder: "yes|no",
    fallback: "no",
    meaning:
      "let those requests go to private, loopback and link-local addresses, and by http; the flag alone means yes",
    allowed: "yes or no",
    isSwitch: true,
  }),
};
