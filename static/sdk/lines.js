// @ts-check
/**
 * What lines that send and lines that receive have in common.
 * @module
 */

/** @import { Kind } from "./types.js" */

/**
 * @param {{ transceiver: RTCRtpTransceiver }} line
 * @returns {Kind}
 */
export function kindOf({ transceiver }) {
  return /** @type {Kind} */ (transceiver.receiver.track.kind);
}

/**
 * Whether the server knows that the line is parked. Were it used again at once, an m-line would change its track without
 * ever having been inactive, and the server would take the new track for the old one.
 * @param {{ transceiver: RTCRtpTransceiver }} line
 */
export function isFree({ transceiver }) {
  return transceiver.currentDirection === null || transceiver.currentDirection === "inactive";
}
