import { deepStrictEqual, ok } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import type { Guest } from "../harness/guest.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";

/** Chromium makes three encodings of no smaller picture. */
const SIZE = { width: 960, height: 540 };
const WIDTHS = [240, 960, 480, 240, 480, 960];
const SWITCHES = 50;
/** A picture that stands still for longer is seen to. */
const MAX_GAP_MS = 500;

/**
 * Each in one layer, so that all that changes are encodings; all together no more than a publisher and a subscriber begin
 * with, so that no encoding waits for an estimate to rise.
 */
const SIMULCAST = ["q", "h", "f"].map((rid, index) => ({
  rid,
  scaleResolutionDownBy: 4 >> index,
  maxBitrate: [50_000, 90_000, 150_000][index],
  scalabilityMode: "L1T1",
}));

/** Has a page put this codec first on the m-lines that it publishes on, and never make a picture smaller to save bits. */
function preferring(mimeType: string): (page: Page) => Promise<void> {
  return async (page) => {
    await page.evaluateOnNewDocument(`{
      const { addTransceiver } = RTCPeerConnection.prototype;
      RTCPeerConnection.prototype.addTransceiver = function (track, init) {
        const transceiver = addTransceiver.call(this, track, init);
        if (init.direction !== "sendonly") return transceiver;
        const { codecs } = RTCRtpSender.getCapabilities("video");
        const wanted = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === "${mimeType}");
        transceiver.setCodecPreferences([...wanted, ...codecs]);
        const { sender } = transceiver;
        sender.setParameters({ ...sender.getParameters(), degradationPreference: "maintain-resolution" });
        return transceiver;
      };
    }`);
  };
}

/** Notes the longest wait for a picture from now on. */
const WATCH = `
  globalThis.longestGap = 0;
  {
    const video = document.querySelector("video");
    let before = performance.now();
    const watch = (now) => {
      globalThis.longestGap = Math.max(globalThis.longestGap, now - before);
      before = now;
      video.requestVideoFrameCallback(watch);
    };
    video.requestVideoFrameCallback(watch);
  }`;

async function switchTo(guest: Guest, trackId: string, width: number): Promise<void> {
  const wanted = { width, height: width * SIZE.height / SIZE.width };
  await guest.run(`guest.room.setQuality("${trackId}", ${JSON.stringify(wanted)})`);
  await guest.stream("camera", `stream.frameWidth === ${width}`);
}

for (const mimeType of ["video/vp8", "video/h264", "video/vp9", "video/av1"]) {
  Deno.test({
    name: `B305: ${SWITCHES} switches between three encodings, and a decoder of ${mimeType} notices none`,
    ignore: WITHOUT_CHROMIUM,
    permissions: GATHERING_PERMISSIONS,
    fn: () =>
      withGuests(async ({ open }) => {
        const [ada, ben] = [await open(preferring(mimeType)), await open()];
        await ada.join();
        await ben.join({ codecs: [] });
        await ada.publish("camera", SIZE, { simulcast: SIMULCAST });
        const { trackId } = await ben.event({ name: "trackAdded", source: "camera" });
        ok(trackId !== undefined);
        for (const width of WIDTHS) await switchTo(ben, trackId, width);
        const before = await ben.stream("camera", "true");
        await ben.run(WATCH);
        for (let i = 0; i < SWITCHES; i++) await switchTo(ben, trackId, WIDTHS[i % WIDTHS.length]);
        const after = await ben.progress("camera");
        const codec = `guest.room.getStats().then((stats) =>
          [...stats.values()].find(({ type }) => type === "codec")?.mimeType.toLowerCase())`;
        deepStrictEqual(await ben.run(codec), mimeType);
        ok(after.framesDecoded > before.framesDecoded + SWITCHES, `${after.framesDecoded} frames`);
        // A decoder that fails asks for a picture.
        ok(after.pliCount - before.pliCount <= 2, `${after.pliCount - before.pliCount} requests for a picture`);
        ok(after.nackCount - before.nackCount <= SWITCHES, `${after.nackCount - before.nackCount} NACKs`);
        const gap = await ben.run("globalThis.longestGap") as number;
        ok(gap <= MAX_GAP_MS, `a picture stood still for ${Math.round(gap)} ms`);
      }),
  });
}
