/**
 * Runs in a page before its own scripts: collects its peer connections, notes when the page joined and when each picture
 * first showed, and measures what a person can use. The harness reads it as `globalThis.probe`.
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

  /** How late a timer of 10 ms was at most since it was asked last: how long the page was kept from running. */
  let standstill = 0;
  let lastTick = performance.now();
  setInterval(() => {
    const now = performance.now();
    standstill = Math.max(standstill, now - lastTick - 10);
    lastTick = now;
  }, 10);
  function takeStandstill() {
    const longest = standstill;
    standstill = 0;
    return longest;
  }

  /** When `data-state` became `joined`, in ms of the page's own clock. @type {number | undefined} */
  let joinedAt;
  new MutationObserver(() => {
    if (document.documentElement?.dataset.state === "joined") joinedAt ??= performance.now();
  }).observe(document, { subtree: true, attributeFilter: ["data-state"] });

  /** When the first frame of each peer's video could be shown. @type {Record<string, number>} */
  const picturesAt = {};
  document.addEventListener("loadeddata", ({ target }) => {
    const tile = target instanceof HTMLVideoElement && target.closest("[data-testid=tile][data-self=false]");
    if (!(tile instanceof HTMLElement)) return;
    picturesAt[tile.dataset.peerId ?? ""] ??= performance.now();
    watchFrames(/** @type {HTMLVideoElement} */ (target));
  }, { capture: true });

  /** When each picture showed its newest frame, and the longest wait for one since it was asked last. */
  const framesAt = new Map();
  let longestGap = 0;
  /** @param {HTMLVideoElement} video */
  function watchFrames(video) {
    video.requestVideoFrameCallback((now) => {
      longestGap = Math.max(longestGap, now - (framesAt.get(video) ?? now));
      framesAt.set(video, now);
      watchFrames(video);
    });
  }
  function takeLongestGap() {
    const now = performance.now();
    const longest = Math.max(longestGap, ...[...framesAt.values()].map((at) => now - at));
    longestGap = 0;
    return longest;
  }

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
      const stats = await connection.getStats();
      for (const report of stats.values()) {
        const peerId = report.type === "inbound-rtp" ? peerOf(report.trackIdentifier) : undefined;
        if (peerId === undefined) continue;
        streams.push({
          peerId,
          kind: report.kind,
          mimeType: stats.get(report.codecId)?.mimeType,
          packetsReceived: report.packetsReceived ?? 0,
          packetsLost: report.packetsLost ?? 0,
          framesDecoded: report.framesDecoded ?? 0,
          freezeCount: report.freezeCount ?? 0,
          nackCount: report.nackCount ?? 0,
          retransmittedPacketsReceived: report.retransmittedPacketsReceived ?? 0,
          estimatedPlayoutTimestamp: report.estimatedPlayoutTimestamp ?? null,
          frameWidth: report.frameWidth ?? 0,
          totalAudioEnergy: report.totalAudioEnergy ?? 0,
          totalSamplesDuration: report.totalSamplesDuration ?? 0,
        });
      }
    }
    return streams;
  }

  /** Which element has the focus, and how wide the outline is that shows it. */
  function focus() {
    const element = /** @type {HTMLElement} */ (document.activeElement);
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return { name: element.dataset.testid, outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth) };
  }

  /** The controls that are shown and, while a dialog is open, in it. */
  function controls() {
    const dialog = document.querySelector(":modal");
    return [...(dialog ?? document).querySelectorAll("button, input")].filter((control) => control.checkVisibility());
  }

  /** By how much the page is larger than the window, and which controls cannot be seen whole and hit. */
  function layout() {
    const { scrollWidth, scrollHeight } = document.documentElement;
    const hidden = controls().filter((control) => !isUsable(control)).map((control) =>
      /** @type {HTMLElement} */ (control).dataset.testid
    );
    return { tooWide: scrollWidth - innerWidth, tooHigh: scrollHeight - innerHeight, hidden };
  }

  /** @param {Element} control */
  function isUsable(control) {
    control.scrollIntoView({ block: "nearest" });
    const { left, top, right, bottom } = control.getBoundingClientRect();
    const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    const uncovered = control.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
    // A field scrolls what is written in it.
    return inside && uncovered && (control.matches("input") || control.scrollWidth <= control.clientWidth);
  }

  Object.assign(globalThis, {
    probe: {
      connections,
      controls,
      focus,
      inbound,
      layout,
      takeLongestGap,
      takeStandstill,
      peers: () => tiles().map((tile) => tile.dataset.peerId),
      times: () => ({ joinedAt, picturesAt }),
    },
  });
})();
