// @ts-check
/**
 * What the user is told.
 * @module
 */

/** @import { Quality, Source, TrackQuality } from "../switchboard.js" */
/** @import { DeviceError } from "./devices.js" */
import { SwitchboardError } from "../switchboard.js";

/**
 * @param {DeviceError} error
 * @returns {string}
 */
export function deviceWords({ device, problem }) {
  const host = location.host;
  switch (problem) {
    case "insecure":
      return `This page came over http, and browsers give the ${device} only to https pages. Open https://${host} instead, ` +
        "or http://localhost on the server's own machine. You can join without it.";
    case "unsupported":
      return `This browser gives pages no ${device}. You can join without it.`;
    case "missing":
      if (device === "screen") {
        return "The browser found no screen to share. Perhaps the settings of this system keep it from recording one.";
      }
      return `No ${device} was found. Connect one and turn it on here, or join without it.`;
    case "refused":
      return `The ${device} is not allowed for this page. Allow it by the icon beside the address, then turn it on here.`;
    case "busy":
      return `The ${device} is in use by another program or does not respond. Close that program, then turn it on here.`;
    default:
      return `The ${device} could not be started.`;
  }
}

/** What the user is told of the errors that are the client's own; of others, the server's words. @type {Record<string, string>} */
const JOIN_WORDS = {
  "unsupported-browser":
    "This browser has no WebRTC, or it is turned off. A current Firefox, Chrome, Edge or Safari has it.",
  "not-secure":
    "This page came over https, so it can reach a server only by https too, and this server's address is http.",
  "server-unreachable": "The server cannot be reached. Check your connection; perhaps the server is not running.",
  "server-gone": "The server closed the connection before you were in the room.",
  "server-draining": "The server is about to end. Try again in a moment: perhaps another one takes its place.",
  "unauthorized": "This server lets in who has a link with a valid token. Ask for a new link: tokens end.",
  "forbidden": "Your link is for another room.",
  "auth-unavailable": "The server cannot check your link at present. Try again in a moment.",
  "duplicate-identity": "You are in this room already, in another window or on another device. Leave it there first.",
};

/**
 * @param {unknown} error
 * @returns {{ title: string, text: string }}
 */
export function joinWords(error) {
  if (!(error instanceof SwitchboardError)) return { title: "Could not join", text: String(error) };
  const text = JOIN_WORDS[error.code];
  if (text !== undefined) return { title: "Could not join", text };
  // All else that a client says to join is right by itself.
  const advice = error.code === "bad-message" ? "Choose another name for the room or for yourself. " : "";
  return { title: "The server refused", text: `${advice}The server says: ${error.message} (${error.code}).` };
}

/** @type {Record<string, { title: string, text: string }>} */
const CLOSED_WORDS = {
  "left": { title: "You left the room", text: "Your camera and microphone are off." },
  "server-closing": { title: "The server is shutting down", text: "Perhaps it is back in a minute: then rejoin." },
  "server-gone": {
    title: "The server is gone",
    text: "The connection was lost. Rejoin once your network or the server is back.",
  },
  "resume-failed": {
    title: "The connection was lost",
    text: "It came back too late, or the server was restarted meanwhile. Rejoin to go on.",
  },
  "superseded": { title: "You are in this room elsewhere", text: "Another window of yours has taken over the call." },
  "replaced": {
    title: "You are in this room elsewhere",
    text: "You have joined it in another window or on another device.",
  },
  "kicked": { title: "You were removed from the room", text: "Whoever runs it has had you leave." },
  "room-ended": { title: "The room was ended", text: "Whoever runs it has ended the call for everybody." },
  "unauthorized": {
    title: "The connection was lost",
    text: "To come back takes a new link, as the token in yours is not valid any more.",
  },
  "transport-failed": {
    title: "No media connection",
    text: "Sound and picture do not get through to the server, although its page does. A firewall may block UDP.",
  },
};

/**
 * @param {{ code: string, reason: string }} closed
 * @returns {{ title: string, text: string }}
 */
export function closedWords({ code, reason }) {
  return CLOSED_WORDS[code] ?? { title: "The room was closed", text: `The server says: ${reason} (${code}).` };
}

/**
 * @param {{ code: string, message: string }} error
 * @param {string | undefined} owner whose track it is about
 * @returns {string}
 */
