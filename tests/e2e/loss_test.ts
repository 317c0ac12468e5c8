import { ok } from "node:assert/strict";
import { ImpairedAccess } from "../harness/impaired_access.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { type InboundStream, RoomPage } from "../harness/room_page.ts";
import { watchUndisturbed } from "../harness/watch_media.ts";

const SEED = 5;
/** Each way; a round trip of 50 ms. */
const LOSSY = { loss: 0.05, delayMs: 25 };
const MAX_FREEZE_MS = 500;

Deno.test({
  name:
    `at 5% loss each way the pictures of two people go on by retransmission, without a freeze over 500 ms (seed ${SEED})`,
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ server, chromium }) => {
      await using access = new ImpairedAccess(server.url, SEED, { up: LOSSY, down: LOSSY });
      const people: RoomPage[] = [];
      try {
        for (const name of ["Ada", "Ben"]) people.push(await RoomPage.join(chromium, access.url, name));
        await Promise.all(people.map((person) => person.waitForOthers(1)));
        const { first, last, longestGaps } = await watchUndisturbed(people);
        people.forEach(({ name }, i) => {
          const gap = longestGaps[i];
          ok(gap > 0 && gap <= MAX_FREEZE_MS, `${name}: the picture stood for ${Math.round(gap)} ms`);
          const repaired = (streams: readonly InboundStream[]) => videoOf(streams).retransmittedPacketsReceived;
          ok(repaired(last[i]) > repaired(first[i]), `${name}: nothing came by RTX`);
        });
      } finally {
        // Before the way to the server goes: it waits for its connections to end.
        for (const { page } of people) await page.close();
      }
    }),
});

function videoOf(streams: readonly InboundStream[]): InboundStream {
  const video = streams.find(({ kind }) => kind === "video");
  ok(video !== undefined);
  return video;
}
