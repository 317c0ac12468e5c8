import { LossWindow } from "./loss_window.ts";

/** Losses of so much are borne whatever causes them, and at a low rate more: this many bits per second of loss. */
const BORNE_FRACTION = 0.1;
const BORNE_RATE = 90_000;
/** What is kept of the rate in each step towards that. */
const BEARING = 0.85;
/** More than what the way loses by itself by so much, and by so many standard deviations of chance, is looked into. */
const EXCESS = 0.02;
const DEVIATIONS = 1.5;
/** While it is looked into this is sent of what arrived: a queue that overflows does so no more. */
const TRIAL = 0.95;
/** Where nearly nothing arrives no less than this is tried, in bits per second. */
const MIN_TRIAL = 100_000;
/** Observations that it takes to decide, of 250 ms each; and fewer where most is lost. */
const DECIDING = 4;
const DECIDING_SEVERE = 2;
const SEVERE = 0.3;
/** A trial in which not even so much less was sent says nothing. */
const FOLLOWED = 0.95;
/** Losses that go on in front of so long a queue are not those of a link. */
const FULL_QUEUE_MS = 60;
/** Growth of the limit in each second, while less is lost than leads to a trial. */
const GROWTH = 1.06;
const MAX_GROWTH_STEP_MS = 1000;
/** The limit is none any more where it is so far above what delay allows. */
const LOOSE = 1.3;
/** Weight of a lower loss in what the way is thought to lose by itself; of one below half of that. */
const FORGETTING = 0.05;
const FORGETTING_FAST = 0.2;
/** The limit grows up to so many times what is sent, and by a probe to so many times what it was. */
const MAX_UNTESTED = 1.2;
const MAX_PROBED = 1.5;

/**
 * The limit by loss. A way may lose packets by itself, as radio links do, and then to send less would mend nothing; or
 * because a short queue overflows. So where more is lost than was known the rate is lowered below what arrived, once: if
 * the losses end it was a queue, and the limit stays there and grows slowly; if they go on, they are what this way loses
 * by itself, and the limit goes; unless a queue is full meanwhile, which somebody else fills then. What is borne is
 * bounded too.
 */
export class LossBasedEstimate {
  readonly #window = new LossWindow();
  #limit = Infinity;
  /** What the way loses by itself: 0 to 1. */
  #inherent = 0;
  #hasNews = false;
  #updatedMs = -1;
  /** Packets sent before this are no part of the window: microseconds modulo 2^32. */
  #hasStart = false;
  #startUs = 0;

  // Of the trial that is under way: what was sent and lost before it, and the limit then.
  #isTrying = false;
  #isOfOthers = false;
  #triedRate = 0;
  #triedLoss = 0;
  #limitBefore = Infinity;

  /** In bits per second; Infinity: loss is no reason to send less. */
  get bitsPerSecond(): number {
    return this.#limit;
  }

  /** What was lost of the last second or two: 0 to 1. */
  get lossFraction(): number {
    return this.#window.lossFraction;
  }

