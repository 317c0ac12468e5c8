import type { Browser } from "./browser.ts";
import { CHROMIUM_PERMISSIONS, startChromium, WITHOUT_CHROMIUM } from "./chromium.ts";
import { EmbeddingSite, SITE_PERMISSIONS } from "./embedding_site.ts";
import { FIREFOX_PERMISSIONS, type FirefoxOptions, startFirefox, WITHOUT_FIREFOX } from "./firefox.ts";
import { withServer } from "./meeting.ts";
import { SERVER_PERMISSIONS, type ServerProcess } from "./server.ts";

/** A server, Firefox, and a site that embeds the SDK. */
export interface FirefoxMeeting {
  readonly server: ServerProcess;
  readonly site: EmbeddingSite;
  readonly firefox: Browser;
}

/** The same with another browser beside it. */
export interface MixedMeeting extends FirefoxMeeting {
  readonly chromium: Browser;
}

/** What a test with Firefox alone needs. */
export const FIREFOX_MEETING_PERMISSIONS = {
  ...FIREFOX_PERMISSIONS,
  run: [...FIREFOX_PERMISSIONS.run, ...SERVER_PERMISSIONS.run],
  read: [...FIREFOX_PERMISSIONS.read, ...SERVER_PERMISSIONS.read, ...SITE_PERMISSIONS.read],
  net: [...FIREFOX_PERMISSIONS.net, ...SERVER_PERMISSIONS.net],
} satisfies Deno.PermissionOptionsObject;

/** What a test with both browsers needs. */
export const MIXED_MEETING_PERMISSIONS = {
  ...FIREFOX_MEETING_PERMISSIONS,
  run: [...FIREFOX_MEETING_PERMISSIONS.run, ...CHROMIUM_PERMISSIONS.run],
} satisfies Deno.PermissionOptionsObject;

/** Whether one of the two browsers is missing. */
export const WITHOUT_EITHER = WITHOUT_CHROMIUM || WITHOUT_FIREFOX;

export { WITHOUT_FIREFOX };

/** Runs a test with a server, Firefox and a site of its own; nothing is left of them in the server (withServer). */
export async function withFirefox(
  test: (meeting: FirefoxMeeting) => Promise<void>,
  options?: FirefoxOptions,
): Promise<void> {
  await withServer(async (server) => {
    await using site = new EmbeddingSite();
    await using firefox = await startFirefox(options);
    await test({ server, site, firefox });
  }, { flags: ["--origins=*"] });
}

/** The same with both browsers. */
export async function withBothBrowsers(
  test: (meeting: MixedMeeting) => Promise<void>,
  options?: FirefoxOptions,
): Promise<void> {
  await withFirefox(async (meeting) => {
    await using chromium = await startChromium();
    await test({ ...meeting, chromium });
  }, options);
}
