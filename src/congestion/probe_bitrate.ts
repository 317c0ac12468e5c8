import { PROBE_PACKETS } from "./probe_sender.ts";

/** Of what was sent of a probe so much is to arrive. */
const MIN_RECEIVED = 0.8;
/** A probe that took longer to be sent, or to arrive, says nothing. */
const MAX_INTERVAL_MS = 1000;
/** Nor does one that arrived so much faster than it was sent: it waited somewhere. */
const MAX_RATIO = 2;
/** Below this part of the rate at which it was sent it filled the link; of that so much is used. */
const UNSATURATED = 0.9;
const USED = 0.95;
/** Probes whose packets are told apart. */
const REMEMBERED = 4;
const MAX_ID = 255;

/** What arrived of one probe; times in microseconds and ticks of 250 of them, modulo 2^32. */
class Arrivals {
  id = 0;
  minBytes = 0;
  packets = 0;
  bytes = 0;
  firstSentUs = 0;
  lastSentUs = 0;
  lastSentBytes = 0;
  firstArrival = 0;
  firstArrivalBytes = 0;
  lastArrival = 0;
}

/** Computes what the way carries from the packets of a probe. */
export class ProbeBitrate {
  readonly #probes = Array.from({ length: REMEMBERED }, () => new Arrivals());
  #result = 0;

  /** A probe is to be sent, of `bytes` at the least. */
  begin(id: number, bytes: number): void {
    const probe = this.#probes[id % REMEMBERED];
    probe.id = id;
    probe.minBytes = bytes;
    probe.packets = 0;
    probe.bytes = 0;
  }

  /** A packet of a probe (1 to 255) arrived. */
  handlePacket(id: number, bytes: number, sentUs: number, arrivalTicks: number): void {
    const probe = this.#probes[id % REMEMBERED];
    if (probe.id !== id || id < 1 || id > MAX_ID) return;
    const isFirst = probe.packets === 0;
    if (isFirst || ((sentUs - probe.firstSentUs) | 0) < 0) probe.firstSentUs = sentUs;
    if (isFirst || ((sentUs - probe.lastSentUs) | 0) > 0) {
      probe.lastSentUs = sentUs;
      probe.lastSentBytes = bytes;
    }
    if (isFirst || ((arrivalTicks - probe.firstArrival) | 0) < 0) {
      probe.firstArrival = arrivalTicks;
      probe.firstArrivalBytes = bytes;
    }
    if (isFirst || ((arrivalTicks - probe.lastArrival) | 0) > 0) probe.lastArrival = arrivalTicks;
    probe.packets++;
    probe.bytes += bytes;
    if (probe.packets < PROBE_PACKETS * MIN_RECEIVED || probe.bytes < probe.minBytes * MIN_RECEIVED) return;
    this.#measure(probe);
  }

  /** What a probe found since the last time, in bits per second; 0 for nothing. */
  take(): number {
    const result = this.#result;
    this.#result = 0;
    return result;
  }

  #measure(probe: Arrivals): void {
    const sentMs = ((probe.lastSentUs - probe.firstSentUs) | 0) / 1000;
    const arrivedMs = ((probe.lastArrival - probe.firstArrival) | 0) / 4;
    if (sentMs <= 0 || sentMs > MAX_INTERVAL_MS || arrivedMs <= 0 || arrivedMs > MAX_INTERVAL_MS) return;
    const sent = 8000 * (probe.bytes - probe.lastSentBytes) / sentMs;
    const arrived = 8000 * (probe.bytes - probe.firstArrivalBytes) / arrivedMs;
    if (arrived > MAX_RATIO * sent) return;
    this.#result = arrived < UNSATURATED * sent ? USED * arrived : Math.min(sent, arrived);
  }
}
