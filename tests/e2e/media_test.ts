import { strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage, SPARING_VIDEO } from "../harness/room_page.ts";
import { MEDIA_SETUPS } from "../harness/server.ts";
import { watchMedia } from "../harness/watch_media.ts";

for (const setup of MEDIA_SETUPS) {
  Deno.test({
    name: `two people see and hear each other (${setup.name})`,
    ignore: WITHOUT_CHROMIUM || setup.ignore,
    permissions: MEETING_PERMISSIONS,
    fn: () =>
      withMeeting(
        async ({ server, join }) => {
          const people = [await join("Ada"), await join("Ben")];
          await Promise.all(people.map((person) => person.waitForOthers(1)));
          await watchMedia(people);
          strictEqual((await server.health()).backend, setup.task === "dev" ? "portable" : "native");
        },
        undefined,
        setup,
      ),
  });
}

Deno.test({
  name: "three people see and hear each other, and a fourth who joins late sees everyone within a second",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      const join = (name: string) => RoomPage.join(chromium, server.url, name, { video: SPARING_VIDEO });
      const people = [await join("Ada"), await join("Ben"), await join("Cleo")];
      await Promise.all(people.map((person) => person.waitForOthers(2)));
      await watchMedia(people);

      const late = await join("Dan");
      await late.waitForOthers(3);
      const { joinedAt, picturesAt } = await late.times();
      strictEqual(Object.keys(picturesAt).length, 3);
      for (const [peerId, pictureAt] of Object.entries(picturesAt)) {
        const delay = pictureAt - joinedAt;
        strictEqual(delay <= 1000, true, `the picture of ${peerId} came ${Math.round(delay)} ms after joining`);
      }
      await Promise.all(people.map((person) => person.waitForOthers(3)));
    }),
});

Deno.test({
  name: "a muted microphone is silent for the others, and is heard again after unmute",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      await ben.waitForOthers(1);
      const adaId = await ada.peerId();
      await ada.click("mute-button");
      await ben.waitForSound(adaId, false);
      await ada.click("mute-button");
      await ben.waitForSound(adaId, true);
    }),
});

Deno.test({
  name: "a camera that is turned off vanishes for the others, and comes back",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      await ben.waitForOthers(1);
      const adaId = await ada.peerId();
      for (let round = 0; round < 2; round++) {
        await ada.click("camera-button");
        await ben.waitForVideo(adaId, "off");
        await ada.click("camera-button");
        await ben.waitForVideo(adaId, "on");
      }
      await ben.waitForSound(adaId, true);
    }),
});
