/**
 * A WHIP publisher and a WHEP player as any page may write them, with `fetch` and RTCPeerConnection alone. The harness runs
 * it in a page of another origin than the server's, and uses it as `globalThis.httpPeer`.
 */
(() => {
  const SDP = "application/sdp";
  const FRAGMENT = "application/trickle-ice-sdpfrag";
  /** @type {RTCPeerConnection} */
  let connection;
  /** @type {URL} */
  let session;
  let etag = "";

  /** @param {Response} response @param {number} status */
  function expect(response, status) {
    if (response.status !== status) throw new Error(`${response.status} and not ${status} for ${response.url}`);
    return response;
  }

  /** Posts the offer, and what is needed of it later is kept. @param {string} url */
  async function connect(url) {
    await connection.setLocalDescription();
    const body = connection.localDescription.sdp;
    const response = expect(await fetch(url, { method: "POST", headers: { "Content-Type": SDP }, body }), 201);
    session = new URL(response.headers.get("Location"), response.url);
    etag = response.headers.get("ETag");
    await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
  }

  /** @param {string} body @param {string} ifMatch */
  const patch = (body, ifMatch) =>
    fetch(session, { method: "PATCH", headers: { "Content-Type": FRAGMENT, "If-Match": ifMatch }, body });

  /** @param {string} sdp @param {string} name */
  const attribute = (sdp, name) => new RegExp(`^a=${name}:(.*?)\\r?$`, "m").exec(sdp)[1];

  globalThis.httpPeer = {
    /** Publishes a fake camera and microphone. @param {string} url */
    async publish(url) {
      connection = new RTCPeerConnection();
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 180 } });
      for (const track of stream.getTracks()) {
        connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
      }
      await connect(url);
    },

    /** Plays one picture and one sound. @param {string} url */
    async play(url) {
      connection = new RTCPeerConnection();
      for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
      connection.addEventListener("track", ({ track }) => {
        const element = document.createElement(track.kind);
        Object.assign(element, { autoplay: true, muted: track.kind === "video", srcObject: new MediaStream([track]) });
        document.body.append(element);
      });
      await connect(url);
    },

    /** Tells that no candidates will come any more. */
    async trickle() {
      expect(await patch(`a=mid:0\r\na=end-of-candidates\r\n`, etag), 204);
    },

    /** Restarts ICE (RFC 9725 section 4.3.3). */
    async restart() {
      const answer = connection.remoteDescription.sdp;
      connection.restartIce();
      await connection.setLocalDescription();
      const { sdp } = connection.localDescription;
      const credentials = ["ice-ufrag", "ice-pwd"].map((name) => `a=${name}:${attribute(sdp, name)}\r\n`).join("");
      const response = expect(await patch(credentials, "*"), 200);
      etag = response.headers.get("ETag");
      const fragment = await response.text();
      const renewed = ["ice-ufrag", "ice-pwd"].reduce(
        (text, name) => text.replace(new RegExp(`^a=${name}:.*$`, "gm"), `a=${name}:${attribute(fragment, name)}`),
        answer,
      );
      await connection.setRemoteDescription({ type: "answer", sdp: renewed });
    },

    async stop() {
      expect(await fetch(session, { method: "DELETE" }), 200);
      connection.close();
    },

    /** Frames decoded and the energy of the sound heard so far, and the SSRCs of both. */
    async played() {
      const streams = [...(await connection.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
      const of = (kind) => streams.find((stream) => stream.kind === kind);
      return {
        frames: of("video")?.framesDecoded ?? 0,
        energy: of("audio")?.totalAudioEnergy ?? 0,
        ssrcs: streams.map(({ ssrc }) => ssrc).sort(),
      };
    },
  };
})();
