import type { RtpRun } from "../rtp/packet.ts";
import { TokenBucket } from "./token_bucket.ts";

/** What may come at once, so that key frames pass: two seconds' worth, and more than one run of packets in any case. */
const BURST_SECONDS = 2;
const MIN_BURST_BYTES = 128 * 1024;
/** Between two tellings of the same peer. */
const TELL_MS = 10_000;

/** Limits what one peer sends: its RTP packets, without what SRTP, UDP and IP add, as RFC 3890 counts. */
export class BitrateLimit {
  /** Packets that were not allowed. */
  dropped = 0;
  readonly #bucket: TokenBucket;
  #toldMs = -Infinity;

  constructor(bitsPerSecond: number, nowMs: number) {
    const bytesPerSecond = bitsPerSecond / 8;
    this.#bucket = new TokenBucket(Math.max(MIN_BURST_BYTES, BURST_SECONDS * bytesPerSecond), bytesPerSecond, nowMs);
  }

  /** Whether the packets of a run may go on: all or none, since a part of a picture is of no use. */
  allow(run: RtpRun, nowMs: number): boolean {
    let bytes = 0;
    for (let i = 0; i < run.count; i++) bytes += run.packets[i].length;
    if (this.#bucket.take(nowMs, bytes)) return true;
    this.dropped += run.count;
    return false;
  }

  /** Whether the peer is to be told now that packets are dropped: at once, and again after a while. */
  shouldTell(nowMs: number): boolean {
    if (nowMs - this.#toldMs < TELL_MS) return false;
    this.#toldMs = nowMs;
    return true;
  }
}
