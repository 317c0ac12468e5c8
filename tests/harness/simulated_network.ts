import type { Clock } from "../../src/io/clock.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import { Bottleneck } from "./bottleneck.ts";

/** What a link does to datagrams, in one direction. What is not given is off. */
export interface LinkConditions {
  /** One-way delay. */
  readonly delayMs?: number;
  /** Each datagram takes up to so much more or less than the delay, evenly spread. */
  readonly jitterMs?: number;
  /** Whether jitter lets datagrams overtake others. Otherwise one that is late holds up those behind it. */
  readonly jitterReorders?: boolean;
  /** Share of the datagrams that are lost, each independently of the others. */
  readonly loss?: number;
  /** Loss in bursts, besides the independent one. */
  readonly bursts?: Bursts;
  /** A share of the datagrams is held back so much longer, so that those behind overtake them. */
  readonly reordering?: { readonly share: number; readonly heldBackMs: number };
  /** A share of the datagrams arrives so many times more, each copy with a jitter of its own. */
  readonly duplication?: { readonly share: number; readonly copies: number };
  /** Capacity in bits per second of datagrams, without the headers of UDP and IP. 0 stops everything. */
  readonly bandwidth?: number;
  /** What waits for capacity; a datagram that does not fit is dropped (tail drop). Without a bound unless given. */
  readonly queueBytes?: number;
}

/**
 * Gilbert's model: a good state that loses nothing and a bad one that loses all, with geometric runs of these means, in
 * datagrams, 1 at least. Of all datagrams bad / (good + bad) are lost.
 */
export interface Bursts {
  readonly good: number;
  readonly bad: number;
}

/** Conditions that change so long after the link began; what a step does not name stays. */
export interface LinkStep extends LinkConditions {
  readonly afterMs: number;
}

export interface LinkOptions extends LinkConditions {
  readonly schedule?: readonly LinkStep[];
}

/** Where time and chance come from: a virtual clock and a seed in tests, the system's clock in a proxy. */
export interface LinkSurroundings {
  readonly clock: Clock;
  readonly random: RandomSource;
}

interface Flight {
  readonly bytes: Uint8Array;
  readonly arrivalMs: number;
}

/**
 * One direction of a network path: a bottleneck with its queue, then a wire that delays, loses, reorders and duplicates.
 * The same seed and the same datagrams at the same times give the same result. Each datagram draws the same number of
 * random values whatever the conditions, so one impairment more or less does not change what the others do; copies alone
 * draw more.
 *
 * `sent = overflowed + lost + queued + inFlight + delivered`, copies left aside.
 */
export class Link {
  /** Datagrams given to `send`, and their bytes. */
  sent = 0;
  sentBytes = 0;
  /** Datagrams lost on the wire. Those that the queue had no room for are `overflowed`. */
  lost = 0;
  /** Datagrams delivered, copies included, and their bytes. */
  delivered = 0;
  deliveredBytes = 0;
  /** Copies made. */
  duplicates = 0;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #bottleneck: Bottleneck;
  /** Earliest arrival first. */
  readonly #flights: Flight[] = [];
  readonly #stepTimers: readonly number[];
  #conditions: LinkConditions = {};
  #inBurst = false;
  /** Of the last datagram that nothing held back. */
  #lastArrivalMs = 0;
  #timer: number | undefined;

  /** `deliver` gets an array of its own for each datagram, never before `send` has returned. */
  constructor(
    { schedule = [], ...conditions }: LinkOptions,
    { clock, random }: LinkSurroundings,
    deliver: (bytes: Uint8Array) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#deliver = deliver;
    this.#bottleneck = new Bottleneck(clock, (bytes, atMs) => this.#travel(bytes, atMs));
    this.#stepTimers = schedule.map(({ afterMs, ...step }) => clock.setTimeout(() => this.change(step), afterMs));
    this.change(conditions);
  }

  /** Datagrams that wait for capacity, and their bytes. */
  get queued(): number {
    return this.#bottleneck.queuedCount;
  }

  get queuedBytes(): number {
    return this.#bottleneck.queuedBytes;
  }

  /** Datagrams that the queue had no room for. */
  get overflowed(): number {
    return this.#bottleneck.overflowed;
  }

