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
/** Packets of which a report speaks, mostly, and how many of them lie side by side in what is fetched at once. */
const AHEAD = 25;
const AHEAD_STEP = 5;

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
  #arriving = 1;
  // What a look at the whole window would find, kept up with each packet that comes and goes; where one came before others
  // that were there, or one of the longest gaps goes, it is looked at again.
  #isKnown = true;
  #bytes = 0;
  /** Packets that were sent before the one that arrived ahead of them. */
  #overtaken = 0;
  /** In ticks between arrivals, and how many are as long as the longest. */
  #longestGap = 0;
  #secondGap = 0;
  #longestGaps = 0;

  /** A packet arrived; times are modulo 2^32, in microseconds and ticks of 250 of them. */
  handlePacket(bytes: number, sentUs: number, arrivalTicks: number): void {
    if (this.#count > this.#mask) this.#grow();
    const packets = this.#packets;
    const before = this.#at(this.#count - 1);
    if (this.#count === 0 || ((packets[before + 1] - arrivalTicks) | 0) > 0) this.#insert(bytes, sentUs, arrivalTicks);
    else {
      const at = this.#at(this.#count++);
      packets[at] = sentUs;
      packets[at + 1] = arrivalTicks;
      packets[at + 2] = bytes;
      this.#addBehind(packets, before, at);
    }
    this.#discardOld(packets);
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    const packets = this.#packets;
    let sum = this.#longestGap + this.#rate;
    for (let index = 0; index < AHEAD; index += AHEAD_STEP) {
      sum += packets[this.#at(index)] + packets[this.#at(this.#count + index)];
    }
    return sum | 0;
  }

  reset(): void {
    this.#count = 0;
    this.#hasDiscarded = false;
    this.#rate = 0;
    this.#arriving = 1;
    this.#bytes = 0;
    this.#overtaken = 0;
    this.#clearGaps();
    this.#isKnown = true;
  }

  /** In bits per second; 0 where too little came to tell. */
  get bitsPerSecond(): number {
    return this.#rate;
  }

  /** At which it came in the last part of the window: where what is sent has just become more; 0 where that is too little. */
  get recentBitsPerSecond(): number {
    if (this.#count < MIN_PACKETS) return 0;
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

  /** Of the rate at which packets were sent, the part at which they arrived; lost ones do not count. 0 to 1. */
  get arriving(): number {
    return this.#arriving;
  }

  /** To be called after the packets of each feedback. */
  update(): void {
    this.#rate = 0;
    this.#arriving = 1;
    if (this.#count < MIN_PACKETS) return;
    if (!this.#isKnown) this.#lookAtAll();
    const packets = this.#packets;
    const [first, last] = [this.#at(0), this.#at(this.#count - 1)];
    // The first packet ends no interval of arrivals, and the longest one does not count.
    const ticks = ((packets[last + 1] - packets[first + 1]) | 0) - this.#longestGap + this.#secondGap;
    const received = 8000 * (this.#bytes - packets[first + 2]) / Math.max(ticks / 4, 1);
    const sent = this.#isInOrder(packets[first])
      ? rateOf(this.#bytes - packets[last + 2], (packets[last] - packets[first]) | 0)
      : this.#sentRate();
    this.#rate = Math.min(sent, received);
    if (sent > 0) this.#arriving = Math.min(received / sent, 1);
  }

  /** Whether all arrived as they were sent, and so did those that fell out of the window. */
  #isInOrder(firstSentUs: number): boolean {
    return this.#overtaken === 0 && (!this.#hasDiscarded || ((firstSentUs - this.#discardedSentUs) | 0) >= 0);
  }

  /** At which was sent, in bits per second, what was sent behind all that fell out of the window. */
  #sentRate(): number {
    const packets = this.#packets;
    let bytes = 0;
    let earliest = 0;
    let latest = 0;
    let latestBytes = 0;
    for (let index = 0; index < this.#count; index++) {
      const at = this.#at(index);
      const sentUs = packets[at];
      const size = packets[at + 2];
      if (this.#hasDiscarded && ((sentUs - this.#discardedSentUs) | 0) < 0) continue;
      if (bytes === 0) {
        earliest = sentUs;
        latest = sentUs;
      }
      bytes += size;
      if (((sentUs - latest) | 0) >= 0) {
        latest = sentUs;
        latestBytes = size;
      } else if (((sentUs - earliest) | 0) < 0) earliest = sentUs;
    }
    // The interval of the packet that was sent last is not over.
    return bytes === 0 ? 0 : rateOf(bytes - latestBytes, (latest - earliest) | 0);
  }

  #lookAtAll(): void {
    const packets = this.#packets;
    this.#clearGaps();
    this.#bytes = packets[this.#at(0) + 2];
    this.#overtaken = 0;
    for (let index = 1; index < this.#count; index++) this.#addBehind(packets, this.#at(index - 1), this.#at(index));
    this.#isKnown = true;
  }

  /** The packet at `at` arrived behind the one at `before`. */
  #addBehind(packets: Int32Array, before: number, at: number): void {
    this.#bytes += packets[at + 2];
    if (((packets[at] - packets[before]) | 0) < 0) this.#overtaken++;
    const gap = (packets[at + 1] - packets[before + 1]) | 0;
    if (gap <= 0 || gap < this.#secondGap) return;
    if (gap > this.#longestGap) {
      this.#secondGap = this.#longestGap;
      this.#longestGap = gap;
      this.#longestGaps = 1;
      return;
    }
    this.#secondGap = gap;
    if (gap === this.#longestGap) this.#longestGaps++;
  }

  /** The first packet goes, and with it the gap behind it. */
  #removeFirst(packets: Int32Array, at: number): void {
    const next = this.#at(1);
    this.#bytes -= packets[at + 2];
    if (((packets[next] - packets[at]) | 0) < 0) this.#overtaken--;
    const gap = (packets[next + 1] - packets[at + 1]) | 0;
    if (gap <= 0 || gap < this.#secondGap) return;
    if (gap === this.#longestGap && this.#longestGaps > 2) this.#longestGaps--;
    else this.#isKnown = false;
  }

  #clearGaps(): void {
    this.#longestGap = 0;
    this.#secondGap = 0;
    this.#longestGaps = 0;
  }

  #at(index: number): number {
    return ((this.#first + index) & this.#mask) * FIELDS;
  }

  /** The first one, or one that arrived before others that are there: behind all that arrived before it. */
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
    if (this.#count > 1) this.#isKnown = false;
    else this.#bytes = bytes;
  }

  #discardOld(packets: Int32Array): void {
    const newest = packets[this.#at(this.#count - 1) + 1];
    while (this.#count > 0) {
      const at = this.#at(0);
      if (!isOld((newest - packets[at + 1]) | 0, this.#count)) return;
      const sentUs = packets[at];
      if (!this.#hasDiscarded || ((sentUs - this.#discardedSentUs) | 0) > 0) this.#discardedSentUs = sentUs;
      this.#hasDiscarded = true;
      if (this.#count > 1) this.#removeFirst(packets, at);
      this.#first = (this.#first + 1) & this.#mask;
      this.#count--;
    }
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

/** Whether the first of `count` packets is no part of the window, the last of which arrived `ticks` later. */
function isOld(ticks: number, count: number): boolean {
  // Below zero: the receiver's clock jumped by more than half of its range.
  if (count > MAX_PACKETS || ticks > MAX_WINDOW_TICKS || ticks < 0) return true;
  return count > WINDOW_PACKETS && ticks > WINDOW_TICKS;
}

/** In bits per second. */
function rateOf(bytes: number, elapsedUs: number): number {
  return 8000 * bytes / Math.max(elapsedUs / 1000, 1);
}
