import puppeteer, { type Browser as Driver, type BrowserContext, type ConnectOptions, type Page } from "puppeteer-core";
import { type BrowserCommand, BrowserProcess } from "./browser_process.ts";
import { pause } from "./pause.ts";
import { SocketTransport } from "./socket_transport.ts";

const PROBE = new URL("page_probe.js", import.meta.url);

/** Small, as the machine paints each pixel of it: a phone held sideways, which the page fits. */
export const WINDOW = { width: 568, height: 320 };
/** So long puppeteer waits for the frames of a page that is closed. */
const FRAMES_MS = 150;

const temporaryFolder = Deno.env.get("TMPDIR") || "/tmp";

/** How a kind of browser is started and driven. */
export interface BrowserKind {
  /** The command that has it use this new folder as its profile. */
  readonly command: (folder: string) => Promise<BrowserCommand>;
  readonly connection: ConnectOptions;
  /** What is behind its endpoint where it is driven. */
  readonly path?: string;
  /** What a new page opens in. */
  readonly pagesIn: "tab" | "window";
  /** The endpoint of one that runs already and is used by one test after the other; none, or empty: a new one is started. */
  readonly shared?: string | undefined;
}

/** The permissions that a test needs to start this program and drive it. */
export function permissionsToDrive(program: string) {
  return {
    run: [program],
    read: [PROBE, temporaryFolder],
    write: [temporaryFolder],
    net: ["127.0.0.1"],
    env: true,
  } satisfies Deno.PermissionOptionsObject;
}

/** A browser for one test: in a process of its own with a new profile, or one that tests share, whose pages go with it. */
export class Browser implements AsyncDisposable {
  /** Undefined where it is shared. */
  readonly #process: BrowserProcess | undefined;
  readonly #driver: Driver;
  readonly #pagesIn: BrowserKind["pagesIn"];
  readonly #pages: Page[] = [];
  readonly #contexts: BrowserContext[] = [];
  /** Undefined where it is driven by something else than a WebSocket. */
  readonly #socket: SocketTransport | undefined;
  #running = true;

  private constructor(driver: Driver, { process, socket, pagesIn }: Pick<BrowserKind, "pagesIn"> & {
    readonly process?: BrowserProcess | undefined;
    readonly socket?: SocketTransport | undefined;
  }) {
    this.#driver = driver;
    this.#process = process;
    this.#socket = socket;
    this.#pagesIn = pagesIn;
  }

  static async start({ command, connection, path = "", pagesIn, shared }: BrowserKind): Promise<Browser> {
    const process = shared ? undefined : await BrowserProcess.start(command);
    try {
      const wire = process?.wire ?? { browserWSEndpoint: `${shared}` };
      const socket = "transport" in wire ? undefined : await SocketTransport.open(wire.browserWSEndpoint + path);
      const transport = "transport" in wire ? wire.transport : socket;
      const driver = await puppeteer.connect({ ...connection, transport });
      return new Browser(driver, { process, socket, pagesIn });
    } catch (error) {
      process?.kill();
      await process?.ended();
      throw error;
    }
  }

  /**
   * Opens a page as a user of its own: nothing is shared with other pages. The probe runs before the page's scripts, and
   * so does what `prepare` sets up.
   */
  async open(url: URL, prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const context = await this.#driver.createBrowserContext();
    this.#contexts.push(context);
    const page = await context.newPage({ type: this.#pagesIn });
    this.#pages.push(page);
    await page.evaluateOnNewDocument(await Deno.readTextFile(PROBE));
    await prepare?.(page);
    await page.goto(url.href);
    return page;
  }

  /** Ends it without a word to anybody, as a crash does. */
  async crash(): Promise<void> {
    if (this.#process === undefined) throw new Error("other tests need the browser that all share");
    this.#running = false;
    this.#process.kill();
    await this.#process.ended();
    await this.#socket?.closed;
  }

  /** Closes all pages, and ends it where it is the test's own, unless it crashed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    // A browser that ends breaks some WebSockets off, and their peers stay for 30 s (P14); a page that closes does not.
    for (const page of this.#pages) if (!page.isClosed()) await page.close();
    if (this.#process === undefined) {
      for (const context of this.#contexts) await context.close();
      await this.#driver.disconnect();
      await pause(FRAMES_MS);
    } else {
      await this.#driver.close();
      await this.#process.ended();
    }
    await this.#socket?.closed;
  }
}
