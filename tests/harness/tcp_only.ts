import type { Page } from "puppeteer-core";

/** Keeps every UDP candidate of the server from the page's connections. */
const DROP_UDP = `{
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: sdp.replace(/^a=candidate:\\S+ 1 udp .*\\r\\n/gim, "") });
  };
}`;

/** Prepares a page before its scripts run: it knows no way to the server but TCP, as where UDP is blocked. */
export async function useTcpOnly(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(DROP_UDP);
}
