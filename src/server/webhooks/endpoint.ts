import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../io/clock.ts";
import type { RandomSource } from "../../sfu/random.ts";
import { type Delivery, DeliveryQueue } from "../../webhooks/delivery_queue.ts";
import { signedHeaders } from "../../webhooks/signature.ts";
import type { WebhookEvent } from "../../webhooks/webhook_event.ts";
import { REQUEST_OUTCOMES, type RequestOutcome, type RequestResult, type SendWebhook } from "./sender.ts";

/** Milliseconds from one line on events that were given up to the next: too slow a receiver loses some all the time. */
const TELL_DROPPED_MS = 60_000;

const log = getLogger(["switchboard", "webhook"]);

export interface EndpointOptions {
  readonly url: URL;
  /** Each signs. */
  readonly keys: readonly Uint8Array[];
  readonly send: SendWebhook;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** The wall clock, in ms. */
  readonly unixMs: () => number;
}

/** Tells one receiver of events, as it takes them. Who pushes an event waits for nothing. */
export class WebhookEndpoint {
  /** Requests, by what they have come to. */
  readonly counts: Record<RequestOutcome, number>;
  readonly #options: EndpointOptions;
  /** The receiver, in the log: what stands behind the origin of a URL may be a secret. */
  readonly #name: string;
  readonly #queue: DeliveryQueue;
  readonly #end = new AbortController();
  readonly #idle = Promise.withResolvers<void>();
  #timer: { readonly handle: number; readonly dueMs: number } | undefined;
  #isGone = false;
  #isClosing = false;
  /** Whether it was told that requests come to nothing, and not yet that they are all taken again. */
  #isFailing = false;
  /** Events that were dropped when that was told last, and when that was. */
  #toldDropped = 0;
  #toldDroppedMs = -Infinity;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#name = options.url.origin;
    this.#queue = new DeliveryQueue(options.random);
    this.counts = Object.fromEntries(REQUEST_OUTCOMES.map((outcome) => [outcome, 0])) as typeof this.counts;
  }

  /** Events that wait for the receiver. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Events that the receiver was not told of. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  push(event: WebhookEvent): void {
    if (this.#isGone || this.#end.signal.aborted) return;
    const nowMs = this.#options.clock.now();
    this.#queue.push(event, nowMs);
    this.#wake(nowMs);
  }

  /** Resolves once nothing waits any more, or after so long: what is left then is not told. */
  async close(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#isClosing = true;
    this.#queue.finish(clock.now());
    this.#pump();
    const timer = clock.setTimeout(() => this.#idle.resolve(), graceMs);
    await this.#idle.promise;
    clock.clearTimeout(timer);
    this.#end.abort();
    this.#queue.clear();
    this.#stopTimer();
    this.#tellDropped();
  }

  /** Looks at the queue then: not at once, so that nobody who pushes an event pays for its delivery. */
  #wake(dueMs: number): void {
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#stopTimer();
    if (dueMs === Infinity) return;
    const { clock } = this.#options;
    const handle = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, Math.max(0, dueMs - clock.now()));
    this.#timer = { handle, dueMs };
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer.handle);
    this.#timer = undefined;
  }

  #pump(): void {
    const nowMs = this.#options.clock.now();
    for (let next = this.#queue.take(nowMs); next !== undefined; next = this.#queue.take(nowMs)) void this.#send(next);
    this.#wake(this.#queue.nextMs());
    if (this.#isClosing && this.#queue.length === 0) this.#idle.resolve();
  }

  async #send(delivery: Delivery): Promise<void> {
    const { url, keys, send, clock, unixMs } = this.#options;
    const { id, body, failures } = delivery;
    const headers = signedHeaders({ id, body, unixSeconds: Math.floor(unixMs() / 1000) }, keys);
    const result = await send({ url, headers, body, failures }, this.#end.signal);
    if (this.#end.signal.aborted) return;
    this.counts[result.outcome]++;
    log.debug("{id} to {webhook}: {reason}", { id, webhook: this.#name, reason: result.reason });
    // Of others that were on their way at the end of it all nothing is told.
    if (this.#isGone) return;
    if (result.outcome === "gone") this.#handleGone();
    this.#queue.settle(delivery, result.outcome === "delivered", clock.now());
    this.#tell(result);
    this.#pump();
  }

  #handleGone(): void {
    this.#isGone = true;
    this.#queue.clear();
  }

  #tell({ outcome, reason }: RequestResult): void {
    const webhook = this.#name;
    if (outcome === "gone") {
      log.warn("{webhook} wants no events any more ({reason}): it is told of none", { webhook, reason });
    } else if (outcome !== "delivered") {
      if (!this.#isFailing) {
        log.warn("events do not reach {webhook}: {reason}; they are sent again", { webhook, reason });
      }
      this.#isFailing = true;
    } else if (this.#queue.failing === 0) {
      if (this.#isFailing) log.info("events reach {webhook} again", { webhook });
      this.#isFailing = false;
      if (this.#options.clock.now() >= this.#toldDroppedMs + TELL_DROPPED_MS) this.#tellDropped();
    }
  }

  /** Once the receiver takes events again, or at the end. */
  #tellDropped(): void {
    const count = this.#queue.dropped - this.#toldDropped;
    if (count === 0) return;
    this.#toldDropped = this.#queue.dropped;
    this.#toldDroppedMs = this.#options.clock.now();
    log.warn("{webhook} was not told of {count} events", { webhook: this.#name, count });
  }
}
