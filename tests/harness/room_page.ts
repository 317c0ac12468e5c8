import type { Page } from "puppeteer-core";
import type { Browser } from "./browser.ts";
import { waitUntil } from "./wait_until.ts";

/** Receive statistics of one track that a tile plays (RTCInboundRtpStreamStats). */
export interface InboundStream {
  readonly peerId: string;
  readonly kind: "audio" | "video";
  /** As IANA registered it; undefined until the first packet. */
  readonly mimeType?: string;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly framesDecoded: number;
  readonly freezeCount: number;
  /** Requests for packets that were sent. */
  readonly nackCount: number;
  /** Those that came by RTX; Firefox does not count them. */
  readonly retransmittedPacketsReceived: number;
  /** When what is played just now was captured, in ms of the publisher's clock; null until two sender reports have come. */
  readonly estimatedPlayoutTimestamp: number | null;
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

/** How somebody joins. */
export interface JoinOptions {
  /** The camera, as the page's address names it; small where it is left out. */
  readonly video?: string;
  /** Sets the page up before it loads. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/**
 * A camera that spares the machine where many pages encode and decode at once, and a test measures how long a thing
 * takes that has nothing to do with it.
 */
export const SPARING_VIDEO = "320x180@10";

const GHOST_TIMEOUT_MS = 45_000;
/** Of two seconds. */
const LIP_SYNC_SAMPLES = 30;

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
    browser: Browser,
    server: string,
    query: Readonly<Record<string, string>>,
    prepare?: (page: Page) => Promise<void>,
  ): Promise<RoomPage> {
    const url = new URL(server);
    url.search = new URLSearchParams({ room: "test", video: "320x180", ...query }).toString();
    return new RoomPage(await browser.open(url, prepare), query.name ?? "Guest");
  }

  /** Opens the page, which joins at once. Resolves when it has joined. */
  static async join(
    browser: Browser,
    server: string,
    name: string,
    { video, prepare }: JoinOptions = {},
  ): Promise<RoomPage> {
    const query = { name, join: "1", ...(video !== undefined && { video }) };
    const person = await RoomPage.open(browser, server, query, prepare);
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

  /** Waits until somebody who crashed is gone: the server keeps a place for 30 s (rule P14). */
  async waitForGhost(peerId: string): Promise<void> {
    const gone = `!probe.peers().includes("${peerId}")`;
    await waitUntil(this.page, gone, `${this.name} to be without ${peerId}`, GHOST_TIMEOUT_MS);
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

  /** Waits until so many frames of every picture are decoded. */
  async waitForFrames(count: number, timeoutMs?: number): Promise<void> {
    await this.#waitFor(
      `probe.inbound().then((streams) => streams.every(({ kind, framesDecoded }) => kind === "audio" || framesDecoded > ${count}))`,
      `to see ${count} frames of everyone`,
      timeoutMs,
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

  /**
   * Waits until a peer's sound and picture, of which there are sender reports, are played as one: for two seconds, in the
   * median, that many ms apart at most.
   */
  async waitForLipSync(peerId: string, toleranceMs: number): Promise<void> {
    await this.page.evaluate("globalThis.offsets = []");
    await this.#waitFor(
      `probe.inbound().then((streams) => {
        const [audio, video] = ["audio", "video"].map((kind) =>
          streams.find((stream) => stream.peerId === "${peerId}" && stream.kind === kind)?.estimatedPlayoutTimestamp);
        if (audio && video) offsets.push(video - audio);
        const window = offsets.slice(-${LIP_SYNC_SAMPLES}).sort((a, b) => a - b);
        globalThis.behindMs = window[${LIP_SYNC_SAMPLES >> 1}];
        return Math.abs(behindMs) < ${toleranceMs} && window.length === ${LIP_SYNC_SAMPLES};
      })`,
      `to hear ${peerId} within ${toleranceMs} ms of the picture`,
    );
  }

  /** Waits until so many seconds of everyone's sound were played. */
  async waitForSeconds(count: number): Promise<void> {
    await this.page.evaluate("globalThis.playedBefore = undefined");
    await this.#waitFor(
      `probe.inbound().then((streams) => {
        const played = streams.filter(({ kind }) => kind === "audio").map((stream) => stream.totalSamplesDuration);
        globalThis.playedBefore ??= played;
        return played.length > 0 && played.every((seconds, i) => seconds - playedBefore[i] >= ${count});
      })`,
      `to hear ${count} s of everyone`,
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

  /** The longest time in ms, since it was asked last, that a picture waited for its next frame. */
  async takeLongestGap(): Promise<number> {
    return await this.page.evaluate("probe.takeLongestGap()") as number;
  }

  /** What a person reads in the element. */
  async text(testId: string): Promise<string> {
    return await this.page.evaluate(`document.querySelector("[data-testid=${testId}]").innerText`) as string;
  }

  async click(testId: string): Promise<void> {
    await this.page.click(`[data-testid=${testId}]`);
  }

  async #waitFor(condition: string, what: string, timeoutMs?: number): Promise<void> {
    await waitUntil(this.page, condition, `${this.name} ${what}`, timeoutMs);
  }
}
