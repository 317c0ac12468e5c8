import type { Page } from "puppeteer-core";
import type { Browser } from "./browser.ts";
import type { EmbeddingSite } from "./embedding_site.ts";
import { waitUntil } from "./wait_until.ts";

const SCRIPT = new URL("http_peer_page.js", import.meta.url);

/** What a test needs to read the page's script. */
export const HTTP_PEER_PERMISSIONS = { read: [SCRIPT] } satisfies Deno.PermissionOptionsObject;

/** What a player has played so far. */
interface Played {
  readonly frames: number;
  readonly energy: number;
  readonly ssrcs: readonly number[];
}

/** Somebody on a page of another origin who publishes by WHIP or plays by WHEP (http_peer_page.js). */
export class HttpPeer {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(browser: Browser, site: EmbeddingSite): Promise<HttpPeer> {
    const page = await browser.open(site.blankPage);
    await page.evaluate(await Deno.readTextFile(SCRIPT));
    return new HttpPeer(page);
  }

  async publish(url: string): Promise<void> {
    await this.page.evaluate(`httpPeer.publish("${url}")`);
  }

  async play(url: string): Promise<void> {
    await this.page.evaluate(`httpPeer.play("${url}")`);
  }

  async do(action: "trickle" | "restart" | "stop"): Promise<void> {
    await this.page.evaluate(`httpPeer.${action}()`);
  }

  async played(): Promise<Played> {
    return await this.page.evaluate("httpPeer.played()") as Played;
  }

  /** Waits until it has seen so many frames more than at the call, and heard something. */
  async waitForMore(frames: number): Promise<void> {
    const before = await this.played();
    const condition = `httpPeer.played().then(({ frames, energy }) =>
      frames >= ${before.frames + frames} && energy > ${before.energy})`;
    await waitUntil(this.page, condition, `${frames} frames more, and sound, by WHEP`);
  }
}
