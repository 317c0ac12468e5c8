import type { Page } from "puppeteer-core";
import { seededRandom } from "./seeded_random.ts";
import { UdpProxy } from "./udp_proxy.ts";

/** Sends every connection that a page makes over a proxy. */
const TAKE_DETOUR = `{
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
    const [, port] = /^a=candidate:.* (\\d+) typ host/m.exec(sdp);
    const target = "127.0.0.1 " + await detour(Number(port));
    const detoured = sdp.replace(/^(a=candidate:\\S+ 1 udp \\d+) \\S+ \\d+/gim, "$1 " + target);
    await setRemoteDescription.call(this, { type, sdp: detoured });
  };
}`;

/** A way between a page and the server on this machine that can lose every datagram, while their WebSocket stays. */
export class UdpDetour implements AsyncDisposable {
  /** By the server's port. */
  readonly #proxies = new Map<number, UdpProxy>();
  #broken = false;

  /** Whether datagrams are lost. */
  set broken(broken: boolean) {
    this.#broken = broken;
    for (const proxy of this.#proxies.values()) proxy.change(this.#conditions);
  }

  /**
   * Prepares a page before its scripts run. Chromium shows the loopback interface only to pages that may use devices: those
   * of `origin` may.
   */
  async lead(page: Page, origin?: string): Promise<void> {
    if (origin !== undefined) await page.browserContext().overridePermissions(origin, ["microphone"]);
    await page.exposeFunction("detour", (serverPort: number) => this.#proxyOf(serverPort).port);
    await page.evaluateOnNewDocument(TAKE_DETOUR);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
  }

  get #conditions() {
    const loss = { loss: this.#broken ? 1 : 0 };
    return { up: loss, down: loss };
  }

  #proxyOf(serverPort: number): UdpProxy {
    const known = this.#proxies.get(serverPort);
    if (known !== undefined) return known;
    // All or nothing is lost: chance decides nothing.
    const proxy = new UdpProxy(serverPort, { ...this.#conditions, random: seededRandom(0) });
    this.#proxies.set(serverPort, proxy);
    return proxy;
  }
}
