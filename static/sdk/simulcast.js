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
  if (Array.isArray(simulcast)) return simulcast;
  const height = track.getSettings().height ?? 0;
  const count = simulcast ? LINES.find(({ lines }) => height >= lines)?.count ?? 1 : 1;
  if (count === 1) return [limited({}, maxBitrate)];
  const encodings = LAYERS.slice(-count).map(({ rid, scale }) => ({
    rid,
    scaleResolutionDownBy: scale,
    maxBitrate: bitrateOf(height / scale),
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
 * Sends other encodings, as many as before, on a line that is used again.
 * @param {RTCRtpSender} sender
 * @param {SendEncoding[]} wanted
 */
export async function changeEncodings(sender, wanted) {
  const parameters = sender.getParameters();
  for (const [index, encoding] of parameters.encodings.entries()) {
    const { maxBitrate, scaleResolutionDownBy } = wanted[index];
    if (maxBitrate === undefined) delete encoding.maxBitrate;
    else encoding.maxBitrate = maxBitrate;
    if (scaleResolutionDownBy !== undefined) encoding.scaleResolutionDownBy = scaleResolutionDownBy;
    encoding.active = true;
  }
  await sender.setParameters(parameters);
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
