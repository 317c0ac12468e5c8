import { ok } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { Guest } from "../harness/guest.ts";
import { ImpairedAccess } from "../harness/impaired_access.ts";
import { FIREFOX_MEETING_PERMISSIONS, withFirefox, WITHOUT_FIREFOX } from "../harness/mixed_meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { UdpDetour } from "../harness/udp_detour.ts";
import { watchUndisturbed } from "../harness/watch_media.ts";

const SCREEN_SHOWS = `document.querySelector("[data-testid=stage] [data-testid=tile][data-video=on]") !== null`;

/** A moving picture as the screen, of which Firefox has none where it runs without a display. */
const PAINT_A_SCREEN = `navigator.mediaDevices.getDisplayMedia = () => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    context.fillStyle = \`hsl(\${frame++ % 360} 60% 50%)\`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 50);
  return Promise.resolve(canvas.captureStream());
};`;

Deno.test({
  name: "two people in Firefox see and hear each other, mute, turn the camera off and on, share a screen and leave",
  ignore: WITHOUT_FIREFOX,
  permissions: FIREFOX_MEETING_PERMISSIONS,
  fn: () =>
    withFirefox(async ({ server, firefox }) => {
      const paint = async (page: Page) => void await page.evaluateOnNewDocument(PAINT_A_SCREEN);
      const ada = await RoomPage.open(firefox, server.url, { name: "Ada", join: "1" }, paint);
      const ben = await RoomPage.join(firefox, server.url, "Ben");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      const adaId = await ada.peerId();

      await ada.click("mute-button");
      await ben.waitForSound(adaId, false);
      await ada.click("mute-button");
      await ben.waitForSound(adaId, true);

      for (let round = 0; round < 2; round++) {
        await ada.click("camera-button");
        await ben.waitForVideo(adaId, "off");
        await ada.click("camera-button");
        await ben.waitForVideo(adaId, "on");
      }

      await ada.click("screen-button");
      await ben.waitFor(SCREEN_SHOWS);
      await ben.waitForWords("stage", "Ada: screen");
      await ada.click("screen-button");
      await ben.waitFor(`!(${SCREEN_SHOWS})`);
      await ben.click("screen-button");
      await ben.waitForWords("status", "The browser found no screen to share.");

      await ada.click("leave-button");
      await ada.waitForState("left");
      await ben.waitForOthers(0);
    }),
});

const SEED = 7;
/** Each way; a round trip of 50 ms. */
const LOSSY = { loss: 0.05, delayMs: 25 };
const MAX_FREEZE_MS = 500;

Deno.test({
  name: `at 5% loss each way the pictures of two people in Firefox go on, without a freeze over 500 ms (seed ${SEED})`,
  ignore: WITHOUT_FIREFOX,
  permissions: FIREFOX_MEETING_PERMISSIONS,
  fn: () =>
    withFirefox(async ({ server, firefox }) => {
      await using access = new ImpairedAccess(server.url, SEED, { up: LOSSY, down: LOSSY });
      const people: RoomPage[] = [];
      try {
        for (const name of ["Ada", "Ben"]) people.push(await RoomPage.join(firefox, access.url, name));
        await Promise.all(people.map((person) => person.waitForOthers(1)));
        const { first, last, longestGaps } = await watchUndisturbed(people);
        people.forEach(({ name }, i) => {
          const [before, after] = [first, last].map((streams) => streams[i].find(({ kind }) => kind === "video"));
          ok(before !== undefined && after !== undefined);
          const gap = longestGaps[i];
          ok(gap > 0 && gap <= MAX_FREEZE_MS, `${name}: the picture stood for ${Math.round(gap)} ms`);
          ok(after.nackCount > before.nackCount, `${name}: nothing was asked for again`);
        });
      } finally {
        // Before the way to the server goes: it waits for its connections to end.
        for (const { page } of people) await page.close();
      }
    }),
});

Deno.test({
  name:
    "P29: when no datagram of Firefox gets through any more ICE is restarted, and media goes on once the way is open",
  ignore: WITHOUT_FIREFOX,
  permissions: FIREFOX_MEETING_PERMISSIONS,
  fn: () =>
    withFirefox(async ({ server, site, firefox }) => {
      await using detour = new UdpDetour();
      const ada = await Guest.open(firefox, site, server.url);
      const ben = await Guest.open(firefox, site, server.url, (page) => detour.lead(page));
      await ada.join({ sources: ["camera", "microphone"] });
      await ben.join({ sources: ["microphone"] });
      await ben.progress("camera");
      const before = await ben.run("guest.iceUfrag()");

      detour.broken = true;
      await ben.event({ name: "stateChanged", state: "reconnecting" });
      await ben.waitFor(`guest.iceUfrag() !== "${before}"`);
      detour.broken = false;
      await ben.waitFor(`guest.room.state === "connected"`);
      await ben.progress("camera");
      await ben.progress("microphone");
      await ada.progress("microphone");
    }, { soundCard: true }),
});
