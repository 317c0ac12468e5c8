import { networkOf } from "../webrtc/ip_address.ts";
import { TokenBucket } from "../webrtc/token_bucket.ts";

const MINUTE_MS = 60_000;

/** Networks that are remembered: however many addresses there are, they fill no memory. */
export const MAX_NETWORKS = 10_000;

const THIS_MACHINE: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** Where a program on this machine comes from, be it a proxy that was not told of or a test with a thousand clients. */
export function isThisMachine(address: string): boolean {
  return THIS_MACHINE.has(address);
}

/** What one network has left. */
interface Share {
  readonly bucket: TokenBucket;
  readonly usedMs: number;
}

/** Limits what is asked for by the network that asks: so many times in a minute, which may also come at once. */
export class RateLimit {
  #perMinute: number;
  /** The one that asked last stands last. */
  readonly #shares = new Map<string, Share>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Where it is another number than before all networks begin anew. */
  set perMinute(perMinute: number) {
    if (perMinute !== this.#perMinute) this.#shares.clear();
    this.#perMinute = perMinute;
  }

  /** Networks that have asked within the last minute. */
  get size(): number {
    return this.#shares.size;
  }

  /**
   * Something asked for by an IP address in text form. Returns 0 where it is allowed, which counts; else the ms after which it would
   * be.
   */
  take(address: string, nowMs: number): number {
    if (this.#perMinute === Infinity || isThisMachine(address)) return 0;
    this.#forgetRested(nowMs);
    const network = networkOf(address);
    const bucket = this.#shares.get(network)?.bucket ??
      new TokenBucket(this.#perMinute, this.#perMinute * 1000 / MINUTE_MS, nowMs);
    this.#shares.delete(network);
    this.#shares.set(network, { bucket, usedMs: nowMs });
    if (this.#shares.size > MAX_NETWORKS) this.#forgetOldest();
    return bucket.take(nowMs) ? 0 : bucket.waitMs();
  }

  /** What was not used for a minute is full again, and need not be kept. */
  #forgetRested(nowMs: number): void {
    for (const [network, { usedMs }] of this.#shares) {
      if (nowMs - usedMs < MINUTE_MS) return;
      this.#shares.delete(network);
    }
  }

  #forgetOldest(): void {
    for (const network of this.#shares.keys()) return void this.#shares.delete(network);
  }
}
