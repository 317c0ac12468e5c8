import { strictEqual } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import type { Chromium } from "./browser.ts";
import { waitUntil } from "./wait_until.ts";

/** Receive statistics of one track that a tile plays (RTCInboundRtpStreamStats). */
export interface InboundStream {
  readonly peerId: string;
  readonly kind: "audio" | "video";
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  readonly freezeCount: number;
  /** Seconds. */
  readonly totalFreezesDuration: number;
  /** Those that came by RTX. */
  readonly retransmittedPacketsReceived: number;
  /** Pixels. */
  readonly frameWidth: number;
  readonly totalAudioEnergy: number;
  /** Seconds of sound that were played. */
  readonly totalSamplesDuration: number;
}

/** Times of a page's own clock, in ms. */
export interface PageTimes {
  readonly joinedAt: number;
  /** By peer id: when the first frame of its video could be shown. */
  readonly picturesAt: Readonly<Record<string, number>>;
}

/** The page of one person in a room. */
export class RoomPage {
  readonly page: Page;
  readonly name: string;

  private constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  /** Opens the page with a query, and with a small picture to spare the machine. */
  static async open(
    chromium: Chromium,
    server: string,
    query: Readonly<Record<string, string>>,
    prepare?: (page: Page) => Promise<void>,
  ): Promise<RoomPage> {
    const url = new URL(server);
    url.search = new URLSearchParams({ room: "test", video: "320x180", ...query }).toString();
    return new RoomPage(await chromium.open(url, prepare), query.name ?? "Guest");
  }

  /** Opens the page, which joins at once. Resolves when it has joined. */
  static async join(chromium: Chromium, server: string, name: string): Promise<RoomPage> {
    const person = await RoomPage.open(chromium, server, { name, join: "1" });
    await person.waitForState("joined");
    return person;
  }

  /** This person's own peer id. */
  async peerId(): Promise<string> {
    return await this.page.$eval(
      "[data-testid=tile][data-self=true]",
      (tile) => tile.getAttribute("data-peer-id") ?? "",
    );
  }

  async waitForState(state: "lobby" | "joined" | "left" | "failed"): Promise<void> {
    await this.#waitFor(`document.documentElement.dataset.state === "${state}"`, `to be ${state}`);
  }

  /** Waits until there are tiles of so many others, each of which shows a picture and plays sound. */
  async waitForOthers(count: number): Promise<void> {
    await this.#waitFor(`probe.peers().length === ${count}`, `to be with ${count} others`);
    await this.#waitFor(
      `probe.inbound().then((streams) =>
        streams.filter(({ kind, framesDecoded }) => kind === "video" && framesDecoded > 0).length === ${count} &&
        streams.filter(({ totalAudioEnergy }) => totalAudioEnergy > 0).length === ${count})`,
      `to see and hear ${count} others`,
    );
  }

  /** Waits until a person can read these words in the element. */
  async waitForWords(testId: string, words: string): Promise<void> {
    const element = `document.querySelector("[data-testid=${testId}]")`;
    const readable = `${element}.checkVisibility() && ${element}.innerText.includes(${JSON.stringify(words)})`;
    await this.#waitFor(readable, `to read "${words}" in ${testId}`);
  }

  /** Waits until the page itself finds this JavaScript expression true. */
  async waitFor(condition: string): Promise<void> {
    await this.#waitFor(condition, `for ${condition}`);
  }

  async waitForVideo(peerId: string, state: "on" | "off"): Promise<void> {
    const tile = `[data-testid=tile][data-peer-id="${peerId}"]`;
    await this.#waitFor(`document.querySelector('${tile}')?.dataset.video === "${state}"`, `to see video ${state}`);
  }

  /** Waits until two seconds of a peer's sound, longer than the fake microphone's pauses, were silent or not. */
  async waitForSound(peerId: string, audible: boolean): Promise<void> {
    await this.page.evaluate("globalThis.soundStart = undefined");
    await this.#waitFor(
      `probe.inbound().then((streams) => {
        const now = streams.find(({ peerId, kind }) => peerId === "${peerId}" && kind === "audio");
        if (now === undefined) return false;
        const start = globalThis.soundStart ??= now;
        const audible = now.totalAudioEnergy - start.totalAudioEnergy > 1e-6;
        if (audible && !${audible}) globalThis.soundStart = now;
        return audible === ${audible} && (${audible} || now.totalSamplesDuration - start.totalSamplesDuration > 2);
      })`,
      `to hear ${audible ? "sound" : "silence"}`,
    );
  }

  async inbound(): Promise<InboundStream[]> {
    return await this.page.evaluate("probe.inbound()") as InboundStream[];
  }

  async times(): Promise<PageTimes> {
    return await this.page.evaluate("probe.times()") as PageTimes;
  }

  /** The longest time in ms, since it was asked last, that the page was kept from running. */
  async takeStandstill(): Promise<number> {
    return await this.page.evaluate("probe.takeStandstill()") as number;
  }

  /** What a person reads in the element. */
  async text(testId: string): Promise<string> {
    return await this.page.evaluate(`document.querySelector("[data-testid=${testId}]").innerText`) as string;
  }

  async click(testId: string): Promise<void> {
    await this.page.click(`[data-testid=${testId}]`);
  }

  async #waitFor(condition: string, what: string): Promise<void> {
    await waitUntil(this.page, condition, `${this.name} ${what}`);
  }
}

