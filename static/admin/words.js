// @ts-check
/**
 * Numbers and states in words.
 * @module
 */
/** @import { Peer, PeerSummary, Published, Received, Status, TrackQuality } from "./types.js" */

/** @param {number} bits a second */
export function bitsWords(bits) {
  if (bits >= 1e9) return `${(bits / 1e9).toFixed(2)} Gbit/s`;
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

/** @param {number} count */
export function countWords(count) {
  return count >= 10_000 ? `${(count / 1000).toFixed(0)}k` : `${Math.round(count)}`;
}

/** @param {number} share 0 to 1 */
export function percentWords(share) {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}

/**
 * @param {number} count
 * @param {string} thing
 */
function manyWords(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** @param {Status} status */
export function summaryWords({ alive, backend, uptimeSeconds, process: { residentBytes } }) {
  const workers = backend.workers === 0 ? "" : `, ${manyWords(backend.workers, "media worker")}`;
  const { rooms, peers, producers, consumers } = alive;
  return `${manyWords(rooms, "room")}, ${manyWords(peers, "peer")}, ${manyWords(producers, "track")}, forwarded ` +
    `${manyWords(consumers, "time")}; ` +
    `${backend.name}${workers}; up ${durationWords(uptimeSeconds)}; ${Math.round(residentBytes / 1e6)} MB`;
}

/** @param {Status} status */
export function troubleWords({ ready, obstacle, draining }) {
  if (draining !== undefined) return `Draining: ${draining.seconds} s left`;
  return ready ? "" : `No peer can join: ${obstacle}`;
}

/** @param {number} seconds */
export function durationWords(seconds) {
  const units = /** @type {const} */ ([["d", 86_400], ["h", 3600], ["min", 60]]);
  const found = units.find(([, length]) => seconds >= length);
  if (found === undefined) return `${Math.floor(seconds)} s`;
  return `${Math.floor(seconds / found[1])} ${found[0]}`;
}

/** @param {PeerSummary} peer */
export function nameOf({ name, identity, id }) {
  return name ?? identity ?? id;
}

/** @param {PeerSummary} peer */
export function tracksWords({ tracks }) {
  return tracks.map(({ source }) => source).join(", ") || "nothing";
}

/** @param {Peer} peer */
export function peerWords({ id, identity, protocol, state, address, estimate }) {
  const parts = [
    `id ${id}`,
    ...(identity === undefined ? [] : [`identity ${identity}`]),
    `${state} by ${protocol}`,
    ...(address === undefined ? [] : [`${address.hostname}:${address.port} (${address.transport})`]),
    ...(estimate === undefined ? [] : [estimateWords(estimate)]),
  ];
  return parts.join("; ");
}

/** @param {NonNullable<Peer["estimate"]>} estimate */
function estimateWords({ bitrate, loss, roundTrip, limitedBy }) {
  const lost = loss === undefined ? "" : `, ${percentWords(loss)} lost`;
  const time = roundTrip === undefined ? "" : `, ${Math.round(roundTrip)} ms`;
  return `its way carries ${bitsWords(bitrate)}${lost}${time}, by ${limitedBy}`;
}

/** @param {Published} track */
export function publishedWords({ source, codec, rids, activeRids, muted }) {
  const layers = rids === undefined ? "" : `; layers ${rids.join(", ")}`;
  const active = activeRids === undefined ? "" : `, of which somebody receives ${activeRids.join(", ") || "none"}`;
  return `${source}: ${codec}${layers}${active}${muted ? "; muted" : ""}`;
}

/**
 * @param {Received} track
 * @param {string} publisher
 */
export function receivedWords({ source, quality }, publisher) {
  return `${source} of ${publisher}${quality === undefined ? "" : `: ${qualityWords(quality)}`}`;
}

/** @param {TrackQuality} quality */
function qualityWords({ state, width, height, fps, rid, spatial, temporal, bitrate }) {
  if (state !== "sent") return state;
  const size = width === undefined ? "" : ` ${width}×${height}`;
  const layers = [
    ...(rid === undefined ? [] : [`layer ${rid}`]),
    ...(spatial === undefined ? [] : [`spatial ${spatial}`]),
    ...(temporal === undefined ? [] : [`temporal ${temporal}`]),
  ];
  return [
    `sent${size}${fps === undefined ? "" : ` at ${Math.round(fps)} fps`}`,
    ...layers,
    ...(bitrate === undefined ? [] : [bitsWords(bitrate)]),
  ].join(", ");
}
