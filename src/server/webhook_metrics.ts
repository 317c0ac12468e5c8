import { type Metric, singleOf } from "./metric.ts";
import { REQUEST_OUTCOMES } from "./webhooks/sender.ts";

/** Of a server that has webhooks, and of no other. */
const ofWebhooks = singleOf(({ webhooks }) => webhooks);

/** What is told of the requests by which others learn of events. */
export const WEBHOOK_METRICS: readonly Metric[] = [
  {
    type: "counter",
    name: "switchboard_webhook_requests_total",
    help: "With --webhook: requests that tell of an event, by what they have come to.",
    labels: { outcome: REQUEST_OUTCOMES },
    samples: ({ webhooks }) =>
      webhooks === undefined
        ? []
        : REQUEST_OUTCOMES.map((outcome) => ({ labels: { outcome }, value: webhooks.requests[outcome] })),
  },
  ofWebhooks(
    "gauge",
    "switchboard_webhook_queued_events",
    "Events that wait to be told, each for each URL.",
    ({ queued }) => queued,
  ),
  ofWebhooks(
    "counter",
    "switchboard_webhook_dropped_events_total",
    "Events that were given up, each for each URL: too many waited, or for too long.",
    ({ dropped }) => dropped,
  ),
];
