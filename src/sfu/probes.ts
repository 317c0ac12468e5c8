import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";

/** A stream that can carry what a probe lacks. */
export interface ProbeStream {
  /** Whether it can at present. */
  canProbe(nowMs: number): boolean;
  /** Sends one packet of at most about `bytes`, and returns how long it is; 0 where it could not be sent. */
  sendProbe(bytes: number, nowMs: number): number;
}

/**
 * Sends what a probe of `bandwidth` lacks at this moment, on the first stream that can. False where none can: then no probe
 * begins, as it would consist of whatever else is sent.
 */
export function sendProbes(bandwidth: BandwidthEstimator, streams: Iterable<ProbeStream>, nowMs: number): boolean {
  for (const stream of streams) {
    if (!stream.canProbe(nowMs)) continue;
    let lacking = bandwidth.probeBytesDue(nowMs);
    while (lacking > 0) {
      const sent = stream.sendProbe(lacking, nowMs);
      if (sent === 0) break;
      lacking -= sent;
    }
    return true;
  }
  return false;
}
