import { strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { waitUntil } from "../harness/wait_until.ts";
import { watchMedia } from "../harness/watch_media.ts";

const DEADLINE_MS = 8_000;

/**
 * Whether nothing but the camera holds the picture back: Chromium has an estimate of what its way carries that is above
 * what its encoder is to make, and does without nothing for it.
 */
const IS_FREE = `Promise.all(probe.connections.map((connection) => connection.getStats())).then((reports) => {
  const stats = reports.flatMap((report) => [...report.values()]);
  const pair = stats.find(({ type, nominated }) => type === "candidate-pair" && nominated);
  const video = stats.find(({ type, kind }) => type === "outbound-rtp" && kind === "video");
  const { qualityLimitationReason: reason, targetBitrate = Infinity } = video ?? {};
  return reason === "none" && pair?.availableOutgoingBitrate > targetBitrate;
})`;

Deno.test({
  name: "B287: Chromium's picture has the bitrate that it needs within 8 s, and nothing is lost or asked for again",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const people = [await join("Ada"), await join("Ben")];
      await Promise.all(people.map((person) => person.waitForOthers(1)));
      const what = "a picture that nothing but the camera holds back";
      await Promise.all(people.map(({ page }) => waitUntil(page, IS_FREE, what, DEADLINE_MS)));
      await watchMedia(people);
      for (const person of people) {
        // Small pictures that the first estimate carries are not probed for.
        for (const { kind, packetsLost, nackCount } of await person.inbound()) {
          strictEqual(packetsLost, 0, `${person.name}, ${kind}`);
          if (kind === "video") strictEqual(nackCount, 0, person.name);
        }
      }
    }),
});
