import puppeteer, { type Browser, type Page } from "puppeteer-core";

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
const DEVTOOLS = /DevTools listening on (ws:\/\/\S+)/;
const START_TIMEOUT_MS = 30_000;
const PROBE = new URL("page_probe.js", import.meta.url);

/** The program to run; the test runner gives the path that it found. */
const CHROMIUM = Deno.env.get("CHROME") || "chromium";

/** Whether the test runner found no Chromium: browser tests are skipped then. */
export const WITHOUT_CHROMIUM = (Deno.env.get("SKIP_PROGRAMS") ?? "").split(",").includes("chromium");

const temporaryFolder = Deno.env.get("TMPDIR") || "/tmp";

/** What a test needs to start Chromium and drive it. */
export const BROWSER_PERMISSIONS = {
  run: [CHROMIUM],
  read: [PROBE, temporaryFolder],
  write: [temporaryFolder],
  net: ["127.0.0.1"],
  env: true,
} satisfies Deno.PermissionOptionsObject;

/** Who sits before the browser, and with what. */
export interface ChromiumOptions {
  /** Fake cameras, 1 unless given; there is always one fake microphone. */
  readonly cameras?: number;
  /** Whether the user says yes whenever a page wants a device. If not, what the page's context permits decides. */
  readonly agrees?: boolean;
}

/**
 * Chromium in a process of its own, with a new profile. It is started here and not by puppeteer, which would give it a
 * process group that the test runner does not know and cannot end.
 */
export class Chromium {
  readonly #child: Deno.ChildProcess;
  readonly #browser: Browser;
  readonly #profile: string;
  readonly #drained: Promise<void>;
  #running = true;

  private constructor(child: Deno.ChildProcess, browser: Browser, profile: string, drained: Promise<void>) {
    this.#child = child;
    this.#browser = browser;
    this.#profile = profile;
    this.#drained = drained;
  }

  static async start({ cameras = 1, agrees = true }: ChromiumOptions = {}): Promise<Chromium> {
    const profile = await Deno.makeTempDir({ prefix: "chromium-" });
    const devices = `--use-fake-device-for-media-stream=device-count=${cameras}`;
    const consent = agrees ? ["--use-fake-ui-for-media-stream"] : [];
    const child = new Deno.Command(CHROMIUM, {
      args: [...FLAGS, devices, ...consent, `--user-data-dir=${profile}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
    const { browserWSEndpoint, drained } = await readEndpoint(child.stderr);
    clearTimeout(timer);
    const browser = await puppeteer.connect({ browserWSEndpoint, defaultViewport: { width: 1280, height: 720 } });
    return new Chromium(child, browser, profile, drained);
  }

  /**
   * Opens a page as a user of its own: nothing is shared with other pages. The probe runs before the page's scripts, and
   * so does what `prepare` sets up.
   */
  async open(url: URL, prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(await Deno.readTextFile(PROBE));
    await prepare?.(page);
    await page.goto(url.href);
    return page;
  }

  /** Ends it without a word to anybody, as a crash does. */
  async crash(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  /** Closes all pages and ends it, unless it crashed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#running) return;
    await this.#browser.close();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#running = false;
    await this.#child.status;
    await this.#drained;
    await Deno.remove(this.#profile, { recursive: true });
  }
}

/** Reads standard error to its end, and says where the DevTools are as soon as Chromium tells it. */
async function readEndpoint(stream: ReadableStream<Uint8Array>) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true });
      const endpoint = DEVTOOLS.exec(text)?.[1];
      if (endpoint !== undefined) resolve(endpoint);
    }
    reject(new Error(`Chromium ended before it was ready:\n${text}`));
  };
  const drained = read();
  return { browserWSEndpoint: await promise, drained };
}
