/**
 * Joins by WHEP again and again, each time as somebody new, and takes the time until media arrives. The harness runs it in a
 * page of another origin than the server's, gives it `divert`, which leads an answer over a path, and uses it as
 * `globalThis.joining`.
 */
(() => {
  const POLLING_MS = 10;
  const HEADERS = { "Content-Type": "application/sdp" };

  /** @param {RTCPeerConnection} connection */
  async function hasMedia(connection) {
    const stats = [...(await connection.getStats()).values()];
    return stats.some(({ type, packetsReceived }) => type === "inbound-rtp" && packetsReceived > 0);
  }

  /** Milliseconds from the answer to the first packet of media; null where none comes in time. */
  async function join(url, withinMs) {
    const connection = new RTCPeerConnection();
    connection.addTransceiver("audio", { direction: "recvonly" });
    await connection.setLocalDescription();
    const response = await fetch(url, { method: "POST", headers: HEADERS, body: connection.localDescription.sdp });
    if (response.status !== 201) throw new Error(`${response.status} for ${url}`);
    const session = new URL(response.headers.get("Location"), response.url);
    const sdp = await divert(await response.text());
    const start = performance.now();
    await connection.setRemoteDescription({ type: "answer", sdp });
    let elapsedMs = performance.now() - start;
    let joined = false;
    while (!joined && elapsedMs <= withinMs) {
      await new Promise((resolve) => setTimeout(resolve, POLLING_MS));
      joined = connection.connectionState === "connected" && await hasMedia(connection);
      elapsedMs = performance.now() - start;
    }
    connection.close();
    await fetch(session, { method: "DELETE" });
    return joined ? elapsedMs : null;
  }

  globalThis.joining = {
    /** So many at once. @param {string} url @param {number} count @param {number} withinMs */
    join: (url, count, withinMs) => Promise.all(Array.from({ length: count }, () => join(url, withinMs))),
  };
})();
