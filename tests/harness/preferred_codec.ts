import type { Page } from "puppeteer-core";

/** Has a page put this codec first on the m-lines that it publishes on. */
export function preferring(mimeType: string): (page: Page) => Promise<void> {
  return async (page) => {
    await page.evaluateOnNewDocument(`{
      const { addTransceiver } = RTCPeerConnection.prototype;
      RTCPeerConnection.prototype.addTransceiver = function (track, init) {
        const transceiver = addTransceiver.call(this, track, init);
        const { codecs } = RTCRtpSender.getCapabilities(transceiver.receiver.track.kind);
        const wanted = codecs.filter(({ mimeType }) => mimeType === "${mimeType}");
        if (init.direction === "sendonly") transceiver.setCodecPreferences([...wanted, ...codecs]);
        return transceiver;
      };
    }`);
  };
}
