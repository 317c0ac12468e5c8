import type { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";

/** Recent packets once more, padding where those are too long; padding alone where it is paused, and has sent something before. */
export type ProbeContent = "packets" | "padding";

/** A stream that can carry what a probe lacks. */
export interface ProbeStream {
  /** What a probe on it would consist of at present; undefined where it can carry none. */
  probeContent(nowMs: number): ProbeContent | undefined;
  /** Sends one packet of at most about `bytes`, and returns how long it is; 0 where it could not be sent. */
  sendProbe(bytes: number, nowMs: number): number;
}

/**
 * Sends what a probe of `bandwidth` lacks at this moment, on the first stream that can, or where all are paused, as is so
 * where none of them has room, on the first one of those. False where none can: then no probe begins, as it would consist
 * of whatever else is sent.
 */
export function sendProbes(bandwidth: BandwidthEstimator, streams: Iterable<ProbeStream>, nowMs: number): boolean {
  const stream = probedStream(streams, nowMs);
  if (stream === undefined) return false;
  let lacking = bandwidth.probeBytesDue(nowMs);
  while (lacking > 0) {
    const sent = stream.sendProbe(lacking, nowMs);
    if (sent === 0) break;
    lacking -= sent;
  }
  return true;
}

function probedStream(streams: Iterable<ProbeStream>, nowMs: number): ProbeStream | undefined {
  let paused: ProbeStream | undefined;
  for (const stream of streams) {
    const content = stream.probeContent(nowMs);
    if (content === "packets") return stream;
    if (content === "padding") paused ??= stream;
  }
  return paused;
}
