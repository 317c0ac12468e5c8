import { type BrowserCommand, BrowserProcess } from "../harness/browser_process.ts";
import { chromiumCommand } from "../harness/chromium.ts";
import { firefoxCommand } from "../harness/firefox.ts";
import type { Machine, Provision } from "./provision.ts";

/** By the name of the program: how it is started, and the variable that tells tests where it is. */
const KINDS: Readonly<Record<string, SharedKind>> = {
  chromium: {
    variable: "CHROMIUM_ENDPOINT",
    command: (folder, program) => Promise.resolve(chromiumCommand(folder, {}, program)),
  },
  "firefox-esr": {
    variable: "FIREFOX_ENDPOINT",
    command: (folder, program) => firefoxCommand(folder, {}, program),
  },
};

/**
 * What takes from Chromium what root may: to put itself before all others. Firefox and the server would wait for it where
 * the machine is busy, as they do for no user's Chromium.
 */
const WITHOUT_PRIORITY = ["--bounding-set=-sys_nice", "--"];

interface SharedKind {
  readonly variable: string;
  readonly command: (folder: string, program: string) => Promise<BrowserCommand>;
}

/** Browsers that all tests of a suite use one after the other: to start one takes more than most tests. */
export class SharedBrowsers implements AsyncDisposable {
  /** What tells tests of them. */
  readonly env: Record<string, string> = {};
  readonly #processes: BrowserProcess[] = [];

  private constructor() {}

  /** Starts those that were found; where one does not start tests start their own, and say what is wrong. */
  static async start(
    provisions: readonly Provision[],
    machine: Pick<Machine, "isRoot" | "find" | "print">,
  ): Promise<SharedBrowsers> {
    const browsers = new SharedBrowsers();
    const setpriv = machine.isRoot ? machine.find("setpriv") : undefined;
    for (const { program: { name }, path } of provisions) {
      const kind = KINDS[name];
      if (kind === undefined || path === undefined) continue;
      try {
        const process = await BrowserProcess.start(async (folder) =>
          withoutPriority(await kind.command(folder, path), setpriv)
        );
        browsers.#processes.push(process);
        if ("browserWSEndpoint" in process.wire) browsers.env[kind.variable] = process.wire.browserWSEndpoint;
      } catch (error) {
        machine.print(`${name} does not start for all tests at once: ${String(error)}`);
      }
    }
    return browsers;
  }

  /** Folders that exist as long as they run. */
  get profiles(): string[] {
    return this.#processes.map(({ folder }) => folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) process.kill();
    for (const process of this.#processes) await process.ended();
  }
}

function withoutPriority({ program, args, ...rest }: BrowserCommand, setpriv: string | undefined): BrowserCommand {
  if (setpriv === undefined) return { program, args, ...rest };
  return { program: setpriv, args: [...WITHOUT_PRIORITY, program, ...args], ...rest };
}
