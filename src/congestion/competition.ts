/** The delay is the least of so much time: frames and jitter are above it. */
const LEVEL_MS = 250;
/** The least of all is that of the last one to two of these. */
const BASE_MS = 15_000;
/** How long the queue is watched after less is sent. */
const WATCH_MS = 1000;
/** A queue that is so short has drained. */
const DRAINED_US = 15_000;
/** More than so many times what should have drained, and this. */
const DRAINED_BY_OTHERS = 1.5;
const DRAINED_BY_OTHERS_US = 30_000;
/** Part of what should have drained; and what arrives of what is sent where the queue is not our own. */
const DRAIN_SHARE = 1 / 3;
const ARRIVING = 0.95;
/** Below this the queue grows by what is sent here, whoever else there is. */
const OVERLOADED = 0.93;
const OVERLOAD_MS = 700;
/** So often in a row a queue that does not drain is somebody else's. */
const VOTES = 3;
/** How long that is believed before it is looked at again. */
const BELIEVED_MS = 20_000;

/**
 * Tells whether somebody else fills the queue: then to send less does not drain it, and only starves. Alone on a link the
 * queue drains after a decrease by as much as less is sent than the link carries; beside a TCP flow it does not.
 */
export class Competition {
  /** One-way delays in microseconds of two clocks, modulo 2^32: of the level under way, of the last complete one. */
  #hasLevel = false;
  #growingUs = 0;
  #levelEndMs = -Infinity;
  #hasKnownLevel = false;
  #levelUs = 0;
  /** The least delay of the feedback that is being read, and of the last one. */
  #hasFeedback = false;
  #feedbackUs = 0;
  #hasLatest = false;
  #latestUs = 0;
  // The least in this base window and in the one before.
  #baseUs = 0;
  #baseBeforeUs = 0;
  #baseEndMs = -Infinity;
  // Of a watch: from when on, at which delay, and which part of the link's rate is sent.
  #watchMs = Infinity;
  #hasWatched = false;
  #watchedUs = 0;
  #sentShare = 1;
  #votes = 0;
  /** When as much arrived as without an overload, last. */
  #unloadedMs = -Infinity;
  #believedMs = -Infinity;

  /** Whether somebody else fills the queue. */
  isCompeting(nowMs: number): boolean {
    return nowMs < this.#believedMs;
  }

  /** What the queue holds beyond the least that was seen, in milliseconds. */
  get queueMs(): number {
    return this.#hasKnownLevel ? ((this.#levelUs - this.#leastUs()) | 0) / 1000 : 0;
  }

  /** The same of the last feedback alone. */
  get latestQueueMs(): number {
    return this.#hasKnownLevel && this.#hasLatest ? ((this.#latestUs - this.#leastUs()) | 0) / 1000 : 0;
  }

  /** A packet arrived; times are modulo 2^32, in microseconds and ticks of 250 of them. */
  handlePacket(sentUs: number, arrivalTicks: number): void {
    const delayUs = (Math.imul(arrivalTicks, 250) - sentUs) | 0;
    if (!this.#hasLevel || ((delayUs - this.#growingUs) | 0) < 0) this.#growingUs = delayUs;
    this.#hasLevel = true;
    if (!this.#hasFeedback || ((delayUs - this.#feedbackUs) | 0) < 0) this.#feedbackUs = delayUs;
    this.#hasFeedback = true;
  }

  /** The rate fell to a part of what the link carried of this flow: from a round trip later on the queue is watched. */
  handleDecrease(sentShare: number, roundTripMs: number, nowMs: number): void {
    this.#watchMs = nowMs + roundTripMs;
    this.#hasWatched = false;
    this.#sentShare = sentShare;
  }

  /** To be called after the packets of each feedback; `arriving` is the part of what is sent that arrives: 0 to 1. */
  update(arriving: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#hasLatest = this.#hasFeedback;
    this.#latestUs = this.#feedbackUs;
    this.#hasFeedback = false;
    this.#noteOverload(arriving, nowMs);
    if (!this.#hasKnownLevel || nowMs < this.#watchMs) return;
    if (!this.#hasWatched) {
      this.#hasWatched = true;
      this.#watchedUs = this.#levelUs;
    } else if (nowMs >= this.#watchMs + WATCH_MS) this.#judge(arriving, nowMs);
  }

  /** Losses have told of somebody else. */
  handleOthers(nowMs: number): void {
    this.#believedMs = nowMs + BELIEVED_MS;
  }

  /** A packet was lost: the queue is full still. */
  handleLost(nowMs: number): void {
    if (this.isCompeting(nowMs)) this.#believedMs = nowMs + BELIEVED_MS;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#growingUs + this.#levelEndMs + this.#baseEndMs + this.#watchMs + this.#unloadedMs +
      this.#believedMs) |
      0;
  }

  reset(): void {
    this.#hasLevel = false;
    this.#hasFeedback = false;
    this.#hasLatest = false;
    this.#hasKnownLevel = false;
    this.#levelEndMs = -Infinity;
    this.#baseEndMs = -Infinity;
    this.#watchMs = Infinity;
    this.#votes = 0;
    this.#believedMs = -Infinity;
  }

  #judge(arriving: number, nowMs: number): void {
    const drainedUs = (this.#watchedUs - this.#levelUs) | 0;
    const expectedUs = 1000 * (1 - this.#sentShare) * (nowMs - this.#watchMs);
    const isLess = drainedUs < DRAIN_SHARE * expectedUs && ((this.#levelUs - this.#leastUs()) | 0) > DRAINED_US;
    // Somebody else sent less: to send less here cannot drain a queue so fast.
    const isMore = drainedUs > DRAINED_BY_OTHERS * Math.max(expectedUs, 0) + DRAINED_BY_OTHERS_US;
    const isOthers = arriving >= ARRIVING && (isLess || isMore);
    this.#watchMs = Infinity;
    this.#votes = isOthers ? this.#votes + 1 : Math.max(0, this.#votes - 1);
    if (this.#votes >= VOTES) this.#believedMs = nowMs + BELIEVED_MS;
  }

  /** Alone on the link, or as good as alone, less arrives than is sent while the queue grows. */
  #noteOverload(arriving: number, nowMs: number): void {
    if (arriving >= OVERLOADED) this.#unloadedMs = nowMs;
    else if (nowMs - this.#unloadedMs >= OVERLOAD_MS) this.#believedMs = -Infinity;
  }

  #leastUs(): number {
    return ((this.#baseUs - this.#baseBeforeUs) | 0) < 0 ? this.#baseUs : this.#baseBeforeUs;
  }

  #advance(nowMs: number): void {
    if (!this.#hasLevel || nowMs < this.#levelEndMs) return;
    const levelUs = this.#growingUs;
    this.#levelUs = levelUs;
    this.#levelEndMs = nowMs + LEVEL_MS;
    this.#hasLevel = false;
    if (!this.#hasKnownLevel || nowMs >= this.#baseEndMs) {
      this.#baseBeforeUs = this.#hasKnownLevel ? this.#baseUs : levelUs;
      this.#baseUs = levelUs;
      this.#baseEndMs = nowMs + BASE_MS;
    }
    this.#hasKnownLevel = true;
    if (((levelUs - this.#baseUs) | 0) < 0) this.#baseUs = levelUs;
  }
}
