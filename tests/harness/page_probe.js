/**
 * Runs in a page before its own scripts: collects its peer connections, and notes when the page joined and when each
 * picture first showed. The harness reads it as `globalThis.probe`.
 */
(() => {
  /** @type {RTCPeerConnection[]} */
  const connections = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      connections.push(this);
    }
  };

  /** When `data-state` became `joined`, in ms of the page's own clock. @type {number | undefined} */
  let joinedAt;
  new MutationObserver(() => {
    if (document.documentElement?.dataset.state === "joined") joinedAt ??= performance.now();
  }).observe(document, { subtree: true, attributeFilter: ["data-state"] });

  /** When the first frame of each peer's video could be shown. @type {Record<string, number>} */
  const picturesAt = {};
  document.addEventListener("loadeddata", ({ target }) => {
    const tile = target instanceof HTMLVideoElement && target.closest("[data-testid=tile][data-self=false]");
    if (tile instanceof HTMLElement) picturesAt[tile.dataset.peerId ?? ""] ??= performance.now();
  }, { capture: true });

  /** @returns {HTMLElement[]} the tiles of the others */
  const tiles = () =>
    [...document.querySelectorAll("[data-testid=tile][data-self=false]")].map((
      tile,
    ) => /** @type {HTMLElement} */ (tile));

  /** The peer whose tile plays a track. @param {string} trackId */
  function peerOf(trackId) {
    return tiles().find((tile) =>
      [...tile.querySelectorAll("video, audio")].some((element) => {
        const stream = /** @type {HTMLMediaElement} */ (element).srcObject;
        return stream instanceof MediaStream && stream.getTrackById(trackId) !== null;
      })
    )?.dataset.peerId;
  }

  /** Receive statistics of every track that a tile plays. */
  async function inbound() {
    const streams = [];
    for (const connection of connections) {
      for (const report of (await connection.getStats()).values()) {
        const peerId = report.type === "inbound-rtp" ? peerOf(report.trackIdentifier) : undefined;
        if (peerId === undefined) continue;
        streams.push({
          peerId,
          kind: report.kind,
          packetsReceived: report.packetsReceived ?? 0,
          packetsLost: report.packetsLost ?? 0,
          framesDecoded: report.framesDecoded ?? 0,
          freezeCount: report.freezeCount ?? 0,
          frameWidth: report.frameWidth ?? 0,
          totalAudioEnergy: report.totalAudioEnergy ?? 0,
          totalSamplesDuration: report.totalSamplesDuration ?? 0,
        });
      }
    }
    return streams;
  }

  Object.assign(globalThis, {
    probe: {
      inbound,
      peers: () => tiles().map((tile) => tile.dataset.peerId),
      times: () => ({ joinedAt, picturesAt }),
    },
  });
})();
