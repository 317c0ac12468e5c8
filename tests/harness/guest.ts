import type { Page } from "puppeteer-core";
import type { Browser } from "./browser.ts";
import type { EmbeddingSite } from "./embedding_site.ts";
import { waitUntil } from "./wait_until.ts";

export type Source = "camera" | "microphone" | "screen" | "screenAudio";

/** Pixels of a picture to publish. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Options of the SDK's `join`; what `sources` names is published with the first offer. */
export interface GuestOptions {
  readonly roomId?: string;
  readonly name?: string;
  readonly sources?: readonly Source[];
  readonly codecs?: readonly string[];
  readonly slots?: { readonly video?: number; readonly audio?: number; readonly beyond?: number };
}

/** An event of the room, with ids in place of objects. */
export interface GuestEvent {
  readonly name: string;
  readonly peerId?: string;
  readonly trackId?: string;
  readonly source?: Source;
  readonly kind?: "audio" | "video";
  readonly state?: string;
  readonly code?: string;
  readonly roomId?: string;
}

/** Receive statistics of one track (RTCInboundRtpStreamStats). */
export interface GuestStream {
  readonly trackId: string;
  readonly source: Source;
  readonly ssrc: number;
  readonly framesDecoded: number;
  readonly freezeCount: number;
  readonly framesDropped: number;
  /** Requests for a picture, and for packets, that were sent. */
  readonly pliCount: number;
  readonly nackCount: number;
  /** Pixels. */
  readonly frameWidth: number;
  readonly totalAudioEnergy: number;
  /** Seconds of sound that were played. */
  readonly totalSamplesDuration: number;
  /** Of sound, and those of them that were made up for lost packets. */
  readonly totalSamplesReceived: number;
  readonly concealedSamples: number;
  readonly packetsReceived: number;
  /** Of sound that came too late, or was there. */
  readonly packetsDiscarded: number;
}

/** Somebody on a page that embeds the SDK (guest_page.js). */
export class Guest {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page of a site, which imports the SDK from a server. */
  static async open(
    browser: Browser,
    site: EmbeddingSite,
    server: string,
    prepare?: (page: Page) => Promise<void>,
  ): Promise<Guest> {
    const guest = new Guest(await browser.open(site.pageOf(server), prepare));
    await guest.waitFor(`globalThis.guest !== undefined`);
    return guest;
  }

  /** Joins a room. Resolves to the own peer id. */
  async join(options: GuestOptions = {}): Promise<string> {
    return await this.run(`guest.join(${JSON.stringify(options)})`) as string;
  }

  /** Leaves the room, where there is one still. */
  async leave(): Promise<void> {
    if (!this.page.isClosed()) await this.run("guest.room?.leave()");
  }

  /** `options` are those of the SDK. */
  async publish(source: Source, size?: Size, options: object = {}): Promise<void> {
    await this.run(`guest.publish("${source}", ${JSON.stringify(size)}, ${JSON.stringify(options)})`);
  }

  async unpublish(source: Source): Promise<void> {
    await this.run(`guest.unpublish("${source}")`);
  }

  /** Sends another picture in place of the published one. */
  async replace(source: Source, size: Size): Promise<void> {
    await this.run(`guest.replace("${source}", ${JSON.stringify(size)})`);
  }

  /** The first event that has all these fields, as soon as it has come. */
  async event(fields: GuestEvent): Promise<GuestEvent> {
    const wanted = JSON.stringify(Object.entries(fields));
    const found = `guest.events.find((event) => ${wanted}.every(([key, value]) => event[key] === value))`;
    await this.waitFor(`${found} !== undefined`);
    return await this.run(found) as GuestEvent;
  }

  async inbound(): Promise<GuestStream[]> {
    return await this.run("guest.inbound()") as GuestStream[];
  }

  /** Statistics of the track of a source, as soon as the condition, in which they are `stream`, is true. */
  async stream(source: Source, condition: string): Promise<GuestStream> {
    const found = `guest.inbound().then((streams) => {
      const stream = streams.find((stream) => stream.source === "${source}");
      return stream !== undefined && ${condition} && stream;
    })`;
    return await waitUntil(this.page, found, `${source} with ${condition}`) as GuestStream;
  }

  /** Waits until half a second of a track's sound was silent. */
  async silence(source: Source): Promise<void> {
    await this.run("globalThis.loud = undefined");
    await this.stream(
      source,
      `(() => {
        if (stream.totalAudioEnergy - (globalThis.loud ??= stream).totalAudioEnergy > 1e-6) globalThis.loud = stream;
        return stream.totalSamplesDuration - loud.totalSamplesDuration > 0.5;
      })()`,
    );
  }

  /** Waits until a track goes on: pictures are decoded, or sound is heard, beyond what was before. */
  async progress(source: Source): Promise<GuestStream> {
    const { framesDecoded, totalAudioEnergy } = await this.stream(source, "true");
    return await this.stream(
      source,
      `(stream.framesDecoded > ${framesDecoded + 10} || stream.totalAudioEnergy > ${totalAudioEnergy})`,
    );
  }

  /** Evaluates JavaScript in the page. */
  async run(expression: string): Promise<unknown> {
    return await this.page.evaluate(expression);
  }

  /** Waits until the page itself finds this JavaScript expression true. */
  async waitFor(condition: string): Promise<void> {
    await waitUntil(this.page, condition, condition);
  }
}
