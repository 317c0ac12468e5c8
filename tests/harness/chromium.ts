import { Browser, permissionsToDrive } from "./browser.ts";
import { isMissing } from "./missing_program.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--allow-loopback-in-peer-connection",
  "--autoplay-policy=no-user-gesture-required",
  // Pages stand side by side: none of them is in the background.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--remote-debugging-port=0",
];

/** The program to run; the test runner gives the path that it found. */
const CHROMIUM = Deno.env.get("CHROME") || "chromium";

export const WITHOUT_CHROMIUM = isMissing("chromium");

/** What a test needs to start Chromium and drive it. */
export const CHROMIUM_PERMISSIONS = permissionsToDrive(CHROMIUM);

/** Who sits before the browser, and with what. */
export interface ChromiumOptions {
  /** Fake cameras, 1 unless given; there is always one fake microphone. */
  readonly cameras?: number;
  /** Whether the user says yes whenever a page wants a device. If not, what the page's context permits decides. */
  readonly agrees?: boolean;
}

/** Starts Chromium, which is driven over its DevTools protocol. */
export async function startChromium({ cameras = 1, agrees = true }: ChromiumOptions = {}): Promise<Browser> {
  const devices = `--use-fake-device-for-media-stream=device-count=${cameras}`;
  const consent = agrees ? ["--use-fake-ui-for-media-stream"] : [];
  return await Browser.start({
    command: (folder) =>
      Promise.resolve({
        program: CHROMIUM,
        args: [...FLAGS, devices, ...consent, `--user-data-dir=${folder}`],
        endpoint: /DevTools listening on (ws:\/\/\S+)/,
      }),
    connection: (browserWSEndpoint) => ({ browserWSEndpoint, defaultViewport: { width: 1280, height: 720 } }),
    pagesIn: "tab",
  });
}
