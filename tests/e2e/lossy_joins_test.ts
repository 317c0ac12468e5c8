import { ok } from "node:assert/strict";
import type { Browser } from "../harness/browser.ts";
import { startChromium, WITHOUT_CHROMIUM } from "../harness/chromium.ts";
import { EmbeddingSite, SITE_PERMISSIONS } from "../harness/embedding_site.ts";
import { FIREFOX_PERMISSIONS, startFirefox, WITHOUT_FIREFOX } from "../harness/firefox.ts";
import { HTTP_PEER_PERMISSIONS, HttpPeer } from "../harness/http_peer.ts";
import { JOINING_PERMISSIONS, JoiningPage } from "../harness/joining_page.ts";
import { MEETING_PERMISSIONS, withServer } from "../harness/meeting.ts";
import { PATH_DEMANDS } from "../harness/path_demands.ts";
import type { StartTask } from "../harness/server.ts";

const JOINS = 8;
const SEED = 220;

const PERMISSIONS = {
  ...MEETING_PERMISSIONS,
  run: [...MEETING_PERMISSIONS.run, ...FIREFOX_PERMISSIONS.run],
  read: [
    ...MEETING_PERMISSIONS.read,
    ...SITE_PERMISSIONS.read,
    ...HTTP_PEER_PERMISSIONS.read,
    ...JOINING_PERMISSIONS.read,
  ],
} satisfies Deno.PermissionOptionsObject;

const BROWSERS = [
  { name: "Chromium", start: startChromium, devices: "permit", ignore: WITHOUT_CHROMIUM },
  { name: "Firefox", start: startFirefox, devices: "permitted", ignore: WITHOUT_FIREFOX },
] as const;

const BACKENDS: readonly { readonly name: string; readonly task: StartTask; readonly ignore: boolean }[] = [
  { name: "native", task: "start", ignore: Deno.build.os !== "linux" },
  { name: "portable", task: "dev", ignore: false },
];

/** Who sends what those who join wait for. */
async function publishing(browser: Browser, site: EmbeddingSite, server: string): Promise<HttpPeer> {
  const publisher = await HttpPeer.open(browser, site);
  await publisher.publish(`${server}/whip/joins`);
  return publisher;
}

for (const { name, start, devices, ignore } of BROWSERS) {
  for (const backend of BACKENDS) {
    Deno.test({
      name: `B220: ${backend.name}: ${JOINS} ${name} connections at once over each bad path get media in time`,
      ignore: ignore || backend.ignore,
      permissions: PERMISSIONS,
      fn: () =>
        withServer(async (server) => {
          await using site = new EmbeddingSite();
          await using browser = await start();
          const publisher = await publishing(browser, site, server.url);
          const page = await JoiningPage.open(browser, site, devices);
          for (const demand of PATH_DEMANDS) {
            const times = await page.join(`${server.url}/whep/joins`, demand, JOINS, SEED);
            ok(
              times.every((timeMs) => timeMs <= demand.withinMs),
              `${demand.name} (seed ${SEED}): ${times.join(", ")} ms`,
            );
          }
          await publisher.do("stop");
        }, { task: backend.task, flags: ["--origins=*"] }),
    });
  }
}