export function errorWords({ code, message }, owner) {
  if (code === "forbidden") return "Your link does not allow that here";
  if (code === "bitrate-exceeded") return "You send more than the server takes: some of it does not reach the others";
  if (code !== "codec-unsupported") return `Something failed: ${message} (${code})`;
  if (owner === undefined) return "The room takes none of the codecs that this browser can send";
  return `This browser cannot play what ${owner} sends: its codec is not supported`;
}

const SOURCE_WORDS = {
  camera: "camera",
  microphone: "microphone",
  screen: "screen",
  screenAudio: "screen's sound",
};

/**
 * @param {import("../sdk/types.js").Source} source of a track of this client
 * @param {boolean} muted by whoever runs the server
 * @returns {string}
 */
export function mutedWords(source, muted) {
  const what = `your ${SOURCE_WORDS[source]}`;
  return muted ? `Whoever runs the room has muted ${what}: nobody gets it` : `Others get ${what} again`;
}

/**
 * @param {number} count
 * @returns {string}
 */
export function peopleWords(count) {
  return count === 1 ? "only you" : `${count} people`;
}

/**
 * @param {number} count of people whose picture is not shown
 * @returns {string}
 */
export function hiddenWords(count) {
  return count === 0 ? "All shown" : `${count} not shown`;
}

/**
 * @param {boolean} speaking
 * @param {boolean} shown
 * @returns {string} what there is to be said of a person in the list
 */
export function personWords(speaking, shown) {
  return [...(speaking ? ["speaking"] : []), ...(shown ? [] : ["not shown"])].join(", ");
}

/**
 * @param {string} name
 * @returns {string}
 */
export function nameWords(name) {
  return name.trim() || "Guest";
}

/**
 * @param {string} name
 * @returns {string} one or two letters
 */
export function initials(name) {
  const words = nameWords(name).split(/\s+/);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0]).join("").toUpperCase();
}

/**
 * @param {Quality | null} quality
 * @returns {string}
 */
export function connectionWords(quality) {
  if (quality === null) return "Nothing is received yet.";
  const { bitrate, loss = 0, roundTrip, limitedBy } = quality;
  const time = roundTrip === undefined ? "" : `, ${roundTrip} ms to the server and back`;
  return `Your connection: ${bitsWords(bitrate)}, ${Math.round(loss * 100)}% lost${time}. Decided by: ${limitedBy}.`;
}

/**
 * @param {TrackQuality} track
 * @returns {string} what is given of it
 */
export function givenWords({ state, width, height, fps, bitrate = 0, rid }) {
  if (state === "off") return "Given: nothing, as it is not shown";
  if (state === "paused") return "Given: nothing, it is paused";
  if (state === "waiting") return "Given: nothing yet";
  const size = width === undefined || height === undefined ? "a picture" : `${width}×${height}`;
  return `Given: ${size}${fps === undefined ? "" : ` at ${fps} fps`}, ${bitsWords(bitrate)}${
    rid ? `, layer ${rid}` : ""
  }`;
}

/**
 * @param {TrackQuality["wanted"]} wanted
 * @returns {string}
 */
export function wantedWords(wanted) {
  const { width, height, fps } = wanted ?? {};
  const size = width === undefined && height === undefined ? "all there is" : `${width ?? "?"}×${height ?? "?"}`;
  return `Wanted: ${size}${fps === undefined ? "" : ` at ${fps} fps`}`;
}

/**
 * @param {{ rid: string, width?: number, height?: number, fps?: number, bitsPerSecond: number }} encoding
 * @returns {string}
 */
export function sentWords({ rid, width, height, fps = 0, bitsPerSecond }) {
  const layer = rid === "" ? "The picture" : `Layer ${rid}`;
  if (bitsPerSecond < 1) return `${layer}: not sent`;
  return `${layer}: ${width ?? "?"}×${height ?? "?"} at ${Math.round(fps)} fps, ${bitsWords(bitsPerSecond)}`;
}

/**
 * @param {Source} source
 * @param {string[]} layers
 * @returns {string}
 */
export function watchedWords(source, layers) {
  return layers.length === 0 ? `Nobody watches your ${source}` : `Watched of your ${source}: ${layers.join(", ")}`;
}

/** @param {number} bitsPerSecond */
function bitsWords(bitsPerSecond) {
  if (bitsPerSecond < 1_000_000) return `${Math.round(bitsPerSecond / 1_000)} kbit/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
}
