import { strictEqual } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";

const PREVIEW_RUNS = `document.querySelector("[data-testid=preview-video]").videoWidth > 0`;

Deno.test({
  name: "who has no camera is told so in the lobby and when turning it on, and takes part with sound",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, chromium, server }) => {
      const words = "No camera was found. Connect one and turn it on here, or join without it.";
      const ada = await RoomPage.open(chromium, server.url, { name: "Ada" });
      await ada.waitForWords("lobby-notice", words);
      strictEqual(await ada.text("lobby-notice"), words, "nothing is said of the microphone");
      await ada.click("join-button");
      await ada.waitForState("joined");
      const adaId = await ada.peerId();
      await ada.click("camera-button");
      await ada.waitForWords("status", words);
      const ben = await join("Ben");
      await ben.waitForSound(adaId, true);
      await ben.waitForVideo(adaId, "off");
    }, { cameras: 0 }),
});

Deno.test({
  name: "who refuses camera and microphone is told how to allow them, and can do so later",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      const refuse = (page: Page) => page.browserContext().overridePermissions(server.url, []);
      const ada = await RoomPage.open(chromium, server.url, { name: "Ada" }, refuse);
      for (const device of ["camera", "microphone"]) {
        const words = `The ${device} is not allowed for this page. ` +
          "Allow it by the icon beside the address, then turn it on here.";
        await ada.waitForWords("lobby-notice", words);
      }
      await ada.page.browserContext().overridePermissions(server.url, ["camera", "microphone"]);
      await ada.click("lobby-camera");
      await ada.waitFor(PREVIEW_RUNS);
      await ada.click("lobby-microphone");
      await ada.waitFor(`document.querySelector("[data-testid=lobby-notice]").innerText === ""`);
    }, { agrees: false }),
});

/** As of a camera that another program uses; the microphone is given. */
const USE_CAMERA_ELSEWHERE = `{
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => constraints.video
    ? Promise.reject(new DOMException("Could not start video source", "NotReadableError"))
    : open(constraints);
}`;

Deno.test({
  name: "who has a camera that another program uses is told to close that program, and keeps the microphone",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      const occupy = async (page: Page) => void await page.evaluateOnNewDocument(USE_CAMERA_ELSEWHERE);
      const ada = await RoomPage.open(chromium, server.url, { name: "Ada", join: "1" }, occupy);
      await ada.waitForState("joined");
      await ada.waitForWords(
        "status",
        "The camera is in use by another program or does not respond. Close that program, then turn it on here.",
      );
      await ada.waitFor(`document.querySelector("[data-testid=mute-button]").ariaPressed === "false"`);
    }),
});

/** As on a machine that has neither camera nor microphone. */
const UNPLUG_EVERYTHING = `{
  navigator.mediaDevices.getUserMedia = () =>
    Promise.reject(new DOMException("Requested device not found", "NotFoundError"));
}`;

Deno.test({
  name: "who has no device at all sees and hears the others",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, chromium, server }) => {
      const ada = await join("Ada");
      const unplug = async (page: Page) => void await page.evaluateOnNewDocument(UNPLUG_EVERYTHING);
      const guest = await RoomPage.open(chromium, server.url, {}, unplug);
      for (const device of ["camera", "microphone"]) {
        await guest.waitForWords("lobby-notice", `No ${device} was found.`);
      }
      await guest.click("join-button");
      await guest.waitForState("joined");
      await guest.waitForOthers(1);
      await ada.waitFor(`probe.peers().length === 1`);
      await guest.click("mute-button");
      await guest.waitForWords("status", "No microphone was found.");
    }),
});

/** An address of this machine that makes a page no secure context: browsers trust loopback alone. */
const OTHER_ADDRESS = Deno.networkInterfaces()
  .find(({ family, address }) => family === "IPv4" && !address.startsWith("127."))?.address;

/** What a browser hides from a page that came over http. */
const TAKE_SECURITY = `{
  Object.defineProperty(globalThis, "isSecureContext", { value: false });
  Object.defineProperty(navigator, "mediaDevices", { value: undefined });
  Object.defineProperty(navigator, "clipboard", { value: undefined });
}`;

Deno.test({
  name: `who opens the page over http ${OTHER_ADDRESS === undefined ? "(imitated: there is no network) " : ""}` +
    "is told where devices work, and can watch and share the link",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, chromium, server }) => {
      await join("Ada");
      const url = new URL(server.url);
      if (OTHER_ADDRESS !== undefined) url.hostname = OTHER_ADDRESS;
      const takeSecurity = async (page: Page) => {
        if (OTHER_ADDRESS === undefined) await page.evaluateOnNewDocument(TAKE_SECURITY);
      };
      const guest = await RoomPage.open(chromium, url.href, {}, takeSecurity);
      for (const device of ["camera", "microphone"]) {
        const words = `This page came over http, and browsers give the ${device} only to https pages. ` +
          `Open https://${url.host} instead, or http://localhost on the server's own machine. You can join without it.`;
        await guest.waitForWords("lobby-notice", words);
      }
      await guest.click("join-button");
      await guest.waitForState("joined");
      await guest.waitForOthers(1);
      strictEqual(await guest.page.$eval("[data-testid=screen-button]", (button) => button.checkVisibility()), false);
      await guest.click("copy-button");
      await guest.waitForWords("status", `Copy this link: ${url.origin}/?room=test`);
    }),
});
