import { Browser, permissionsToDrive, WINDOW } from "./browser.ts";
import type { BrowserCommand } from "./browser_process.ts";
import { isMissing } from "./missing_program.ts";

/** Beside what Firefox itself sets where it is driven. */
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  // The loopback interface is shown to pages that are known to be allowed devices; a prompt that is left out tells nothing.
  "permissions.default.camera": 1,
  "permissions.default.microphone": 1,
  "media.peerconnection.ice.loopback": true,
  // Sound may be played without a click.
  "media.autoplay.default": 0,
  // Nothing is fetched from outside. Firefox has H.264 only where it has fetched OpenH264.
  "media.gmp-manager.updateEnabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.newtabpage.enabled": false,
  "toolkit.telemetry.enabled": false,
  "app.normandy.enabled": false,
  // Pages stand side by side: none of them is in the background.
  "dom.min_background_timeout_value": 4,
  "dom.timeout.enable_budget_timer_throttling": false,
  "dom.min_background_timeout_value_without_budget_throttling": 4,
  "media.suspend-background-video.enabled": false,
};

/** The program to run; the test runner gives the path that it found. */
const FIREFOX = Deno.env.get("FIREFOX") || "firefox-esr";
/** Of one that runs for all tests; empty where each starts its own. */
const ENDPOINT = Deno.env.get("FIREFOX_ENDPOINT");

export const WITHOUT_FIREFOX = isMissing("firefox-esr");

/** What a test needs to start Firefox and drive it. */
export const FIREFOX_PERMISSIONS = permissionsToDrive(FIREFOX);

/** What the machine has. */
export interface FirefoxOptions {
  /**
   * Whether to imitate a sound card: without one no AudioContext runs. The imitation keeps time badly, so lips are not in
   * sync.
   */
  readonly soundCard?: boolean;
}

/**
 * Gives Firefox, whose user says yes to everything, which is driven over WebDriver BiDi: the one that all tests share, or
 * a new one.
 */
export async function startFirefox({ soundCard = false }: FirefoxOptions = {}): Promise<Browser> {
  return await Browser.start({
    command: (folder) => firefoxCommand(folder, { soundCard }),
    connection: { protocol: "webDriverBiDi", defaultViewport: WINDOW },
    path: "/session",
    // Of the tabs of a window all but one are hidden, and no picture in them is painted.
    pagesIn: "window",
    shared: soundCard ? undefined : ENDPOINT,
  });
}

/** How Firefox is started, with its preferences written to the folder of its profile. */
export async function firefoxCommand(
  folder: string,
  { soundCard = false }: FirefoxOptions = {},
  program = FIREFOX,
): Promise<BrowserCommand> {
  const preferences = { ...PREFERENCES, "media.cubeb.force_mock_context": soundCard };
  await Deno.writeTextFile(`${folder}/user.js`, linesOf(preferences));
  return {
    program,
    args: ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder],
    // Firefox writes to the home folder too.
    env: { HOME: folder, MOZ_CRASHREPORTER_DISABLE: "1" },
    endpoint: /WebDriver BiDi listening on (ws:\/\/\S+)/,
  };
}

/** As a user.js has them. */
function linesOf(preferences: Readonly<Record<string, boolean | number>>): string {
  return Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${value});\n`).join("");
}
