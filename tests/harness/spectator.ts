import type { Page } from "puppeteer-core";

/** A computer without camera and microphone. */
const NO_DEVICES = `navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException("there is none", "NotFoundError"));`;

/** Has a page find no devices: who opens it watches and listens. */
export async function takeDevicesAway(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(NO_DEVICES);
}
