import type { Clock } from "../../io/clock.ts";
import type { RandomSource } from "../../sfu/random.ts";
import type { RoomEvent } from "../../signaling/room_events.ts";
import { webhookEvent } from "../../webhooks/webhook_event.ts";
import { WebhookEndpoint } from "./endpoint.ts";
import { keysOf, type WebhookOptions } from "./options.ts";
import { createSender, REQUEST_OUTCOMES, type RequestOutcome, type SendWebhook } from "./sender.ts";

/** Milliseconds that the end of the server waits for the last events. */
const CLOSING_GRACE_MS = 2000;

/** Of all receivers together. */
export interface WebhookFigures {
  /** Requests, by what they have come to. */
  readonly requests: Readonly<Record<RequestOutcome, number>>;
  /** Events that wait, each for each receiver. */
  readonly queued: number;
  /** Events that were given up, each for each receiver. */
  readonly dropped: number;
}

export interface WebhookSurroundings {
  /** Which run of which server tells. */
  readonly server: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The wall clock, in ms. */
  readonly unixMs: () => number;
  /** Default: over the network. */
  readonly send?: SendWebhook;
}

/** Tells receivers of what happens in rooms, each as it takes it. */
export class Webhooks {
  readonly #endpoints: readonly WebhookEndpoint[];
  readonly #server: string;
  readonly #unixMs: () => number;
  #count = 0;
  #closed: Promise<void> | undefined;

  /** The options are those that `checkWebhooks` has let pass. */
  constructor(
    options: WebhookOptions,
    { server, send = createSender(senderOptions(options)), ...rest }: WebhookSurroundings,
  ) {
    this.#server = server;
    this.#unixMs = rest.unixMs;
    const keys = keysOf(options.secret);
    this.#endpoints = options.urls.map((url) => new WebhookEndpoint({ ...rest, url: new URL(url), keys, send }));
  }

  get figures(): WebhookFigures {
    const sum = (value: (endpoint: WebhookEndpoint) => number) =>
      this.#endpoints.reduce((total, endpoint) => total + value(endpoint), 0);
    return {
      requests: Object.fromEntries(
        REQUEST_OUTCOMES.map((outcome) => [outcome, sum(({ counts }) => counts[outcome])]),
      ) as WebhookFigures["requests"],
      queued: sum(({ queued }) => queued),
      dropped: sum(({ dropped }) => dropped),
    };
  }

  /** Is called while the event happens: it puts it into queues, and waits for nobody. */
  handle(event: RoomEvent): void {
    const stamp = {
      id: `${this.#server}-${++this.#count}`,
      timestamp: new Date(this.#unixMs()).toISOString(),
      server: this.#server,
    };
    const told = webhookEvent(event, stamp);
    for (const endpoint of this.#endpoints) endpoint.push(told);
  }

  /** Resolves once the last events are told, two seconds later at the most. Who asks again gets the same. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close(CLOSING_GRACE_MS)));
  }
}

function senderOptions({ allowPrivate = false, caCertificate }: WebhookOptions) {
  return { allowPrivate, caCertificate };
}