  /** What the way is thought to lose whatever is sent: 0 to 1. */
  get inherentLoss(): number {
    return this.#inherent;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAhead(): number {
    return (this.#limit + this.#updatedMs + Number(this.#isTrying) + this.#window.readAhead()) | 0;
  }

  /** Takes a packet of which it is told for the first time. */
  handlePacket(bytes: number, sentUs: number, isLost: boolean): void {
    if (this.#hasStart && ((sentUs - this.#startUs) | 0) < 0) return;
    if (this.#window.handlePacket(bytes, sentUs, isLost)) this.#hasNews = true;
  }

  /** A packet that was told as lost has come after all. */
  handleRecovered(bytes: number, sentUs: number): void {
    if (this.#hasStart && ((sentUs - this.#startUs) | 0) < 0) return;
    this.#window.handleRecovered(bytes);
  }

  /**
   * Changes the limit by what came since the last time. `delayRate` is what delay allows, in bits per second; `queueMs` is
   * what the queue holds. Whether losses are those of a full queue that somebody else fills.
   */
  update(delayRate: number, queueMs: number, nowMs: number): boolean {
    this.#isOfOthers = false;
    this.#update(delayRate, queueMs, nowMs);
    return this.#isOfOthers;
  }

  #update(delayRate: number, queueMs: number, nowMs: number): void {
    this.#grow(delayRate, nowMs);
    if (!this.#hasNews) return;
    this.#hasNews = false;
    const { steadyLossFraction: loss, count } = this.#window;
    this.#forget(loss);
    if (count < (loss > SEVERE ? DECIDING_SEVERE : DECIDING)) return;
    const rate = Math.min(delayRate, this.#limit);
    if (this.#isTrying) this.#decide(loss, queueMs, nowMs);
    else if (this.#isExcess(loss)) this.#try(loss, rate, nowMs);
    else if (rate > borneRate(loss)) {
      this.#limit = Math.max(BEARING * rate, borneRate(loss));
      this.#restart(nowMs);
    }
  }

  /** A probe found so much, in bits per second. */
  handleProbe(bitsPerSecond: number): void {
    if (!this.#isTrying) this.#limit = Math.max(this.#limit, Math.min(bitsPerSecond, MAX_PROBED * this.#limit));
  }

  /** The rate fell because a queue had grown: what was sent before tells nothing of what is sent now. */
  handleDecrease(nowMs: number): void {
    this.#restart(nowMs);
  }

  /** Something else answers the losses. */
  release(): void {
    this.#limit = Infinity;
    this.#isTrying = false;
  }

  /** Forgets what was lost: another way. */
  reset(nowMs: number): void {
    this.#limit = Infinity;
    this.#inherent = 0;
    this.#isTrying = false;
    this.#restart(nowMs);
  }

  /** The way loses less by itself than was thought. */
  #forget(loss: number): void {
    if (loss >= this.#inherent) return;
    this.#inherent += (loss < this.#inherent / 2 ? FORGETTING_FAST : FORGETTING) * (loss - this.#inherent);
  }

  #isExcess(loss: number): boolean {
    return loss > this.#inherent + EXCESS + DEVIATIONS * this.#window.deviation;
  }

  #try(loss: number, rate: number, nowMs: number): void {
    this.#isTrying = true;
    this.#triedRate = this.#window.sendRate;
    this.#triedLoss = loss;
    this.#limitBefore = this.#limit;
    this.#limit = Math.min(this.#limit, Math.max(TRIAL * rate * (1 - loss), Math.min(borneRate(loss), MIN_TRIAL)));
    this.#restart(nowMs);
  }

  #decide(loss: number, queueMs: number, nowMs: number): void {
    const rate = Math.max(this.#window.sendRate, 1);
    const ofQueue = Math.max(this.#inherent, 1 - this.#triedRate * (1 - this.#triedLoss) / rate);
    const middle = (this.#triedLoss + ofQueue) / 2;
    const { deviation, isFull } = this.#window;
    if (Math.abs(loss - middle) < deviation && !isFull) return;
    this.#isTrying = false;
    const hasFollowed = rate < FOLLOWED * this.#triedRate;
    if (hasFollowed && loss < middle) return;
    this.#isOfOthers = hasFollowed && queueMs > FULL_QUEUE_MS;
    if (hasFollowed && !this.#isOfOthers) this.#inherent = (loss + this.#triedLoss) / 2;
    if (!hasFollowed || loss <= BORNE_FRACTION) this.#limit = this.#limitBefore;
    this.#restart(nowMs);
  }

  #grow(delayRate: number, nowMs: number): void {
    const elapsedMs = this.#updatedMs < 0 ? 0 : Math.min(nowMs - this.#updatedMs, MAX_GROWTH_STEP_MS);
    this.#updatedMs = nowMs;
    if (this.#limit === Infinity || this.#isTrying) return;
    const { steadyLossFraction, sendRate } = this.#window;
    const isTested = this.#limit < MAX_UNTESTED * sendRate;
    if (isTested && !this.#isExcess(steadyLossFraction)) this.#limit *= Math.pow(GROWTH, elapsedMs / 1000);
    if (this.#limit > LOOSE * delayRate) this.#limit = Infinity;
  }

  /** What was sent up to now tells nothing of what is sent from now on. */
  #restart(nowMs: number): void {
    this.#window.reset();
    this.#hasStart = true;
    this.#startUs = (nowMs * 1000) | 0;
  }
}

/** The highest rate at which so much loss is borne whatever causes it; Infinity: any. */
function borneRate(loss: number): number {
  return loss > BORNE_FRACTION ? BORNE_RATE / (loss - BORNE_FRACTION) : Infinity;
}
