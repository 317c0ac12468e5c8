// @ts-check
/** @import { PublishOptions, SendEncoding, Source } from "./types.js" */

/** The names of the encodings, lowest first, and how much smaller than the track each is. */
const LAYERS = [{ rid: "q", scale: 4 }, { rid: "h", scale: 2 }, { rid: "f", scale: 1 }];
/** Lines of the track from which on it is worth so many encodings. */
const LINES = [{ lines: 720, count: 3 }, { lines: 360, count: 2 }];
/** Bit/s that a picture of so many lines takes at the most. */
const BITRATES = [
  { lines: 180, maxBitrate: 200_000 },
  { lines: 360, maxBitrate: 600_000 },
  { lines: 540, maxBitrate: 1_200_000 },
  { lines: 720, maxBitrate: 2_000_000 },
  { lines: 1080, maxBitrate: 3_500_000 },
];
const HIGHEST_BITRATE = 6_000_000;
/** A single-layer stream for each encoding: without it Chromium makes one stream with layers of VP9's encodings. */
const ONE_STREAM_EACH = "L1T3";

/**
 * What a track is published in: a camera in up to three encodings by its height, all else in one.
 * @param {MediaStreamTrack} track
 * @param {Source} source
 * @param {PublishOptions} options
 * @returns {SendEncoding[]} lowest first
 */
export function encodingsOf(track, source, { simulcast = source === "camera", maxBitrate, scalabilityMode }) {
  if (track.kind !== "video") return [limited({}, maxBitrate)];
  if (scalabilityMode !== undefined) return [limited({ scalabilityMode }, maxBitrate)];
  // A camera that is held upright has its lines in its width.
  const { width = Infinity, height = 0 } = track.getSettings();
  const size = Math.min(width, height);
  if (Array.isArray(simulcast)) {
    return maxBitrate === undefined ? simulcast : shared(withBitrates(simulcast, size), maxBitrate);
  }
  const count = simulcast ? LINES.find(({ lines }) => size >= lines)?.count ?? 1 : 1;
  if (count === 1) return [limited({}, maxBitrate)];
  const encodings = LAYERS.slice(-count).map(({ rid, scale }) => ({
    rid,
    scaleResolutionDownBy: scale,
    maxBitrate: bitrateOf(size / scale),
    scalabilityMode: ONE_STREAM_EACH,
  }));
  return maxBitrate === undefined ? encodings : shared(encodings, maxBitrate);
}

/**
 * Adds a line that sends the encodings. A browser that knows none of the scalability modes sends them without.
 * @param {RTCPeerConnection} connection
 * @param {MediaStreamTrack} track
 * @param {MediaStream} stream
 * @param {SendEncoding[]} sendEncodings
 * @returns {RTCRtpTransceiver}
 */
export function addSender(connection, track, stream, sendEncodings) {
  /** @param {SendEncoding[]} encodings */
  const add = (encodings) =>
    connection.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings: encodings });
  try {
    return add(sendEncodings);
  } catch (error) {
    if (!sendEncodings.some((encoding) => "scalabilityMode" in encoding)) throw error;
    return add(sendEncodings.map(withoutMode));
  }
}

/**
 * What of its encodings a line has for good: it can send others only where this is the same.
 * @param {SendEncoding[]} encodings
 * @returns {string}
 */
export function shapeOf(encodings) {
  return JSON.stringify(encodings.map(({ rid, scalabilityMode }) => [rid, scalabilityMode]));
}

/**
 * Has a sender send other encodings, of the same shape.
 * @param {RTCRtpSender} sender
 * @param {SendEncoding[]} wanted
 * @param {string[] | null} [active] RIDs of those to be sent; null: as they say themselves
 */
export async function changeEncodings(sender, wanted, active = null) {
  const change = () => sender.setParameters(changed(sender.getParameters(), wanted, active));
  try {
    await change();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // A description that was applied at the same moment has made stale what was read.
    await change();
  }
}

/**
 * @param {RTCRtpSendParameters} parameters
 * @param {SendEncoding[]} wanted
 * @param {string[] | null} active
 */
function changed(parameters, wanted, active) {
  for (const [index, encoding] of parameters.encodings.entries()) {
    // A browser may have fewer than were wanted, where the server took fewer.
    const found = wanted.findIndex(({ rid }) => rid === encoding.rid);
    const wantedIndex = found === -1 ? index : found;
    const { rid, scalabilityMode: _, ...changes } = wanted[wantedIndex];
    delete encoding.maxBitrate;
    delete encoding.maxFramerate;
    // Of sound there is none.
    if (encoding.scaleResolutionDownBy !== undefined) encoding.scaleResolutionDownBy = scaleOf(wanted, wantedIndex);
    Object.assign(encoding, { active: true, ...changes });
    if (active !== null && rid) encoding.active = active.includes(rid);
  }
  return parameters;
}

/**
 * @param {SendEncoding} encoding
 * @param {number | undefined} maxBitrate
 * @returns {SendEncoding}
 */
function limited(encoding, maxBitrate) {
  return maxBitrate === undefined ? encoding : { ...encoding, maxBitrate };
}

/**
 * Has those of an application that say none take what their size takes.
 * @param {SendEncoding[]} encodings
 * @param {number} lines of the track
 */
function withBitrates(encodings, lines) {
  return encodings.map((encoding, index) => ({
    ...encoding,
    maxBitrate: encoding.maxBitrate ?? bitrateOf(lines / scaleOf(encodings, index)),
  }));
}

/**
 * How much smaller than the track a browser makes an encoding: where none says so, each half as large as the next one
 * (addTransceiver of W3C's WebRTC).
 * @param {SendEncoding[]} encodings
 * @param {number} index
 */
function scaleOf(encodings, index) {
  const isScaled = encodings.some(({ scaleResolutionDownBy }) => scaleResolutionDownBy !== undefined);
  return isScaled ? encodings[index].scaleResolutionDownBy ?? 1 : 2 ** (encodings.length - 1 - index);
}

/**
 * Leaves each encoding its share of what all of them may take.
 * @param {(SendEncoding & { maxBitrate: number })[]} encodings
 * @param {number} maxBitrate
 */
function shared(encodings, maxBitrate) {
  const all = encodings.reduce((sum, encoding) => sum + encoding.maxBitrate, 0);
  const share = Math.min(1, maxBitrate / all);
  return encodings.map((encoding) => ({ ...encoding, maxBitrate: Math.floor(encoding.maxBitrate * share) }));
}

/** @param {number} lines */
function bitrateOf(lines) {
  return BITRATES.find((step) => lines <= step.lines)?.maxBitrate ?? HIGHEST_BITRATE;
}

/** @param {SendEncoding} encoding */
function withoutMode(encoding) {
  const { scalabilityMode: _, ...rest } = encoding;
  return rest;
}
