import { strictEqual } from "node:assert/strict";
import { BROWSER_PERMISSIONS, Chromium, type ChromiumOptions, WITHOUT_CHROMIUM } from "./browser.ts";
import { RoomPage } from "./room_page.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "./server.ts";

/** A server and a browser, for people to meet. */
export interface Meeting {
  readonly server: ServerProcess;
  readonly chromium: Chromium;
  readonly join: (name: string, chromium?: Chromium) => Promise<RoomPage>;
}

/** What every browser test needs. */
export const MEETING_PERMISSIONS = {
  ...BROWSER_PERMISSIONS,
  run: [...BROWSER_PERMISSIONS.run, ...SERVER_PERMISSIONS.run],
  read: [...BROWSER_PERMISSIONS.read, ...SERVER_PERMISSIONS.read],
  net: [...BROWSER_PERMISSIONS.net, ...SERVER_PERMISSIONS.net],
} satisfies Deno.PermissionOptionsObject;

export { WITHOUT_CHROMIUM };

/**
 * Runs a test with a server and a browser of its own. When the browser has closed nothing of it is left in the server, and
 * the server, unless the test has ended it, ends well. Its log is shown where the test fails.
 */
export async function withMeeting(test: (meeting: Meeting) => Promise<void>, options?: ChromiumOptions): Promise<void> {
  await withServer(async (server) => {
    await using chromium = await Chromium.start(options);
    await test({ server, chromium, join: (name, other = chromium) => RoomPage.join(other, server.url, name) });
  });
}

/** The same without a browser, on a port that may be given. */
export async function withServer(test: (server: ServerProcess) => Promise<void>, port?: number): Promise<void> {
  const server = await ServerProcess.start(port);
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

const LEFT_DEADLINE_MS = 20_000;
const POLLING_MS = 100;

/** Waits until rooms, peers, sockets and timers are all gone. */
async function expectNothingLeft(server: ServerProcess): Promise<void> {
  const deadline = performance.now() + LEFT_DEADLINE_MS;
  for (;;) {
    const left = Object.entries(await server.health()).filter(([, value]) => typeof value === "number" && value > 0);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`left behind: ${JSON.stringify(Object.fromEntries(left))}`);
    await new Promise((resolve) => setTimeout(resolve, POLLING_MS));
  }
}
