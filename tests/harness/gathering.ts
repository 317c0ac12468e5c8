import type { Page } from "puppeteer-core";
import { startChromium } from "./chromium.ts";
import { EmbeddingSite, SITE_PERMISSIONS } from "./embedding_site.ts";
import { Guest } from "./guest.ts";
import { MEETING_PERMISSIONS, withServer } from "./meeting.ts";
import type { ServerProcess } from "./server.ts";

/** A server, a browser and a site that embeds the SDK, for guests to meet. */
export interface Gathering {
  readonly server: ServerProcess;
  readonly site: EmbeddingSite;
  readonly open: (prepare?: (page: Page) => Promise<void>) => Promise<Guest>;
  /** The same, with the server under another address. */
  readonly openAt: (server: string) => Promise<Guest>;
}

/** What a test with guests needs. */
export const GATHERING_PERMISSIONS = {
  ...MEETING_PERMISSIONS,
  read: [...MEETING_PERMISSIONS.read, ...SITE_PERMISSIONS.read],
  net: [...new Set([...MEETING_PERMISSIONS.net, ...SITE_PERMISSIONS.net])],
} satisfies Deno.PermissionOptionsObject;

/** Runs a test with a server, a browser and a site of its own; nothing is left of them in the server (withServer). */
export async function withGuests(test: (gathering: Gathering) => Promise<void>): Promise<void> {
  await withServer(async (server) => {
    await using site = new EmbeddingSite();
    await using chromium = await startChromium();
    await test({
      server,
      site,
      open: (prepare) => Guest.open(chromium, site, server.url, prepare),
      openAt: (address) => Guest.open(chromium, site, address),
    });
  });
}
