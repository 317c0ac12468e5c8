/** A probe is this long, and so many packets at the least. */
const PROBE_MS = 15;
export const PROBE_PACKETS = 5;
/** What is asked for at once is what the probe's rate makes of this. */
const CHUNK_MS = 2;
/** A probe that could not be sent for so long is given up. */
const PROBE_TIMEOUT_MS = 5000;
/** Where nothing can be sent it is asked for again after 1, 2, 4 ... ms, and at the most this. */
const MAX_RETRY_MS = 512;
const MAX_ID = 255;

/** A few packets at a rate. */
export interface Probe {
  /** 1 to 255. */
  readonly id: number;
  readonly bitsPerSecond: number;
  /** It takes so many at the least. */
  readonly bytes: number;
  readonly requestedMs: number;
}

/** Sends probes one after the other, each at its rate: says how much is due, and is told of what was sent. */
export class ProbeSender {
  /** The probe of which packets are part now; 0 for none. */
  id = 0;
  readonly #waiting: Probe[] = [];
  #lastId = 0;
  #startedMs = 0;
  #sentBytes = 0;
  #sentPackets = 0;
  #askedMs = -Infinity;
  #retryMs = 1;

  /** The rate of the probe that was asked for last, in bits per second; 0 before. */
  lastBitsPerSecond = 0;

  /** Adds a probe behind those that wait. */
  request(bitsPerSecond: number, nowMs: number): Probe {
    this.#lastId = this.#lastId % MAX_ID + 1;
    const bytes = Math.ceil(bitsPerSecond * PROBE_MS / 8000);
    const probe = { id: this.#lastId, bitsPerSecond, bytes, requestedMs: nowMs };
    this.#waiting.push(probe);
    this.lastBitsPerSecond = bitsPerSecond;
    return probe;
  }

  /** Gives up whatever waits or is under way. */
  clear(): void {
    this.#waiting.length = 0;
    this.id = 0;
  }

  /** Bytes that the probe lacks at this moment; 0 for none. The first ones begin it. */
  bytesDue(nowMs: number): number {
    this.#giveUpOld(nowMs);
    const probe = this.#waiting.at(0);
    if (probe === undefined) return 0;
    if (this.id === 0) this.#begin(probe, nowMs);
    const dueBytes = probe.bitsPerSecond * (nowMs - this.#startedMs) / 8000 - this.#sentBytes;
    if (dueBytes < 0) return 0;
    if (nowMs - this.#askedMs >= this.#retryMs) this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    this.#askedMs = nowMs;
    return Math.ceil(dueBytes + probe.bitsPerSecond * CHUNK_MS / 8000);
  }

  /** A packet went out while a probe is under way; it is part of it. */
  handleSent(bytes: number, nowMs: number): void {
    const probe = this.#waiting.at(0);
    if (probe === undefined) return;
    // It begins with what is sent first, not with when it was asked for.
    if (this.#sentPackets === 0) this.#startedMs = nowMs;
    this.#sentBytes += bytes;
    this.#sentPackets++;
    this.#retryMs = 1;
    if (this.#sentBytes < probe.bytes || this.#sentPackets < PROBE_PACKETS) return;
    this.#waiting.shift();
    this.id = 0;
  }

  /** When `bytesDue` is to be asked next; Infinity for never. */
  nextTimeout(): number {
    const probe = this.#waiting.at(0);
    if (probe === undefined) return Infinity;
    const dueMs = this.id === 0 ? -Infinity : this.#startedMs + 8000 * this.#sentBytes / probe.bitsPerSecond;
    return Math.max(dueMs, this.#askedMs + this.#retryMs);
  }

  #begin(probe: Probe, nowMs: number): void {
    this.id = probe.id;
    this.#startedMs = nowMs;
    this.#sentBytes = 0;
    this.#sentPackets = 0;
  }

  #giveUpOld(nowMs: number): void {
    for (let probe = this.#waiting.at(0); probe !== undefined; probe = this.#waiting.at(0)) {
      if (nowMs - probe.requestedMs <= PROBE_TIMEOUT_MS) return;
      this.#waiting.shift();
      this.id = 0;
    }
  }
}
