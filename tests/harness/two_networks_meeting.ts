import { strictEqual } from "node:assert/strict";
import type { Browser } from "./browser.ts";
import { startRemoteChromium, WITHOUT_CHROMIUM } from "./chromium.ts";
import { MEETING_PERMISSIONS } from "./meeting.ts";
import { NAMESPACE_PERMISSIONS, WITHOUT_NAMESPACES } from "./network_namespace.ts";
import { RoomPage } from "./room_page.ts";
import { ServerProcess } from "./server.ts";
import { TwoNetworks } from "./two_networks.ts";

/** What these tests need. */
export const TWO_NETWORKS_PERMISSIONS = {
  ...MEETING_PERMISSIONS,
  run: [...MEETING_PERMISSIONS.run, ...NAMESPACE_PERMISSIONS.run],
} satisfies Deno.PermissionOptionsObject;

export const WITHOUT_TWO_NETWORKS = WITHOUT_CHROMIUM || WITHOUT_NAMESPACES;

/**
 * Runs a test with a server, which may get more flags, in one network and a browser in the other. The server's log is
 * shown where it fails.
 */
export async function withTwoNetworks(
  test: (networks: TwoNetworks, join: (name: string) => Promise<RoomPage>) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  await using networks = await TwoNetworks.create();
  const { serverAddress, server: namespace, client } = networks;
  const server = await ServerProcess.start({ namespace, flags: [`--host=${serverAddress}`, ...flags] });
  try {
    await using chromium = await startRemoteChromium({ namespace: client, trustedOrigin: server.url });
    await test(networks, (name) => join(chromium, server.url, name));
  } catch (error) {
    await server.stop();
    Deno.stderr.writeSync(new TextEncoder().encode(`The server wrote:\n${server.log}\n`));
    throw error;
  }
  strictEqual(await server.stop(), 0, `the server did not end well:\n${server.log}`);
}

/** Chromium that has just begun in a namespace now and then never gives its fake camera: the page is then loaded again. */
async function join(chromium: Browser, server: string, name: string): Promise<RoomPage> {
  const person = await RoomPage.open(chromium, server, { name, join: "1" });
  try {
    await person.waitForState("joined");
  } catch {
    await person.page.reload();
    await person.waitForState("joined");
  }
  return person;
}

/** The candidates that media uses. */
export interface MediaPath {
  readonly protocol: string;
  readonly local: string;
  readonly remote: string;
}

/** Where the media of the page's newest connection goes. */
export async function selectedPath({ page }: RoomPage): Promise<MediaPath> {
  return await page.evaluate(`probe.connections.at(-1).getStats().then((stats) => {
    const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === "transport");
    const { localCandidateId, remoteCandidateId } = stats.get(selectedCandidatePairId);
    const [local, remote] = [localCandidateId, remoteCandidateId].map((id) => stats.get(id));
    return { protocol: local.protocol, local: local.address, remote: remote.address };
  })`) as MediaPath;
}
