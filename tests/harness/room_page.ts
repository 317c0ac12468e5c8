import { strictEqual } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import type { Chromium } from "./browser.ts";

/** Long enough for a loaded machine; a test that passes takes far less. */
const TIMEOUT_MS = 20_000;
const POLLING_MS = 50;

/** Receive statistics of one track that a tile plays (RTCInboundRtpStreamStats). */
export interface InboundStream {
  readonly peerId: string;
  readonly kind: "audio" | "video";
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  readonly freezeCount: number;
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

  /** Opens the page, which joins at once, with a small picture to spare the machine. Resolves when it has joined. */
  static async join(chromium: Chromium, server: string, name: string, room = "test"): Promise<RoomPage> {
    const url = new URL(server);
    url.search = new URLSearchParams({ room, name, join: "1", video: "320x180" }).toString();
    const person = new RoomPage(await chromium.open(url), name);
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

  async click(testId: string): Promise<void> {
    await this.page.click(`[data-testid=${testId}]`);
  }

  async #waitFor(condition: string, what: string): Promise<void> {
    try {
      await this.page.waitForFunction(condition, { timeout: TIMEOUT_MS, polling: POLLING_MS });
    } catch (cause) {
      const status = await this.page.$eval("body", (body) => body.innerText);
      throw new Error(`${this.name} waited in vain ${what}; the page says:\n${status}`, { cause });
    }
  }
}

/** Seconds that statistics are watched for. */
const WATCHED_SECONDS = 10;

/**
 * Watches what everyone receives from everyone else for 10 s: every second each picture goes on; in the end there was
 * sound, no freeze, and at most 0.5% of the packets were lost.
 */
export async function watchMedia(people: readonly RoomPage[]): Promise<void> {
  const others = people.length - 1;
  const first = await Promise.all(people.map((person) => person.inbound()));
  let previous = first;
  for (let second = 1; second <= WATCHED_SECONDS; second++) {
    // The one fixed time in these tests: the statement is about an interval, there is no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const current = await Promise.all(people.map((person) => person.inbound()));
    people.forEach(({ name }, i) => expectPictures(`${name}, second ${second}`, previous[i], current[i], others));
    previous = current;
  }
  people.forEach(({ name }, i) => expectQuality(name, first[i], previous[i]));
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
