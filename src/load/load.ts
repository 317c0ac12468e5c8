import { setImmediate } from "node:timers/promises";
import { chooseCiphers } from "../io/native/choose_ciphers.ts";
import { portableCiphers } from "../io/portable/cipher.ts";
import { Histogram } from "./histogram.ts";
import { IncomingTrack } from "./incoming_track.ts";
import { Joins } from "./joins.ts";
import { LoadLoop, LOOPBACK } from "./loop.ts";
import { GRACE_US, Measurement } from "./measurement.ts";
import { PacketLoss } from "./packet_loss.ts";
import { Publisher } from "./publisher.ts";
import { RepairRound } from "./repair_round.ts";
import type { JoinReply, MeasureJoinsReply, MeasureReply, Totals } from "./replies.ts";
import type { BurstRequest, ChurnRequest, JoinRequest, VideoRate } from "./requests.ts";
import { Room } from "./room.ts";
import { FeedbackBuffers, Subscriber, type SubscriberContext } from "./subscriber.ts";
import { Turns } from "./turns.ts";
import type { LoadSurroundings, Media, ServerTarget } from "./target.ts";

const FIRST_PACKET_TIMEOUT_MS = 20_000;
/** A burst of joins begins so long after its window. */
const BURST_DELAY_US = 1e6;
/** How long a round may block the event loop: between requests, and while joins wait for the server. */
const IDLE_WAIT_US = 2000;
const BUSY_WAIT_US = 250;
/** In a window: how long media may keep the event loop from all else, as from a WebSocket that is asked whether it lives. */
const TURN_INTERVAL_US = 200_000;

export interface LoadOptions {
  /** Makes what peers are played against. */
  readonly target: (surroundings: LoadSurroundings) => ServerTarget;
  /** Of the way to each subscriber; left out, nothing is lost on purpose. */
  readonly loss?: PacketLoss;
  /** Rooms are called so, with a dash and a number from 0 on; left out, `load`. */
  readonly roomPrefix?: string;
  /** The address that sockets have; left out, loopback. */
  readonly hostname?: string;
}

/** A peer that has joined, and where. */
interface Newcomer {
  readonly peer: Publisher | Subscriber;
  readonly room: Room;
}

/** Publishers and subscribers against one server. Media flows from the join that began it until `close`. */
export class Load {
  readonly #loop: LoadLoop;
  readonly #context: SubscriberContext;
  readonly #roomPrefix: string;
  readonly #turns = new Turns();
  readonly #target: ServerTarget;
  readonly #rooms: Room[] = [];
  readonly #latency = new Histogram();
  /** Latencies of those who are not measured. */
  readonly #unmeasured = new Histogram();
  /** Those of the last join, to leave. */
  #newest: Newcomer[] = [];
  #publishers = 0;
  #subscribers = 0;
  #closed = false;
  #interrupted = false;
  /** Joins and deletes need turns of the event loop. */
  #busy = 0;

  constructor({ target, loss = new PacketLoss(0, () => 1), roomPrefix = "load", hostname = LOOPBACK }: LoadOptions) {
    this.#loop = new LoadLoop(hostname);
    this.#context = {
      loop: this.#loop,
      repairs: new RepairRound(this.#loop.schedule),
      buffers: new FeedbackBuffers(),
      loss,
    };
    this.#roomPrefix = roomPrefix;
    const { ciphers } = chooseCiphers(portableCiphers);
    this.#target = target({ loop: this.#loop, turns: this.#turns, ciphers });
  }

  /** Keeps media flowing in turns of the event loop, until `close`. */
  async run(): Promise<void> {
    while (!this.#closed) {
      this.#loop.round(this.#waitUs());
      this.#turns.run();
      await setImmediate();
    }
  }

