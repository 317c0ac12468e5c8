import { ok } from "node:assert/strict";
import { ImpairedAccess } from "../harness/impaired_access.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage, watchUndisturbed } from "../harness/room_page.ts";

const SEED = 5;
/** Each way; a round trip of 50 ms. */
const LOSSY = { loss: 0.05, delayMs: 25 };

Deno.test({
  name:
    `at 5% loss each way the pictures of two people go on by retransmission, without a freeze over 500 ms (seed ${SEED})`,
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ server, chromium }) => {
      await using access = new ImpairedAccess(server.url, SEED, { up: LOSSY, down: LOSSY });
      const people = [
        await RoomPage.join(chromium, access.url, "Ada"),
        await RoomPage.join(chromium, access.url, "Ben"),
      ];
      await Promise.all(people.map((person) => person.waitForOthers(1)));
      const { first, last } = await watchUndisturbed(people);
      for (const [i, { name, page }] of people.entries()) {
        const before = first[i].find(({ kind }) => kind === "video");
        const after = last[i].find(({ kind }) => kind === "video");
        ok(before && after);
        const frozen = after.totalFreezesDuration - before.totalFreezesDuration;
        ok(frozen <= 0.5, `${name}: the picture stood for ${frozen} s`);
        ok(after.retransmittedPacketsReceived > before.retransmittedPacketsReceived, `${name}: nothing came by RTX`);
        await page.close();
      }
    }),
});
