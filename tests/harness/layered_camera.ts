import type { Page } from "puppeteer-core";

/** Has a page publish its pictures in three sizes (RFC 8853): a quarter, half and all of each side, as `q`, `h` and `f`. */
const PUBLISH_LAYERS = `{
  const { addTransceiver } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.addTransceiver = function (track, init) {
    if (track.kind !== "video" || init?.direction !== "sendonly") return addTransceiver.call(this, track, init);
    const sendEncodings = [
      { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
      { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 400_000 },
      { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_200_000 },
    ];
    return addTransceiver.call(this, track, { ...init, sendEncodings });
  };
}`;

/** Prepares a page before its scripts run. */
export async function publishLayers(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(PUBLISH_LAYERS);
}