  async join(request: JoinRequest): Promise<JoinReply> {
    while (this.#rooms.length < request.rooms) this.#rooms.push(new Room(`${this.#roomPrefix}-${this.#rooms.length}`));
    const rooms = this.#rooms.slice(request.firstRoom ?? 0, request.rooms);
    const repeat = (count: number, join: (room: Room) => Promise<Newcomer>) =>
      Array.from({ length: count }, () => rooms.map((room) => async () => void this.#newest.push(await join(room))))
        .flat();
    const joins = new Joins(this.#turns, () => this.#interrupted);
    this.#newest = [];
    await this.#whileBusy(async () => {
      await joins.run(repeat(request.publishers, (room) => this.#publish(room, request)), request.concurrency);
      const subscribe = (room: Room) => this.#subscribe(room, this.#latency, "subscribe");
      await joins.run(repeat(request.subscribers, subscribe), request.concurrency);
      const meet = (room: Room) => this.#subscribe(room, this.#latency, "meet");
      await joins.run(repeat(request.participants ?? 0, meet), request.concurrency);
    });
    return joins.reply();
  }

  /** Those of the last join leave. */
  async leave(): Promise<void> {
    const leaving = this.#newest;
    this.#newest = [];
    await this.#whileBusy(async () => {
      for (const newcomer of leaving) await this.#leave(newcomer);
    });
  }

  /** Who has joined and not left. */
  get publishers(): number {
    return this.#rooms.reduce((sum, { publishers }) => sum + publishers.length, 0);
  }

  get subscribers(): number {
    return this.#rooms.reduce((sum, { subscribers }) => sum + subscribers.length, 0);
  }

  /** Of those who have joined and not left, since they did. */
  get totals(): Totals {
    const subscribers = this.#rooms.flatMap((room) => room.subscribers);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    return {
      published: sum(this.#rooms.flatMap(({ tracks }) => tracks.map(({ packets }) => packets))),
      arrived: sum(subscribers.map(({ unassigned }) => unassigned)) +
        sum(subscribers.flatMap(({ tracks }) => tracks.map(({ arrived }) => arrived))),
      arrivedByRtx: sum(subscribers.flatMap(({ tracks }) => tracks.map(({ arrivedByRtx }) => arrivedByRtx))),
      dropped: this.#context.loss.dropped,
      refused: this.#loop.outbox.refused,
    };
  }

  /** Media has this thread nearly for itself until the window is over. */
  async measure(ms: number): Promise<MeasureReply> {
    const measurement = this.#beginWindow();
    const endUs = measurement.startUs + ms * 1000;
    await this.#flow(Math.min(measurement.startUs + GRACE_US, endUs));
    measurement.beginLosses();
    await this.#flow(endUs);
    const result = measurement.end();
    await this.#flow(endUs + GRACE_US);
    return result();
  }

  /**
   * The window that is measured, if any, and all later ones end at once: what they find counts for nothing. Joins that have
   * begun are waited for.
   */
  interrupt(): void {
    this.#interrupted = true;
  }

  async measureJoins({ ms, subscribers, concurrency }: BurstRequest): Promise<MeasureJoinsReply> {
    const room = this.#room(0);
    const measurement = this.#beginWindow();
    await this.#until(measurement.startUs + GRACE_US);
    measurement.beginLosses();
    await this.#until(measurement.startUs + BURST_DELAY_US);
    const joins = new Joins(this.#turns);
    const burst = Array.from({ length: subscribers }, () => () => this.#subscribe(room, this.#unmeasured, "subscribe"));
    const joined = this.#whileBusy(() => joins.run(burst, concurrency ?? subscribers));
    await this.#until(measurement.startUs + ms * 1000);
    const result = measurement.end();
    await this.#until(this.#loop.clock.now() + GRACE_US);
    const reply = result();
    await joined;
    for (const { tracks } of room.subscribers) for (const track of tracks) track.latency = this.#latency;
    return { ...reply, ...joins.reply() };
  }

  async measureChurn({ ms, concurrency }: ChurnRequest): Promise<MeasureJoinsReply> {
    const room = this.#room(1);
    const measurement = this.#beginWindow();
    const endUs = measurement.startUs + ms * 1000;
    const joins = new Joins(this.#turns);
    const comeAndGo = async () => await this.#leave(await this.#subscribe(room, this.#unmeasured, "subscribe"));
    const churn = this.#whileBusy(() => joins.run(this.#before(endUs, comeAndGo), concurrency));
    await this.#until(measurement.startUs + GRACE_US);
    measurement.beginLosses();
    await this.#until(endUs);
    const result = measurement.end();
    await churn;
    await this.#until(endUs + GRACE_US);
    return { ...result(), ...joins.reply() };
  }

  /** Changes the rate of every video track. */
  publish(video: VideoRate): void {
    for (const track of this.#rooms.flatMap(({ tracks }) => tracks)) {
      if (track.options.video !== null) track.setRate(video);
    }
  }

  /** Publishers send no media until `resume`. */
  pause(): void {
    for (const track of this.#rooms.flatMap(({ tracks }) => tracks)) track.paused = true;
  }

  resume(): void {
    for (const track of this.#rooms.flatMap(({ tracks }) => tracks)) track.paused = false;
  }

  /** Nothing flows afterwards. Throws where the server could not be told of all who leave. */
  async close(): Promise<void> {
    try {
      await this.#whileBusy(() => this.#target.close());
    } finally {
      this.#closed = true;
      for (const { publishers, subscribers } of this.#rooms) {
        for (const peer of [...publishers, ...subscribers]) peer.close();
      }
    }
  }

  async #publish(room: Room, media: Media): Promise<Newcomer> {
    const publisher = new Publisher(this.#loop, this.#publishers++);
    await this.#orGone(publisher, this.#target.publish(publisher, room, media));
    room.publishers.push(publisher);
    return { peer: publisher, room };
  }

  async #subscribe(room: Room, latency: Histogram, how: "subscribe" | "meet"): Promise<Newcomer> {
    const subscriber = new Subscriber(this.#context, this.#subscribers++);
    await this.#orGone(subscriber, this.#receive(subscriber, room, latency, how));
    room.subscribers.push(subscriber);
    return { peer: subscriber, room };
  }

  async #leave({ peer, room }: Newcomer): Promise<void> {
    await this.#target.leave(peer);
    peer.close();
    room.remove(peer);
  }

  /** The same again and again, as long as it begins before `endUs`. */
  *#before<T>(endUs: number, action: () => Promise<T>): Iterable<() => Promise<T>> {
    while (this.#loop.clock.now() < endUs) yield action;
  }

  #room(number: number): Room {
    const room = this.#rooms.at(number);
    if (room === undefined) throw new Error(`there is no room ${number}`);
    return room;
  }

  /**
   * Of all tracks that are there. Requests are answered one after the other: no `pause` comes between the end of a
   * window and its result, and a track that has fallen silent by then was not made to.
   */
  #beginWindow(): Measurement {
    const sent = this.#rooms.flatMap(({ tracks }) => tracks);
    const received = this.#rooms.flatMap(({ subscribers }) => subscribers.flatMap(({ tracks }) => tracks));
    return new Measurement(this.#loop.clock, { sent, received }, this.#latency);
  }

  /** Until a packet of each track has come. */
  async #receive(subscriber: Subscriber, room: Room, latency: Histogram, how: "subscribe" | "meet"): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const track = (options: IncomingTrack["options"]) => new IncomingTrack(options, latency);
    await this.#target[how]({ subscriber, track, begun: resolve }, room);
    const deadline = setTimeout(() => reject(new Error("no packet came on a track")), FIRST_PACKET_TIMEOUT_MS);
    await promise.finally(() => clearTimeout(deadline));
  }

  /** Media, and a turn of the event loop now and then. */
  async #flow(untilUs: number): Promise<void> {
    for (let nowUs = this.#loop.clock.now(); nowUs < untilUs && !this.#interrupted; nowUs = this.#loop.clock.now()) {
      this.#loop.runUntil(Math.min(nowUs + TURN_INTERVAL_US, untilUs));
      await setImmediate();
    }
  }

  /** Not to wait at all would take a core of the machine that the server may be on as well. */
  #waitUs(): number {
    if (this.#turns.hasWork) return 0;
    return this.#busy > 0 ? BUSY_WAIT_US : IDLE_WAIT_US;
  }

  async #whileBusy(action: () => Promise<unknown>): Promise<void> {
    this.#busy++;
    try {
      await action();
    } finally {
      this.#busy--;
    }
  }

  /** `run` goes on meanwhile. */
  #until(timeUs: number): Promise<void> {
    const delayMs = Math.max(0, timeUs - this.#loop.clock.now()) / 1000;
    return new Promise((resolve) => setTimeout(resolve, delayMs));
  }

  /** Nothing is left of a peer that could not join, here and at the server. */
  async #orGone(peer: Publisher | Subscriber, joining: Promise<void>): Promise<void> {
    try {
      await joining;
    } catch (error) {
      peer.close();
      // The reason why it could not join is what counts.
      await Promise.allSettled([this.#target.leave(peer)]);
      throw error;
    }
  }
}