/** Seconds that statistics are watched for. */
const WATCHED_SECONDS = 10;
/** A picture that comes 150 ms late is a freeze (W3C webrtc-stats): a page that stands still for this long makes one. */
const STANDSTILL_MS = 75;
/** Intervals that are watched until one is undisturbed. */
const MAX_INTERVALS = 6;

/**
 * Watches what everyone receives from everyone else for 10 s: every second each picture goes on; in the end there was
 * sound, no freeze, and at most 0.5% of the packets were lost.
 */
export async function watchMedia(people: readonly RoomPage[]): Promise<void> {
  const streams = await watchUndisturbed(people);
  people.forEach(({ name }, i) => expectQuality(name, streams.first[i], streams.last[i]));
}

/**
 * Watches for 10 s what everyone receives, each picture going on every second, and gives the statistics from before and
 * after. An interval in which the machine kept a page from running says nothing of the server, and is followed by another
 * one.
 */
export async function watchUndisturbed(people: readonly RoomPage[]): Promise<WatchedStreams> {
  const standstills: number[] = [];
  while (standstills.length < MAX_INTERVALS) {
    await Promise.all(people.map((person) => person.takeStandstill()));
    const streams = await watchInterval(people);
    const longest = Math.max(...await Promise.all(people.map((person) => person.takeStandstill())));
    if (longest < STANDSTILL_MS) return streams;
    standstills.push(Math.round(longest));
  }
  throw new Error(`the machine is too busy to watch a call on: pages stood still for ${standstills.join(", ")} ms`);
}

/** Statistics by person, from the beginning and the end of an interval. */
export interface WatchedStreams {
  readonly first: readonly InboundStream[][];
  readonly last: readonly InboundStream[][];
}

/** What each person received before and after the interval. */
async function watchInterval(people: readonly RoomPage[]): Promise<WatchedStreams> {
  const others = people.length - 1;
  const first = await Promise.all(people.map((person) => person.inbound()));
  let last = first;
  for (let second = 1; second <= WATCHED_SECONDS; second++) {
    // The one fixed time in these tests: the statement is about an interval, there is no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const current = await Promise.all(people.map((person) => person.inbound()));
    people.forEach(({ name }, i) => expectPictures(`${name}, second ${second}`, last[i], current[i], others));
    last = current;
  }
  return { first, last };
}

function expectPictures(who: string, before: InboundStream[], after: InboundStream[], others: number): void {
  const video = after.filter(({ kind }) => kind === "video");
  strictEqual(video.length, others, `${who}: ${video.length} pictures`);
  strictEqual(after.length, 2 * others, `${who}: ${after.length} tracks`);
  for (const stream of video) {
    const frames = stream.framesDecoded - same(before, stream).framesDecoded;
    strictEqual(frames > 0, true, `${who}: no frame from ${stream.peerId}`);
  }
}

function expectQuality(who: string, before: InboundStream[], after: InboundStream[]): void {
  for (const stream of after) {
    const start = same(before, stream);
    const lost = stream.packetsLost - start.packetsLost;
    const received = stream.packetsReceived - start.packetsReceived;
    const from = `${who} from ${stream.peerId}`;
    strictEqual(lost <= 0.005 * (received + lost), true, `${from}: ${lost} of ${received + lost} packets lost`);
    if (stream.kind === "video") {
      strictEqual(stream.freezeCount, start.freezeCount, `${from}: the picture froze`);
      strictEqual(stream.frameWidth, 320, `${from}: ${stream.frameWidth} pixels wide`);
    } else {
      strictEqual(stream.totalAudioEnergy > start.totalAudioEnergy, true, `${from}: no sound`);
    }
  }
}

function same(streams: InboundStream[], { peerId, kind }: InboundStream): InboundStream {
  const found = streams.find((stream) => stream.peerId === peerId && stream.kind === kind);
  if (found === undefined) throw new Error(`the ${kind} of ${peerId} came while it was watched`);
  return found;
}
