import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";

/** A stream that can carry what a probe lacks. */
export interface ProbeStream {
  /** Sends one packet of at most about `bytes`, and returns how long it is; 0 where nothing can be sent for a probe. */
  sendProbe(bytes: number, nowMs: number): number;
}

/** Sends what a probe of `bandwidth` lacks at this moment, on the first stream that can. */
export function sendProbes(bandwidth: BandwidthEstimator, streams: Iterable<ProbeStream>, nowMs: number): void {
  let lacking = bandwidth.probeBytesDue(nowMs);
  for (const stream of streams) {
    while (lacking > 0) {
      const sent = stream.sendProbe(lacking, nowMs);
      if (sent === 0) break;
      lacking -= sent;
    }
    if (lacking <= 0) return;
  }
}
