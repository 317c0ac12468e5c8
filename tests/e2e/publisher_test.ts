import { notStrictEqual, strictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import type { Guest, GuestStream } from "../harness/guest.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";

const SMALL = { width: 160, height: 90 };
/** No larger: above that Chromium at first sends less than what it is given, to spare the unknown network. */
const LARGE = { width: 320, height: 180 };

/** The picture goes on for another second and a half and has not frozen since `before`. */
async function expectSmooth(guest: Guest, before: GuestStream): Promise<void> {
  const { source, framesDecoded, freezeCount } = before;
  const after = await guest.stream(source, `stream.framesDecoded > ${framesDecoded + 45}`);
  strictEqual(after.freezeCount, freezeCount, `the ${source} froze`);
}

Deno.test({
  name:
    "a publisher that replaces its camera by one of another resolution stays the same track, and the picture goes on",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      await ada.join();
      await ada.publish("camera", SMALL);
      await ben.join();
      let before = await ben.stream("camera", `stream.framesDecoded > 30 && stream.frameWidth === ${SMALL.width}`);
      for (const size of [LARGE, SMALL]) {
        await ada.replace("camera", size);
        const after = await ben.stream("camera", `stream.frameWidth === ${size.width}`);
        strictEqual(after.trackId, before.trackId);
        strictEqual(after.ssrc, before.ssrc);
        strictEqual(after.framesDecoded > before.framesDecoded, true, "the decoder went on");
        await expectSmooth(ben, before);
        before = await ben.stream("camera", "true");
      }
      strictEqual(await ben.run(`guest.events.some(({ name }) => name === "trackRemoved")`), false);
    }),
});

Deno.test({
  name:
    "P27: a publisher that parks its camera and publishes another on the m-line is decoded again, and its screen goes on",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      await ada.join();
      await ada.publish("camera", SMALL);
      await ada.publish("screen", SMALL);
      await ben.join();
      const screen = await ben.stream("screen", "stream.framesDecoded > 30");
      let camera = await ben.stream("camera", "stream.framesDecoded > 30");
      const lines = await ben.run("guest.lines()");
      for (const size of [LARGE, SMALL]) {
        await ada.unpublish("camera");
        await ben.event({ name: "trackRemoved", trackId: camera.trackId });
        await ada.publish("camera", size);
        const again = await ben.stream("camera", `stream.framesDecoded > 0 && stream.frameWidth === ${size.width}`);
        notStrictEqual(again.trackId, camera.trackId);
        notStrictEqual(again.ssrc, camera.ssrc);
        await expectSmooth(ben, again);
        camera = again;
      }
      strictEqual(JSON.stringify(await ben.run("guest.lines()")), JSON.stringify(lines));
      await expectSmooth(ben, screen);
    }),
});
