import { strictEqual } from "node:assert/strict";
import type { Browser } from "./browser.ts";
import { CHROMIUM_PERMISSIONS, type ChromiumOptions, startChromium, WITHOUT_CHROMIUM } from "./chromium.ts";
import { RoomPage } from "./room_page.ts";
import { SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "./server.ts";

/** A server and a browser, for people to meet. */
export interface Meeting {
  readonly server: ServerProcess;
  readonly chromium: Browser;
  readonly join: (name: string, browser?: Browser) => Promise<RoomPage>;
}

/** What every browser test needs. */
export const MEETING_PERMISSIONS = {
  ...CHROMIUM_PERMISSIONS,
  run: [...CHROMIUM_PERMISSIONS.run, ...SERVER_PERMISSIONS.run],
  read: [...CHROMIUM_PERMISSIONS.read, ...SERVER_PERMISSIONS.read],
  net: [...CHROMIUM_PERMISSIONS.net, ...SERVER_PERMISSIONS.net],
} satisfies Deno.PermissionOptionsObject;

export { WITHOUT_CHROMIUM };

/**
 * Runs a test with a server and a browser of its own. When the browser has closed nothing of it is left in the server, and
 * the server, unless the test has ended it, ends well. Its log is shown where the test fails.
 */
export async function withMeeting(
  test: (meeting: Meeting) => Promise<void>,
  options?: ChromiumOptions,
  setup?: ServerSetup,
): Promise<void> {
  await withServer(async (server) => {
    await using chromium = await startChromium(options);
    await test({ server, chromium, join: (name, other = chromium) => RoomPage.join(other, server.url, name) });
  }, setup);
}

/** The same without a browser. */
export async function withServer(
  test: (server: ServerProcess) => Promise<void>,
  setup?: ServerSetup,
): Promise<void> {
  const server = await ServerProcess.start(setup);
  try {
    await test(server);
    if (!server.running) return;
    await expectNothingLeft(server);
  } catch (error) {
    await server.stop();
    Deno.stderr.writeSync(new TextEncoder().encode(`The server wrote:\n${server.log}\n`));
    throw error;
  }
  strictEqual(await server.stop(), 0, `the server did not end well:\n${server.log}`);
}

/** Of pages that are closed at once some break their WebSockets off, and the peers of these stay for 30 s (P14). */
const LEFT_DEADLINE_MS = 40_000;
const POLLING_MS = 100;

/** Waits until rooms, peers, sockets and timers are all gone. */
async function expectNothingLeft(server: ServerProcess): Promise<void> {
  const deadline = performance.now() + LEFT_DEADLINE_MS;
  for (;;) {
    const { workers: _workers, tcpPort: _tcpPort, ...alive } = await server.health();
    const left = Object.entries(alive).filter(([, value]) => typeof value === "number" && value > 0);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`left behind: ${JSON.stringify(Object.fromEntries(left))}`);
    await new Promise((resolve) => setTimeout(resolve, POLLING_MS));
  }
}
