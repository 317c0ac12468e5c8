// @ts-check
/** @import { Source } from "./types.js" */

/** Of one peer: what belongs together is played in sync. */
export function newStreams() {
  return { camera: new MediaStream(), screen: new MediaStream() };
}

/**
 * What a token must allow for it.
 * @param {Source} source
 * @returns {"audio" | "video" | "screen"}
 */
export function neededFor(source) {
  if (source === "microphone") return "audio";
  return source === "camera" ? "video" : "screen";
}

/**
 * @param {Source} source
 * @returns {"camera" | "screen"}
 */
export function streamOf(source) {
  return source === "camera" || source === "microphone" ? "camera" : "screen";
}
