/** Packets that were sent within this time of the first are one group: a frame, mostly. */
const GROUP_US = 5000;
/** Packets that came so close behind each other, faster than they were sent, waited for each other: one group. */
const BURST_TICKS = 4 * 5;
const MAX_BURST_TICKS = 4 * 100;
/** The receiver's clock jumped where it says that so much more time passed than here. */
const MAX_CLOCK_STEP_MS = 3000;
/** So many groups that arrived before the one ahead of them are no reordering: the receiver's clock went back. */
const MAX_REORDERED_GROUPS = 3;

/**
 * Puts the packets of one subscriber into groups, and tells for each complete group by how much later than the one
 * before it was sent, and by how much later it arrived. The difference is what a queue on the way grew by.
 */
export class InterArrival {
  // Of the last two complete groups.
  sendDeltaMs = 0;
  arrivalDeltaMs = 0;

  #feedbackMs = 0;
  // Of the group that grows: send times in microseconds, arrival times in ticks of 250 microseconds, modulo 2^32.
  #hasCurrent = false;
  #firstSentUs = 0;
  #sentUs = 0;
  #firstArrival = 0;
  #arrival = 0;
  #toldMs = 0;
  // Of the one before.
  #hasPrevious = false;
  #previousSentUs = 0;
  #previousArrival = 0;
  #previousToldMs = 0;
  #reorderedGroups = 0;

  /** What packets are told of from now on, until the next time, is told at `nowMs`. */
  beginFeedback(nowMs: number): void {
    this.#feedbackMs = nowMs;
  }

  /** Takes a packet that arrived: whether the deltas are those of a group that it completes. */
  handlePacket(sentUs: number, arrivalTicks: number): boolean {
    if (!this.#hasCurrent) {
      this.#hasCurrent = true;
      this.#begin(sentUs, arrivalTicks);
      return false;
    }
    if (((sentUs - this.#firstSentUs) | 0) < 0) return false;
    if (!this.#beginsGroup(sentUs, arrivalTicks)) {
      if (((sentUs - this.#sentUs) | 0) > 0) this.#sentUs = sentUs;
      this.#arrival = arrivalTicks;
      this.#toldMs = this.#feedbackMs;
      return false;
    }
    const hasDeltas = this.#hasPrevious;
    if (hasDeltas && !this.#measure()) return false;
    this.#hasPrevious = true;
    this.#previousSentUs = this.#sentUs;
    this.#previousArrival = this.#arrival;
    this.#previousToldMs = this.#toldMs;
    this.#begin(sentUs, arrivalTicks);
    return hasDeltas;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.sendDeltaMs + this.#firstSentUs + this.#toldMs + this.#previousToldMs + this.#reorderedGroups) | 0;
  }

  reset(): void {
    this.#hasCurrent = false;
    this.#hasPrevious = false;
    this.#reorderedGroups = 0;
  }

  #begin(sentUs: number, arrivalTicks: number): void {
    this.#firstSentUs = sentUs;
    this.#sentUs = sentUs;
    this.#firstArrival = arrivalTicks;
    this.#arrival = arrivalTicks;
    this.#toldMs = this.#feedbackMs;
  }

  /** Sets the deltas; false where they measure no queue but a clock, or reordering. */
  #measure(): boolean {
    const sendDeltaMs = ((this.#sentUs - this.#previousSentUs) | 0) / 1000;
    const arrivalDeltaMs = ((this.#arrival - this.#previousArrival) | 0) / 4;
    if (arrivalDeltaMs - (this.#toldMs - this.#previousToldMs) >= MAX_CLOCK_STEP_MS) {
      this.reset();
      return false;
    }
    if (arrivalDeltaMs < 0) {
      this.#reorderedGroups++;
      if (this.#reorderedGroups >= MAX_REORDERED_GROUPS) this.reset();
      return false;
    }
    this.#reorderedGroups = 0;
    this.sendDeltaMs = sendDeltaMs;
    this.arrivalDeltaMs = arrivalDeltaMs;
    return true;
  }

  #beginsGroup(sentUs: number, arrivalTicks: number): boolean {
    if (this.#isOfBurst(sentUs, arrivalTicks)) return false;
    return ((sentUs - this.#firstSentUs) | 0) > GROUP_US;
  }

  #isOfBurst(sentUs: number, arrivalTicks: number): boolean {
    const sendDeltaUs = (sentUs - this.#sentUs) | 0;
    if (sendDeltaUs === 0) return true;
    const arrivalDelta = (arrivalTicks - this.#arrival) | 0;
    return arrivalDelta <= BURST_TICKS && 250 * arrivalDelta < sendDeltaUs &&
      ((arrivalTicks - this.#firstArrival) | 0) < MAX_BURST_TICKS;
  }
}
