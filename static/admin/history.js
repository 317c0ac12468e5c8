// @ts-check
/** @import { Status, TrackCounters } from "./types.js" */

/** How far back it goes. */
export const SPAN_MS = 600_000;

/**
 * How the server was at a time; rates are those since the sample before, null where there is none to compare with.
 * @typedef {object} Sample
 * @property {number} atMs Unix time
 * @property {number} peers
 * @property {number | null} packetsIn a second
 * @property {number | null} packetsOut a second
 * @property {number | null} bitsIn a second, of payloads
 * @property {number | null} bitsOut a second, of payloads
 * @property {number | null} lossUp of the packets of publishers, 0 to 1
 * @property {number | null} lossDown of the packets to subscribers, 0 to 1
 * @property {number | null} cpu cores that are busy
 */

/** @typedef {{ atMs: number, uptimeSeconds: number, cpuSeconds: number, counters: TrackCounters }} Totals */

/** What the server was like for the last ten minutes. */
export class History {
  /** @type {Sample[]} */
  #samples = [];
  /** @type {Totals | undefined} */
  #last;

  /** The oldest first. */
  get samples() {
    return this.#samples;
  }

  /** @param {Status} status */
  add(status) {
    const atMs = Date.parse(status.time);
    const { uptimeSeconds, process: { cpuSeconds }, media: { audio, video } } = status;
    const now = { atMs, uptimeSeconds, cpuSeconds, counters: sumOf(audio, video) };
    const before = this.#last;
    this.#last = now;
    // A server that was started again counts anew.
    const isComparable = before !== undefined && atMs > before.atMs && uptimeSeconds > before.uptimeSeconds;
    const rates = isComparable ? ratesOf(before, now) : NO_RATES;
    this.#samples.push({ atMs, peers: status.alive.peers, ...rates });
    this.#samples = this.#samples.filter((sample) => sample.atMs > atMs - SPAN_MS);
  }
}

const NO_RATES = {
  packetsIn: null,
  packetsOut: null,
  bitsIn: null,
  bitsOut: null,
  lossUp: null,
  lossDown: null,
  cpu: null,
};

/**
 * @param {Totals} before
 * @param {Totals} now
 */
function ratesOf(before, now) {
  const seconds = (now.atMs - before.atMs) / 1000;
  /** @param {keyof TrackCounters} key */
  const grown = (key) => now.counters[key] - before.counters[key];
  const [received, sent] = [grown("packetsReceived"), grown("packetsSent")];
  return {
    packetsIn: received / seconds,
    packetsOut: sent / seconds,
    bitsIn: 8 * grown("bytesReceived") / seconds,
    bitsOut: 8 * grown("bytesSent") / seconds,
    lossUp: shareOf(grown("lostUpstream"), received + grown("lostUpstream")),
    lossDown: shareOf(grown("lostDownstream"), sent),
    cpu: (now.cpuSeconds - before.cpuSeconds) / seconds,
  };
}

/**
 * @param {number} part
 * @param {number} whole
 */
function shareOf(part, whole) {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/**
 * @param {TrackCounters} a
 * @param {TrackCounters} b
 * @returns {TrackCounters}
 */
function sumOf(a, b) {
  return {
    packetsReceived: a.packetsReceived + b.packetsReceived,
    bytesReceived: a.bytesReceived + b.bytesReceived,
    packetsSent: a.packetsSent + b.packetsSent,
    bytesSent: a.bytesSent + b.bytesSent,
    lostUpstream: a.lostUpstream + b.lostUpstream,
    lostDownstream: a.lostDownstream + b.lostDownstream,
  };
}
