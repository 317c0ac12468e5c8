import { ok } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import type { Browser } from "../harness/browser.ts";
import { FIREFOX_PERMISSIONS, startFirefox, WITHOUT_FIREFOX } from "../harness/firefox.ts";
import { ImpairedAccess } from "../harness/impaired_access.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { takeDevicesAway } from "../harness/spectator.ts";
import { waitUntil } from "../harness/wait_until.ts";
import { pause } from "../harness/pause.ts";

const SEED = 3;
/** A quarter, half and all of it are three layers. */
const SIZE = "1280x720";
const TOP_WIDTH = 1280;
/** A window in which the picture of one other person is shown in more pixels than the middle layer has. */
const WINDOW = { width: 1280, height: 720, deviceScaleFactor: 2 };
/** A round trip of 40 ms, and a queue of a router's usual half a second. */
const SLOW = { bandwidth: 400_000, queueBytes: 25_000, delayMs: 20 };
const FREED = { bandwidth: 20_000_000, queueBytes: 250_000 };

const TOP_MS = 5_000;
const CLIMB_MS = 15_000;
/** What a new subscriber needs to know its way: the first probes may find the queue of a link, not its capacity. */
const SETTLE_MS = 10_000;
const WATCHED_MS = 8_000;
const STOP_MS = 2_000;

interface Picture {
  readonly kind: string;
  readonly frameWidth: number;
  readonly framesDecoded: number;
  readonly freezeCount: number;
}

/** The one picture that a spectator sees. */
async function pictureOf({ page }: RoomPage): Promise<Picture> {
  const streams = await page.evaluate("probe.inbound()") as Picture[];
  const picture = streams.find(({ kind }) => kind === "video");
  ok(picture, "no picture");
  return picture;
}

const isWide = (width: number) =>
  `probe.inbound().then((streams) =>
  streams.some(({ kind, frameWidth, framesDecoded }) => kind === "video" && framesDecoded > 0 && frameWidth >= ${width}))`;

/** Bytes that a page has sent of its highest layer. */
const TOP_BYTES = `Promise.all(probe.connections.map((connection) => connection.getStats())).then((reports) =>
  reports.flatMap((report) => [...report.values()])
    .find(({ type, kind, rid }) => type === "outbound-rtp" && kind === "video" && rid === "f")?.bytesSent ?? 0)`;

async function watch(browser: Browser, url: string, name: string): Promise<RoomPage> {
  const query = { name, join: "1" };
  const person = await RoomPage.open(browser, url, query, async (page: Page) => {
    await page.setViewport(WINDOW);
    await takeDevicesAway(page);
  });
  await person.waitForState("joined");
  return person;
}

/** A publisher of three layers, one who has room for all and one who has 400 kbit/s. */
async function expectRightQuality(publisher: Browser, browser: Browser, url: string): Promise<void> {
  await using access = new ImpairedAccess(url, SEED, { up: { delayMs: 20 }, down: SLOW });
  const people: RoomPage[] = [];
  try {
    const ada = await RoomPage.open(publisher, url, { name: "Ada", join: "1", video: SIZE });
    people.push(ada);
    await ada.waitForState("joined");
    const fast = await watch(browser, url, "Fast");
    people.push(fast);
    const joinedMs = performance.now();
    await waitUntil(fast.page, isWide(TOP_WIDTH), "the top layer", 2 * TOP_MS);
    const topMs = performance.now() - joinedMs;
    ok(topMs <= TOP_MS, `the top layer took ${Math.round(topMs)} ms`);

    const slow = await watch(browser, access.url, "Slow");
    people.push(slow);
    await slow.waitFor(isWide(1));
    await pause(SETTLE_MS);
    const before = [await pictureOf(fast), await pictureOf(slow)];
    for (let left = WATCHED_MS; left > 0; left -= 1000) {
      const { framesDecoded } = await pictureOf(slow);
      await pause(1000);
      const { framesDecoded: after, frameWidth } = await pictureOf(slow);
      ok(after > framesDecoded, "the slow one sees nothing new for a second");
      ok(frameWidth < TOP_WIDTH, `the slow one gets ${frameWidth} pixels`);
    }
    const now = [await pictureOf(fast), await pictureOf(slow)];
    for (const i of [0, 1]) ok(now[i].freezeCount === before[i].freezeCount, `freezes of ${["fast", "slow"][i]}`);
    ok(now[0].frameWidth === TOP_WIDTH, "the fast one is not disturbed");

    access.change({ down: FREED });
    const freedMs = performance.now();
    await waitUntil(slow.page, isWide(TOP_WIDTH), "the top layer once there is room", 2 * CLIMB_MS);
    const climbMs = performance.now() - freedMs;
    ok(climbMs <= CLIMB_MS, `the climb took ${Math.round(climbMs)} ms`);

    for (const person of [fast, slow]) await person.click("leave-button");
    await pause(STOP_MS);
    const stopped = await ada.page.evaluate(TOP_BYTES);
    await pause(1000);
    ok(await ada.page.evaluate(TOP_BYTES) === stopped, "a layer that nobody watches is sent");
  } catch (error) {
    throw new Error(await explain(people), { cause: error });
  } finally {
    for (const { page } of people) await page.close();
  }
}

/** What each page says of what it gets and sends, and why. */
async function explain(people: readonly RoomPage[]): Promise<string> {
  const words: string[] = [];
  for (const { page, name } of people) {
    await page.evaluate(
      `document.querySelector("[data-testid=stats]").hidden && document.querySelector("[data-testid=stats-button]").click()`,
    );
    await pause(2500);
    words.push(`${name}: ${await page.evaluate(`document.querySelector("[data-testid=stats]").innerText`)}`);
  }
  return words.join("\n");
}

Deno.test({
  name: `B330, B340, P91, P92: of three layers of Chromium's each gets what its network carries (seed ${SEED})`,
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () => withMeeting(({ chromium, server }) => expectRightQuality(chromium, chromium, server.url)),
});

Deno.test({
  name: `B330, B340: Firefox gets of three layers of Chromium's what its network carries (seed ${SEED})`,
  ignore: WITHOUT_CHROMIUM || WITHOUT_FIREFOX,
  permissions: {
    ...MEETING_PERMISSIONS,
    run: [...MEETING_PERMISSIONS.run, ...FIREFOX_PERMISSIONS.run],
  },
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      await using firefox = await startFirefox();
      await expectRightQuality(chromium, firefox, server.url);
    }),
});
