import type { RandomSource } from "../sfu/random.ts";
import type { RoomId } from "../sfu/types.ts";
import { retryDelayMs } from "./retry_delay.ts";
import type { WebhookEvent } from "./webhook_event.ts";

export interface QueueLimits {
  /** Events that wait, those that are being sent included. */
  readonly events: number;
  /** Of them, events of one room. */
  readonly eventsOfRoom: number;
  /** Requests at once, each for another room. */
  readonly requests: number;
  /** Milliseconds after which an event is given up. */
  readonly ageMs: number;
}

export const QUEUE_LIMITS: QueueLimits = { events: 1000, eventsOfRoom: 100, requests: 8, ageMs: 3_600_000 };

/** One attempt to tell one event. */
export interface Delivery {
  readonly id: string;
  /** JSON, the same at each attempt. */
  readonly body: string;
  /** Attempts in a row that have failed before it, for this room. */
  readonly failures: number;
}

interface Entry {
  readonly event: WebhookEvent;
  readonly line: Line;
  readonly happenedMs: number;
  /** Made at the first attempt. */
  body: string | undefined;
  /** The events lost of which that tells. */
  lost: number;
}

/** The events of one room. The first is told, or given up, before the next one is. */
interface Line {
  readonly roomId: RoomId;
  /** Oldest first; never empty. */
  readonly entries: Entry[];
  /** Whether the first of them is on its way. */
  isSending: boolean;
  /** In a row. */
  failures: number;
  /** When its first entry may be sent. */
  dueMs: number;
}

/**
 * The events that one receiver is to be told of: those of a room in their order, one after the other; rooms beside each
 * other, who waits longest first. What a receiver takes no account of in time is lost, the oldest first, and it is told how
 * much that was. All times are milliseconds of one clock.
 */
export class DeliveryQueue {
  readonly #random: Pick<RandomSource, "uint32">;
  readonly #limits: QueueLimits;
  /** Oldest first. */
  readonly #entries = new Set<Entry>();
  readonly #lines = new Map<RoomId, Line>();
  readonly #sending = new Map<Delivery, Line>();
  #dropped = 0;
  /** Of those, how many no delivery has told of yet. */
  #untold = 0;
  #failing = 0;
  #isLast = false;

  constructor(random: Pick<RandomSource, "uint32">, limits = QUEUE_LIMITS) {
    this.#random = random;
    this.#limits = limits;
  }

  /** Events that have been neither taken nor given up. */
  get length(): number {
    return this.#entries.size;
  }

  /** Events that were given up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Rooms whose last attempt has failed. */
  get failing(): number {
    return this.#failing;
  }

  /** Its cost does not depend on how much waits. */
  push(event: WebhookEvent, nowMs: number): void {
    const { roomId } = event.data;
    this.#makeRoom(roomId);
    let line = this.#lines.get(roomId);
    if (line === undefined) {
      line = { roomId, entries: [], isSending: false, failures: 0, dueMs: nowMs };
      this.#lines.set(roomId, line);
    }
    const entry = { event, line, happenedMs: nowMs, body: undefined, lost: 0 };
    line.entries.push(entry);
    this.#entries.add(entry);
  }

  /** What is to be sent now; undefined where nothing is. Each is to be settled. */
  take(nowMs: number): Delivery | undefined {
    for (let line = this.#next(); line !== undefined && line.dueMs <= nowMs; line = this.#next()) {
      while (line.entries.length > 0 && line.entries[0].happenedMs + this.#limits.ageMs < nowMs) {
        this.#drop(line.entries[0]);
      }
      if (line.entries.length > 0) return this.#send(line);
    }
    return undefined;
  }

  /** When there may be something to take, unless a delivery is settled before; Infinity where nothing waits for time. */
  nextMs(): number {
    return this.#next()?.dueMs ?? Infinity;
  }

  /** A delivery has come to its end. One of before `clear` changes nothing. */
  settle(delivery: Delivery, isTaken: boolean, nowMs: number): void {
    const line = this.#sending.get(delivery);
    if (line === undefined) return;
    this.#sending.delete(delivery);
    line.isSending = false;
    const [entry] = line.entries;
    if (isTaken) {
      if (line.failures > 0) this.#failing--;
      line.failures = 0;
      line.dueMs = nowMs;
      this.#remove(entry);
      return;
    }
    if (line.failures === 0) this.#failing++;
    line.dueMs = nowMs + retryDelayMs(line.failures++, this.#random);
    if (this.#isLast) this.#dropAll(line);
    else if (line.dueMs > entry.happenedMs + this.#limits.ageMs) this.#drop(entry);
  }

  /** From now on nothing waits for another attempt: each room has one more, at once, and what fails is given up. */
  finish(nowMs: number): void {
    this.#isLast = true;
    for (const line of this.#lines.values()) line.dueMs = Math.min(line.dueMs, nowMs);
  }

  /** Gives everything up, that which is on its way included. */
  clear(): void {
    this.#sending.clear();
    for (const line of this.#lines.values()) this.#dropAll(line);
  }

  /** Who waits longest of those that can be sent, and not before others that can be sent sooner. */
  #next(): Line | undefined {
    if (this.#sending.size >= this.#limits.requests) return undefined;
    let next: Line | undefined;
    for (const line of this.#lines.values()) {
      if (!line.isSending && (next === undefined || line.dueMs < next.dueMs)) next = line;
    }
    return next;
  }

  #send(line: Line): Delivery {
    const [entry] = line.entries;
    const delivery = { id: entry.event.id, body: entry.body ?? this.#write(entry), failures: line.failures };
    line.isSending = true;
    this.#sending.set(delivery, line);
    return delivery;
  }

  #write(entry: Entry): string {
    const { id, type, timestamp, server, data } = entry.event;
    entry.lost = this.#untold;
    this.#untold = 0;
    const lost = entry.lost > 0 ? { lost: entry.lost } : {};
    return entry.body = JSON.stringify({ id, type, timestamp, server, ...lost, data });
  }

  /** For one more event of a room. */
  #makeRoom(roomId: RoomId): void {
    const line = this.#lines.get(roomId);
    if (line !== undefined && line.entries.length >= this.#limits.eventsOfRoom) {
      this.#drop(line.entries[+line.isSending]);
    }
    if (this.#entries.size < this.#limits.events) return;
    // Fewer are on their way than there may be in all.
    for (const entry of this.#entries) {
      if (entry.line.isSending && entry === entry.line.entries[0]) continue;
      this.#drop(entry);
      return;
    }
  }

  #dropAll({ entries }: Line): void {
    while (entries.length > 0) this.#drop(entries[0]);
  }

  #drop(entry: Entry): void {
    this.#dropped++;
    this.#untold += 1 + entry.lost;
    this.#remove(entry);
  }

  #remove(entry: Entry): void {
    const { line } = entry;
    this.#entries.delete(entry);
    line.entries.splice(line.entries.indexOf(entry), 1);
    if (line.entries.length > 0) return;
    this.#lines.delete(line.roomId);
    if (line.failures > 0) this.#failing--;
  }
}
