import { notStrictEqual, strictEqual } from "node:assert/strict";
import { startChromium } from "../harness/chromium.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";

Deno.test({
  name: "who leaves vanishes for the others, who go on",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const [ada, ben, cleo] = [await join("Ada"), await join("Ben"), await join("Cleo")];
      await Promise.all([ada, ben].map((person) => person.waitForOthers(2)));
      await cleo.click("leave-button");
      await cleo.waitForState("left");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      await ada.waitForSound(await ben.peerId(), true);
    }),
});

Deno.test({
  name: "who closes the tab vanishes for the others",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      await ada.waitForOthers(1);
      await ben.page.close();
      await ada.waitForOthers(0);
    }),
});

Deno.test({
  name: "who reloads the page comes back as a new peer, and everyone sees everyone",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      await ada.waitForOthers(1);
      const before = await ben.peerId();
      await ben.page.reload();
      await ben.waitForState("joined");
      const after = await ben.peerId();
      notStrictEqual(before, after);
      await ada.waitForVideo(after, "on");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
    }),
});

Deno.test({
  name: "P14: who crashes vanishes for the others within 30 s, and they go on",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join }) => {
      await using doomed = await startChromium({ isOwn: true });
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      const cleo = await join("Cleo", doomed);
      await Promise.all([ada, ben, cleo].map((person) => person.waitForOthers(2)));
      const cleoId = await cleo.peerId();
      await doomed.crash();
      await Promise.all([ada, ben].map((person) => person.waitForGhost(cleoId)));
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
      await ada.waitForSound(await ben.peerId(), true);
    }),
});

Deno.test({
  name: "when the server ends the pages are told, and it takes less than five seconds",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, server }) => {
      const [ada, ben] = [await join("Ada"), await join("Ben")];
      await ada.waitForOthers(1);
      const start = performance.now();
      strictEqual(await server.stop(), 0);
      const seconds = (performance.now() - start) / 1000;
      strictEqual(seconds < 5, true, `it took ${seconds.toFixed(1)} s`);
      await Promise.all([ada, ben].map((person) => person.waitForState("failed")));
    }),
});