  /** Datagrams on the wire, copies included. */
  get inFlight(): number {
    return this.#flights.length;
  }

  /** Changes what is named, from now on; what is on the wire arrives as it would have. */
  change(conditions: LinkConditions): void {
    this.#conditions = { ...this.#conditions, ...conditions };
    const { bandwidth = Infinity, queueBytes = Infinity } = this.#conditions;
    this.#bottleneck.configure(bandwidth, queueBytes);
  }

  /** Takes a datagram; the caller may reuse its array. */
  send(bytes: Uint8Array): void {
    this.sent++;
    this.sentBytes += bytes.length;
    this.#bottleneck.send(bytes.slice());
  }

  /** Nothing is delivered any more, and no timer is left. The link is not used afterwards. */
  close(): void {
    for (const timer of this.#stepTimers) this.#clock.clearTimeout(timer);
    this.#bottleneck.close();
    this.#flights.length = 0;
    this.#arm();
  }

  /** The wire. */
  #travel(bytes: Uint8Array, departureMs: number): void {
    const { delayMs = 0, loss = 0, reordering, duplication } = this.#conditions;
    const isLost = this.#chance() < loss;
    const isInBurst = this.#drawBurst();
    const jitterMs = this.#drawJitter();
    const isHeldBack = this.#chance() < (reordering?.share ?? 0);
    const isDuplicated = this.#chance() < (duplication?.share ?? 0);
    if (isLost || isInBurst) {
      this.lost++;
      return;
    }
    const heldBackMs = isHeldBack && reordering !== undefined ? reordering.heldBackMs : 0;
    const arrivalMs = departureMs + Math.max(0, delayMs + jitterMs);
    this.#fly({ bytes, arrivalMs: this.#inTurn(arrivalMs, isHeldBack) + heldBackMs });
    const copies = isDuplicated && duplication !== undefined ? duplication.copies : 0;
    for (let copy = 0; copy < copies; copy++) {
      this.duplicates++;
      const copyMs = departureMs + Math.max(0, delayMs + this.#drawJitter());
      this.#fly({ bytes: bytes.slice(), arrivalMs: this.#inTurn(copyMs, false) });
    }
  }

  /** When a datagram arrives that may not overtake. One that is held back is no measure for those behind it. */
  #inTurn(arrivalMs: number, isHeldBack: boolean): number {
    if (this.#conditions.jitterReorders) return arrivalMs;
    const inTurnMs = Math.max(arrivalMs, this.#lastArrivalMs);
    if (!isHeldBack) this.#lastArrivalMs = inTurnMs;
    return inTurnMs;
  }

  /** Whether the datagram is lost in a burst; then decides about the next one. */
  #drawBurst(): boolean {
    const { bursts } = this.#conditions;
    const chance = this.#chance();
    if (bursts === undefined) {
      this.#inBurst = false;
      return false;
    }
    const isLost = this.#inBurst;
    if (chance < 1 / (isLost ? bursts.bad : bursts.good)) this.#inBurst = !isLost;
    return isLost;
  }

  #drawJitter(): number {
    const { jitterMs = 0 } = this.#conditions;
    return jitterMs * (2 * this.#chance() - 1);
  }

  /** In [0, 1). */
  #chance(): number {
    return this.#random.uint32() / 2 ** 32;
  }

  /** Behind those that arrive earlier or at the same time. */
  #fly(flight: Flight): void {
    let at = this.#flights.length;
    while (at > 0 && this.#flights[at - 1].arrivalMs > flight.arrivalMs) at--;
    this.#flights.splice(at, 0, flight);
    this.#arm();
  }

  #land(): void {
    const nowMs = this.#clock.now();
    for (let flight = this.#flights.at(0); flight !== undefined; flight = this.#flights.at(0)) {
      if (flight.arrivalMs > nowMs) break;
      this.#flights.shift();
      this.delivered++;
      this.deliveredBytes += flight.bytes.length;
      this.#deliver(flight.bytes);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#flights.at(0);
    if (next === undefined) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#land();
    }, Math.max(0, next.arrivalMs - this.#clock.now()));
  }
}
