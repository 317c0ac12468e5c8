import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { TurnServer } from "../harness/turn_server.ts";
import { waitUntil } from "../harness/wait_until.ts";

const SECRET = "shared with the TURN server";

interface Shown {
  readonly id: string;
  readonly severity: string;
  readonly text: string;
}

/** The findings of the page, once it has them all. */
async function examined(page: Page): Promise<Map<string, Shown>> {
  await waitUntil(page, `document.documentElement.dataset.state === "done"`, "the page to have found all");
  const shown = await page.$$eval(
    "[data-testid=findings] > li",
    (items) => items.map(({ dataset, innerText }) => ({ id: dataset.id, severity: dataset.severity, text: innerText })),
  ) as Shown[];
  return new Map(shown.map((finding) => [finding.id, finding]));
}

Deno.test({
  name: "B488: /doctor finds a healthy server well: packets flow by UDP, by TCP alone, and by the relay alone",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  async fn() {
    await using relay = new TurnServer({ secret: SECRET });
    await withMeeting(
      async ({ server, chromium }) => {
        const page = await chromium.open(new URL("/doctor?run=1", server.url));
        const found = await examined(page);
        // On a busy machine a packet takes long, which is a warning.
        const isWell = ({ severity, text }: Shown) => severity === "ok" || /^[^]*: warning\nPackets flow /.test(text);
        deepStrictEqual([...found.values()].filter((finding) => !isWell(finding)), []);
        match(found.get("media-udp")?.text ?? "", /Packets flow from .* \(udp\) to host 127\.0\.0\.1:\d+ \(udp\)/);
        match(found.get("media-tcp")?.text ?? "", /to host 127\.0\.0\.1:\d+ \(tcp\)/);
        match(found.get("media-relay")?.text ?? "", /from relay .*udp to TURN/);
      },
      undefined,
      {
        task: "dev",
        flags: ["--host=127.0.0.1", "--tcp-port=0", "--workers=0", `--turn=${relay.url}`],
        env: { TURN_SECRET: SECRET },
      },
    );
    strictEqual(relay.relayed > 0, true);
  },
});

Deno.test({
  name: "B489: of a server whose candidates lead nowhere it says so, with the address, and names the fix",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(
      async ({ server, chromium }) => {
        const page = await chromium.open(new URL("/doctor", server.url));
        await page.click("[data-testid=examine-button]");
        const found = await examined(page);
        strictEqual(found.get("signaling")?.severity, "ok");
        const { severity, text } = found.get("media-udp") ?? {};
        strictEqual(severity, "problem");
        match(text ?? "", /says that it is at 192\.0\.2\.1:\d+[^]*announced[^]*--announce/);
      },
      undefined,
      { task: "dev", flags: ["--host=127.0.0.1", "--workers=0", "--announce=192.0.2.1"] },
    ),
});
