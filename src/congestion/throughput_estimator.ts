/** Packets that are needed, and that the window holds in spite of their age. */
const MIN_PACKETS = 10;
const WINDOW_PACKETS = 20;
const MAX_PACKETS = 500;
/** In ticks of 250 microseconds. */
const WINDOW_TICKS = 4 * 1000;
const MAX_WINDOW_TICKS = 4 * 5000;
const RECENT_TICKS = 4 * 300;
/** Powers of two. */
const FIRST_CAPACITY = 32;
const FULL_CAPACITY = 512;
/** Send time, arrival time, size. */
const FIELDS = 3;

/**
 * The rate at which what was sent to one subscriber arrives: that at which it was sent or that at which it came,
 * whichever is less, over the last second or so. So neither a burst that comes out of a queue nor one that goes into it
 * counts for more than it is. The longest gap between arrivals does not count, so that a way that stood still is not
 * thought to be slow.
 */
export class ThroughputEstimator {
  /** The window by arrival, a ring that grows. */
  #packets = new Int32Array(FIRST_CAPACITY * FIELDS);
  #mask = FIRST_CAPACITY - 1;
  #first = 0;
  #count = 0;
  /** When the newest packet that fell out of the window was sent. */
  #hasDiscarded = false;
  #discardedSentUs = 0;
  #rate = 0;
  #recentRate = 0;
  #arriving = 1;

  /** A packet arrived; times are modulo 2^32, in microseconds and ticks of 250 of them. */
  handlePacket(bytes: number, sentUs: number, arrivalTicks: number): void {
    if (this.#count > this.#mask) this.#grow();
    this.#insert(bytes, sentUs, arrivalTicks);
    while (this.#isFirstOld()) this.#discardFirst();
  }

  reset(): void {
    this.#count = 0;
    this.#hasDiscarded = false;
    this.#rate = 0;
    this.#recentRate = 0;
    this.#arriving = 1;
  }

  /** In bits per second; 0 where too little came to tell. */
  get bitsPerSecond(): number {
    return this.#rate;
  }

  /** At which it came of late: where what is sent has just become more. */
  get recentBitsPerSecond(): number {
    return this.#recentRate;
  }

  /** Of the rate at which packets were sent, the part at which they arrived; lost ones do not count. 0 to 1. */
  get arriving(): number {
    return this.#arriving;
  }

  /** To be called after the packets of each feedback. */
  update(): void {
    this.#rate = 0;
    this.#recentRate = 0;
    this.#arriving = 1;
    if (this.#count < MIN_PACKETS) return;
    const sent = this.#sendRate();
    const received = this.#receiveRate();
    this.#rate = Math.min(sent, received);
    this.#recentRate = this.#latestReceiveRate();
    if (sent > 0) this.#arriving = Math.min(received / sent, 1);
  }

  #receiveRate(): number {
    const packets = this.#packets;
    let previous = packets[this.#at(0) + 1];
    const first = previous;
    let bytes = 0;
    let longestGap = 0;
    let secondGap = 0;
    for (let index = 1; index < this.#count; index++) {
      const at = this.#at(index);
      bytes += packets[at + 2];
      const gap = (packets[at + 1] - previous) | 0;
      previous = packets[at + 1];
      if (gap > longestGap) {
        secondGap = longestGap;
        longestGap = gap;
      } else if (gap > secondGap) secondGap = gap;
    }
    const ticks = ((previous - first) | 0) - longestGap + secondGap;
    return 8000 * bytes / Math.max(ticks / 4, 1);
  }

  /** Of what came in the last part of the window; 0 where that is too little. */
  #latestReceiveRate(): number {
    const packets = this.#packets;
    const newest = packets[this.#at(this.#count - 1) + 1];
    let bytes = 0;
    for (let index = this.#count - 1; index >= 0; index--) {
      const at = this.#at(index);
      const ticks = (newest - packets[at + 1]) | 0;
      if (ticks >= RECENT_TICKS) return 8000 * bytes / (ticks / 4);
      bytes += packets[at + 2];
    }
    return 0;
  }

  /** Of what was sent behind all that fell out of the window, the last packet apart: its interval is not over. */
  #sendRate(): number {
    const packets = this.#packets;
    let bytes = 0;
    let sent = 0;
    let earliest = 0;
    let latest = 0;
    let latestBytes = 0;
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      const sentUs = packets[at];
      if (this.#hasDiscarded && ((sentUs - this.#discardedSentUs) | 0) < 0) continue;
      bytes += packets[at + 2];
      if (sent === 0 || ((sentUs - earliest) | 0) < 0) earliest = sentUs;
      if (sent === 0 || ((sentUs - latest) | 0) >= 0) {
        latest = sentUs;
        latestBytes = packets[at + 2];
      }
      sent++;
    }
    if (sent === 0) return 0;
    return 8000 * (bytes - latestBytes) / Math.max(((latest - earliest) | 0) / 1000, 1);
  }

  #at(index: number): number {
    return ((this.#first + index) & this.#mask) * FIELDS;
  }

  /** Behind all that arrived before it. */
  #insert(bytes: number, sentUs: number, arrivalTicks: number): void {
    const packets = this.#packets;
    let index = this.#count++;
    for (; index > 0; index--) {
      const before = this.#at(index - 1);
      if (((packets[before + 1] - arrivalTicks) | 0) <= 0) break;
      const at = this.#at(index);
      packets[at] = packets[before];
      packets[at + 1] = packets[before + 1];
      packets[at + 2] = packets[before + 2];
    }
    const at = this.#at(index);
    packets[at] = sentUs;
    packets[at + 1] = arrivalTicks;
    packets[at + 2] = bytes;
  }

  #isFirstOld(): boolean {
    if (this.#count === 0) return false;
    if (this.#count > MAX_PACKETS) return true;
    const ticks = (this.#packets[this.#at(this.#count - 1) + 1] - this.#packets[this.#at(0) + 1]) | 0;
    // Below zero: the receiver's clock jumped by more than half of its range.
    if (ticks > MAX_WINDOW_TICKS || ticks < 0) return true;
    return this.#count > WINDOW_PACKETS && ticks > WINDOW_TICKS;
  }

  #discardFirst(): void {
    const sentUs = this.#packets[this.#at(0)];
    if (!this.#hasDiscarded || ((sentUs - this.#discardedSentUs) | 0) > 0) this.#discardedSentUs = sentUs;
    this.#hasDiscarded = true;
    this.#first = (this.#first + 1) & this.#mask;
    this.#count--;
  }

  #grow(): void {
    const capacity = Math.min((this.#mask + 1) * 4, FULL_CAPACITY);
    const packets = new Int32Array(capacity * FIELDS);
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      packets.set(this.#packets.subarray(at, at + FIELDS), index * FIELDS);
    }
    this.#packets = packets;
    this.#mask = capacity - 1;
    this.#first = 0;
  }
}
