import type { Page } from "puppeteer-core";
import { startChromium } from "./chromium.ts";
import { EmbeddingSite, SITE_PERMISSIONS } from "./embedding_site.ts";
import { Guest } from "./guest.ts";
import { MEETING_PERMISSIONS, withServer } from "./meeting.ts";
import type { ServerProcess, ServerSetup } from "./server.ts";

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

/**
 * Runs a test with a server, a browser and a site of its own; nothing is left of them in the server (withServer). Guests
 * who are there at the end leave: of pages that are closed at once some break their WebSockets off, and the peers of these
 * stay for 30 s (P14).
 */
export async function withGuests(test: (gathering: Gathering) => Promise<void>, setup?: ServerSetup): Promise<void> {
  await withServer(async (server) => {
    await using site = new EmbeddingSite();
    await using chromium = await startChromium();
    const guests: Guest[] = [];
    const open = async (address: string, prepare?: (page: Page) => Promise<void>) => {
      const guest = await Guest.open(chromium, site, address, prepare);
      guests.push(guest);
      return guest;
    };
    await test({ server, site, open: (prepare) => open(server.url, prepare), openAt: open });
    for (const guest of guests) await guest.leave();
  }, { ...setup, flags: ["--origins=*", ...(setup?.flags ?? [])] });
}
