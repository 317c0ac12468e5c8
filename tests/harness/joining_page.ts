import type { Page } from "puppeteer-core";
import type { Browser } from "./browser.ts";
import type { EmbeddingSite } from "./embedding_site.ts";
import { LossyPath } from "./lossy_path.ts";
import type { PathDemand } from "./path_demands.ts";

const SCRIPT = new URL("joining_page.js", import.meta.url);

/** What a test needs to read the page's script. */
export const JOINING_PERMISSIONS = { read: [SCRIPT] } satisfies Deno.PermissionOptionsObject;

/** A page that joins a room by WHEP many times over a path (joining_page.js). */
export class JoiningPage {
  readonly page: Page;
  #path: LossyPath | undefined;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Chromium shows the loopback interface only to pages that may use devices; Firefox is started with that permission. */
  static async open(browser: Browser, site: EmbeddingSite, devices: "permit" | "permitted"): Promise<JoiningPage> {
    const page = await browser.open(site.blankPage, async (page) => {
      if (devices === "permit") await page.browserContext().overridePermissions(site.origin, ["microphone"]);
    });
    const joining = new JoiningPage(page);
    await page.exposeFunction("divert", (sdp: string) => joining.#path?.divert(sdp));
    await page.evaluate(await Deno.readTextFile(SCRIPT));
    return joining;
  }

  /** So many joins at once to a WHEP endpoint: the milliseconds of each; Infinity where it was not in time. */
  async join(url: string, { link, withinMs }: PathDemand, count: number, seed: number): Promise<number[]> {
    await using path = new LossyPath(link, seed);
    this.#path = path;
    const times = await this.page.evaluate(`joining.join("${url}", ${count}, ${withinMs})`) as (number | null)[];
    return times.map((timeMs) => timeMs ?? Infinity);
  }
}
