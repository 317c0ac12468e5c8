import type { Clock } from "../../io/clock.ts";
import type { RoomEvent, RoomEventListener } from "../../signaling/room_events.ts";
import { EventQueue } from "./event_queue.ts";

/** Listeners at once. */
export const MAX_LISTENERS = 64;
/** A comment is sent so often where nothing else is: what stands between does not take the stream for dead. */
export const HEARTBEAT_MS = 15_000;

export interface EventStreamsOptions {
  readonly subscribe: (listener: RoomEventListener) => () => void;
  readonly clock: Pick<Clock, "setTimeout" | "clearTimeout">;
  /** The time of an event, as in ISO 8601. */
  readonly time: () => string;
  /** Names this run of the server: events are numbered anew in each. */
  readonly run: string;
}

export interface Listener {
  /** Whether it is told of a room. */
  readonly hears: (roomId: string) => boolean;
  /** Whether it still may hear: asked with each heartbeat. Does not reject. */
  readonly isAllowed: () => Promise<boolean>;
  /** The id of the last event that it had, by another connection; undefined where it had none. */
  readonly lastId: string | undefined;
}

/** Tells what happens in rooms to whoever listens by HTTP, as server-sent events. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #streams = new Map<EventQueue, Listener>();
  readonly #unsubscribe: () => void;
  #count = 0;
  #timer: number | undefined;
  #closed = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#unsubscribe = options.subscribe((event) => this.#handleEvent(event));
  }

  get size(): number {
    return this.#streams.size;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The body of an answer; undefined where there are MAX_LISTENERS. */
  open(listener: Listener): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.#streams.size >= MAX_LISTENERS) return undefined;
    const queue: EventQueue = new EventQueue(() => this.#end(queue));
    this.#streams.set(queue, listener);
    this.#timer ??= this.#options.clock.setTimeout(() => this.#beat(), HEARTBEAT_MS);
    queue.begin();
    if (listener.lastId !== undefined && listener.lastId !== this.#newestId) queue.miss();
    return queue.body;
  }

  /** Ends all of them. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const queue of [...this.#streams.keys()]) queue.close();
  }

  get #newestId(): string {
    return `${this.#options.run}-${this.#count}`;
  }

  #handleEvent(event: RoomEvent): void {
    this.#count++;
    if (this.#streams.size === 0) return;
    const data = JSON.stringify({ ...event, time: this.#options.time() });
    const text = `id: ${this.#newestId}\nevent: ${event.type}\ndata: ${data}\n\n`;
    for (const [queue, { hears }] of this.#streams) if (hears(event.roomId)) queue.add(text);
  }

  #beat(): void {
    this.#timer = undefined;
    for (const [queue, listener] of this.#streams) void this.#look(queue, listener);
    if (this.#streams.size > 0) this.#timer = this.#options.clock.setTimeout(() => this.#beat(), HEARTBEAT_MS);
  }

  /** It may have ended meanwhile, which changes nothing. */
  async #look(queue: EventQueue, { isAllowed }: Listener): Promise<void> {
    if (await isAllowed()) queue.beat();
    else queue.close();
  }

  #end(queue: EventQueue): void {
    this.#streams.delete(queue);
    if (this.#streams.size > 0 || this.#timer === undefined) return;
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
