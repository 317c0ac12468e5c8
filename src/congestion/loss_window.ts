/** An observation is complete after so long and so many packets, or after longer with whatever came. */
const OBSERVATION_US = 250_000;
const OBSERVATION_PACKETS = 10;
const MAX_OBSERVATION_US = 1_000_000;
const OBSERVATIONS = 8;
/** Bytes sent, bytes lost, packets, and how long it took in milliseconds. */
const FIELDS = 4;
/** Observations that tell what is sent at present. */
const NEWEST = 2;
/** Packets that were sent so much faster than all did not get lost by chance. */
const BURST = 1.5;

/**
 * What was lost of the packets of the last two seconds or so, by bytes. The worst part of it is left out where it stands
 * alone: a burst of losses, as of a radio link, does not say that less is to be sent, unless it was a burst of packets
 * that got lost.
 */
export class LossWindow {
  /** Complete observations, a ring. */
  readonly #observations = new Float64Array(OBSERVATIONS * FIELDS);
  #next = 0;
  #count = 0;
  // Of the observation that is under way.
  #bytes = 0;
  #lostBytes = 0;
  #packets = 0;
  #hasFirst = false;
  #firstSentUs = 0;
  /** Of all observations: the fraction lost, 0 to 1, with and without the worst one. */
  lossFraction = 0;
  steadyLossFraction = 0;
  /** What was sent in the newest ones, in bits per second; 0 where nothing is known. */
  sendRate = 0;
  /** Standard error of the fraction lost: by chance, and by how much the observations differ. */
  deviation = 0;

  /** Complete observations in the window. */
  get count(): number {
    return this.#count;
  }

  /** Whether it covers all the time that it can. */
  get isFull(): boolean {
    return this.#count === OBSERVATIONS;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#bytes + this.#firstSentUs + this.deviation) | 0;
  }

  /** Takes a packet of which it is told for the first time; whether that completes an observation. */
  handlePacket(bytes: number, sentUs: number, isLost: boolean): boolean {
    if (!this.#hasFirst) {
      this.#hasFirst = true;
      this.#firstSentUs = sentUs;
    }
    const elapsedUs = (sentUs - this.#firstSentUs) | 0;
    const isComplete = elapsedUs >= (this.#packets >= OBSERVATION_PACKETS ? OBSERVATION_US : MAX_OBSERVATION_US);
    if (isComplete) this.#complete(elapsedUs, sentUs);
    this.#packets++;
    this.#bytes += bytes;
    if (isLost) this.#lostBytes += bytes;
    return isComplete;
  }

  /** A packet that was told as lost has come after all. */
  handleRecovered(bytes: number): void {
    if (this.#lostBytes >= bytes) {
      this.#lostBytes -= bytes;
      return;
    }
    for (let back = 1; back <= this.#count; back++) {
      const at = ((this.#next - back + OBSERVATIONS) % OBSERVATIONS) * FIELDS;
      if (this.#observations[at + 1] < bytes) continue;
      this.#observations[at + 1] -= bytes;
      return this.#sum();
    }
  }

  /** Forgets what was observed: from here on something else is sent. */
  reset(): void {
    this.#count = 0;
    this.#hasFirst = false;
    this.#bytes = 0;
    this.#lostBytes = 0;
    this.#packets = 0;
  }

  #complete(elapsedUs: number, sentUs: number): void {
    const at = this.#next * FIELDS;
    this.#observations[at] = this.#bytes;
    this.#observations[at + 1] = this.#lostBytes;
    this.#observations[at + 2] = this.#packets;
    this.#observations[at + 3] = Math.min(elapsedUs, 2 * MAX_OBSERVATION_US) / 1000;
    this.#next = (this.#next + 1) % OBSERVATIONS;
    this.#count = Math.min(this.#count + 1, OBSERVATIONS);
    this.#firstSentUs = sentUs;
    this.#bytes = 0;
    this.#lostBytes = 0;
    this.#packets = 0;
    this.#sum();
  }

  #sum(): void {
    let bytes = 0;
    let lost = 0;
    let packets = 0;
    let elapsedMs = 0;
    let worst = -1;
    let worstFraction = 0;
    for (let back = 1; back <= this.#count; back++) {
      const at = ((this.#next - back + OBSERVATIONS) % OBSERVATIONS) * FIELDS;
      bytes += this.#observations[at];
      lost += this.#observations[at + 1];
      packets += this.#observations[at + 2];
      elapsedMs += this.#observations[at + 3];
      if (back === NEWEST) this.sendRate = 8000 * bytes / Math.max(elapsedMs, 1);
      const fraction = this.#observations[at + 1] / Math.max(this.#observations[at], 1);
      if (fraction <= worstFraction) continue;
      worstFraction = fraction;
      worst = at;
    }
    this.lossFraction = lost / Math.max(bytes, 1);
    const meanRate = 8000 * bytes / Math.max(elapsedMs, 1);
    this.deviation = this.#standardError(packets);
    this.steadyLossFraction = this.lossFraction;
    if (worst < 0 || this.#count < 3) return;
    const worstRate = 8000 * this.#observations[worst] / this.#observations[worst + 3];
    if (worstRate > BURST * meanRate) return;
    const restLost = lost - this.#observations[worst + 1];
    this.steadyLossFraction = restLost / Math.max(bytes - this.#observations[worst], 1);
  }

  #standardError(packets: number): number {
    const fraction = this.lossFraction;
    let squares = 0;
    for (let back = 1; back <= this.#count; back++) {
      const at = ((this.#next - back + OBSERVATIONS) % OBSERVATIONS) * FIELDS;
      const difference = this.#observations[at + 1] / Math.max(this.#observations[at], 1) - fraction;
      squares += difference * difference;
    }
    const byChance = fraction * (1 - fraction) / Math.max(packets, 1);
    return Math.sqrt(Math.max(byChance, squares / (this.#count * this.#count)));
  }
}
