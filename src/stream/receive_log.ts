import { sequenceDiff } from "../rtp/sequence.ts";

/** Sequence numbers that are remembered: a second of a stream of 1,000 packets a second. */
const RECEIVE_LOG_WINDOW = 1024;
/** Packets that may be missing at one time. Of a stream with more than that gone no decoder makes a picture. */
export const MAX_MISSING = 1000;
/** Each packet is asked for so many times at most. */
export const MAX_REQUESTS = 10;
/** A packet that has been missing for so long is given up: no receiver waits for it any more. */
export const GIVE_UP_AFTER_MS = 1000;
/**
 * More packets that were lost during more than a second without any are not asked for: they would come too late, and take
 * longer than a key frame.
 */
export const MAX_MISSING_AFTER_OUTAGE = 50;
/**
 * A gap of so many packets may be reordering, so that the next packet is waited for. A run that is longer is a loss:
 * packets change places with their neighbours.
 */
const REORDER_DEPTH = 2;
/** How long the next packet is waited for. Those of one frame come within a few ms, those of two frames 16 to 33 apart. */
export const REORDER_GRACE_MS = 10;
/** The least time before a packet is asked for again: a sender's pacer may hold the answer back for some ms. */
const MIN_REPEAT_MS = 20;
/** Each repeat waits longer than the one before: what did not come twice is behind an outage rather than lost twice. */
const REPEAT_STEP_MS = 10;

/** Before there is a measurement: long for a LAN, short for a continent. */
const FIRST_ANSWER_MS = 100;
const MAX_ANSWER_MS = 500;
const ANSWER_SMOOTHING = 8;

/** What is known of a sequence number of the window. MISSING and above: it is being asked for. */
const ABSENT = 0;
const RECEIVED = 1;
/** Missing, and worthless: a key frame came behind it. */
const MISSING_BEFORE_KEY_FRAME = 2;
const MISSING = 3;

const NO_SEQUENCE_NUMBER = -1;

/**
 * Which packets of one incoming stream came and which are to be asked for by NACK (RFC 4585 section 6.2.1). A missing
 * packet is asked for once two packets came behind it or 10 ms have passed, and again after each round trip, until it
 * comes or is given up. Nothing here allocates after construction.
 */
export class ReceiveLog {
  /** Set where packets were given up that a decoder needs: only a key frame helps. The owner clears it. */
  gaveUp = false;
  /** Smoothed time in ms from a request to its answer: the round trip to the sender and what it adds. */
  answerMs = FIRST_ANSWER_MS;
  readonly #mask: number;
  readonly #maxMissing: number;
  // By sequence number modulo the window.
  readonly #states: Uint8Array;
  readonly #requests: Uint8Array;
  /** When the packet was found missing. */
  readonly #missingMs: Float64Array;
  /** When the packet was asked for last. */
  readonly #requestedMs: Float64Array;
  #started = false;
  #newest = 0;
  /** When the newest packet came. */
  #newestMs = 0;
  #missing = 0;
  /** No missing packet is older. */
  #oldestMissing = 0;
  /** Missing packets that were not asked for yet. */
  #unrequested = 0;
  /** Missing packets that are older than this one cannot come by mere reordering any more. */
  #settled = 0;
  #timeoutMs = Infinity;
  /** What must follow a packet from before the window for it to be believed. */
  #afterJump = NO_SEQUENCE_NUMBER;

  /** `window` is a power of two: the sequence numbers that are remembered, which take 18 bytes each. */
  constructor(window = RECEIVE_LOG_WINDOW) {
    this.#mask = window - 1;
    this.#maxMissing = Math.min(MAX_MISSING, window - 1);
    this.#states = new Uint8Array(window);
    this.#requests = new Uint8Array(window);
    this.#missingMs = new Float64Array(window);
    this.#requestedMs = new Float64Array(window);
  }

  /** Packets that are being asked for. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * Takes the sequence number of a packet that came. False for one that is known to have come before, and for one from
   * before the window; two such in a row begin the log anew.
   */
  handlePacket(sequenceNumber: number, nowMs: number): boolean {
    if (!this.#started) return this.#start(sequenceNumber, nowMs);
    const distance = sequenceDiff(sequenceNumber, this.#newest);
    if (distance > 0) return this.#advance(sequenceNumber, distance, nowMs);
    if (-distance <= this.#mask) return this.#fill(sequenceNumber);
    return this.#handleOld(sequenceNumber, nowMs);
  }

  /**
   * Takes the original sequence number of a packet that came by RTX; false where the packet is of no use. Unlike
   * `handlePacket` it never begins the log anew: only the publisher's word says which number that is.
   */
  handleRecovered(sequenceNumber: number, nowMs: number): boolean {
    if (!this.#started) return false;
    const distance = sequenceDiff(sequenceNumber, this.#newest);
    if (distance > 0) return this.#fits(distance) && this.#advance(sequenceNumber, distance, nowMs);
    if (-distance > this.#mask) return false;
    this.#measure(sequenceNumber & this.#mask, nowMs);
    return this.#fill(sequenceNumber);
  }

  /**
   * A key frame begins with this packet. What is missing before it is still asked for, but nobody needs a key frame
   * where it does not come.
   */
  handleKeyFrame(sequenceNumber: number): void {
    let left = this.#missing;
    for (let number = this.#firstCandidate(); left > 0; number++) {
      const slot = number & this.#mask;
      if (this.#states[slot] < MISSING_BEFORE_KEY_FRAME) continue;
      if (sequenceDiff(number, sequenceNumber) >= 0) return;
      this.#states[slot] = MISSING_BEFORE_KEY_FRAME;
      left--;
    }
  }

  /** When `collect` is wanted next; Infinity for never. */
  nextTimeout(): number {
    return this.#timeoutMs;
  }

  /**
   * Fills `out` with the sequence numbers to ask for now, the oldest first, and returns how many. Where `out` is full
   * `nextTimeout` is not after `nowMs`, and the rest comes with the next call. `roundTripMs` is the time to the sender
   * and back; 100 does where it is not known.
   */
  collect(nowMs: number, roundTripMs: number, out: Uint16Array): number {
    let count = 0;
    this.#timeoutMs = Infinity;
    let left = this.#missing;
    for (let number = this.#firstCandidate(); left > 0; number++) {
      const slot = number & this.#mask;
      if (this.#states[slot] < MISSING_BEFORE_KEY_FRAME) continue;
      if (left === this.#missing) this.#oldestMissing = number & 0xffff;
      left--;
      const dueMs = this.#dueMs(number, slot, roundTripMs);
      if (dueMs <= nowMs && this.#isSpent(slot, nowMs)) {
        this.#giveUp(slot);
      } else if (dueMs <= nowMs && count < out.length) {
        out[count++] = number;
        this.#request(slot, nowMs);
        this.#wake(this.#dueMs(number, slot, roundTripMs));
      } else {
        this.#wake(dueMs);
      }
    }
    return count;
  }

  /** Forgets everything: the next packet is the first one. */
  clear(): void {
    this.gaveUp = false;
    this.#started = false;
    this.#missing = 0;
    this.#unrequested = 0;
    this.#timeoutMs = Infinity;
    this.#afterJump = NO_SEQUENCE_NUMBER;
    this.#states.fill(ABSENT);
  }

  #start(sequenceNumber: number, nowMs: number): boolean {
    this.clear();
    this.#started = true;
    this.#newest = sequenceNumber;
    this.#newestMs = nowMs;
    this.#settled = sequenceNumber;
    this.#states[sequenceNumber & this.#mask] = RECEIVED;
    return true;
  }

  #restart(sequenceNumber: number, nowMs: number): boolean {
    this.#start(sequenceNumber, nowMs);
    this.gaveUp = true;
    this.#timeoutMs = nowMs;
    return true;
  }

  /** Whether the packets missing before one that is `distance` ahead, and those missing already, are not too many. */
  #fits(distance: number): boolean {
    return this.#missing + distance - 1 <= this.#maxMissing;
  }

  /** Whether the gap is worth a key frame rather than a NACK: most of it would be given up before it could come. */
  #isOutage(distance: number, nowMs: number): boolean {
    return distance - 1 > MAX_MISSING_AFTER_OUTAGE && nowMs - this.#newestMs > GIVE_UP_AFTER_MS;
  }

  #advance(sequenceNumber: number, distance: number, nowMs: number): boolean {
    if (!this.#fits(distance) || this.#isOutage(distance, nowMs)) return this.#restart(sequenceNumber, nowMs);
    // A second packet behind the gaps before it: they are settled.
    this.#settled = this.#newest;
    if (this.#unrequested > 0) this.#wake(nowMs);
    for (let number = this.#newest + 1; number < this.#newest + distance; number++) this.#miss(number & 0xffff, nowMs);
    if (distance - 1 > REORDER_DEPTH) {
      this.#settled = sequenceNumber;
      this.#wake(nowMs);
    } else if (distance > 1) {
      this.#wake(nowMs + REORDER_GRACE_MS);
    }
    this.#leaveWindow(sequenceNumber);
    this.#states[sequenceNumber & this.#mask] = RECEIVED;
    this.#newest = sequenceNumber;
    this.#newestMs = nowMs;
    this.#afterJump = NO_SEQUENCE_NUMBER;
    return true;
  }

  #miss(sequenceNumber: number, nowMs: number): void {
    this.#leaveWindow(sequenceNumber);
    if (this.#missing === 0) this.#oldestMissing = sequenceNumber;
    const slot = sequenceNumber & this.#mask;
    this.#states[slot] = MISSING;
    this.#requests[slot] = 0;
    this.#missingMs[slot] = nowMs;
    this.#missing++;
    this.#unrequested++;
  }

  /** The slot of a number is about to be taken: the number a window before it is forgotten. */
  #leaveWindow(sequenceNumber: number): void {
    const slot = sequenceNumber & this.#mask;
    if (this.#states[slot] < MISSING_BEFORE_KEY_FRAME) return;
    this.#giveUp(slot);
    this.#oldestMissing = (sequenceNumber - this.#mask) & 0xffff;
  }

  /** Where several requests were made, an answer that comes too soon for the last one is that of an earlier one. */
  #measure(slot: number, nowMs: number): void {
    if (this.#states[slot] < MISSING_BEFORE_KEY_FRAME || this.#requests[slot] === 0) return;
    const sinceLastMs = nowMs - this.#requestedMs[slot];
    const isOfLast = this.#requests[slot] === 1 || sinceLastMs >= this.answerMs / 2;
    const sample = isOfLast ? sinceLastMs : nowMs - this.#missingMs[slot];
    this.answerMs += (Math.min(sample, MAX_ANSWER_MS) - this.answerMs) / ANSWER_SMOOTHING;
  }

  #fill(sequenceNumber: number): boolean {
    const slot = sequenceNumber & this.#mask;
    if (this.#states[slot] === RECEIVED) return false;
    if (this.#states[slot] >= MISSING_BEFORE_KEY_FRAME) this.#forget(slot);
    this.#states[slot] = RECEIVED;
    if (this.#missing === 0 && !this.gaveUp) this.#timeoutMs = Infinity;
    return true;
  }

  #handleOld(sequenceNumber: number, nowMs: number): boolean {
    if (sequenceNumber === this.#afterJump) return this.#restart(sequenceNumber, nowMs);
    this.#afterJump = (sequenceNumber + 1) & 0xffff;
    return false;
  }

  #giveUp(slot: number): void {
    if (this.#states[slot] === MISSING) this.gaveUp = true;
    this.#forget(slot);
    this.#states[slot] = ABSENT;
  }

  #forget(slot: number): void {
    this.#missing--;
    if (this.#requests[slot] === 0) this.#unrequested--;
  }

  #request(slot: number, nowMs: number): void {
    if (this.#requests[slot] === 0) this.#unrequested--;
    this.#requests[slot]++;
    this.#requestedMs[slot] = nowMs;
  }

  #wake(dueMs: number): void {
    this.#timeoutMs = Math.min(this.#timeoutMs, dueMs);
  }

  /** Where a walk over the missing packets begins: none is older. It may be below 0, the same modulo 2^16. */
  #firstCandidate(): number {
    return this.#newest - Math.min((this.#newest - this.#oldestMissing) & 0xffff, this.#mask);
  }

  /** When something is to be done about a missing packet: to ask for it, or to give it up. */
  #dueMs(sequenceNumber: number, slot: number, roundTripMs: number): number {
    const requests = this.#requests[slot];
    if (requests === 0) {
      const settled = sequenceDiff(this.#settled, sequenceNumber) > 0;
      return this.#missingMs[slot] + (settled ? 0 : REORDER_GRACE_MS);
    }
    const repeatMs = Math.max(roundTripMs, MIN_REPEAT_MS) + (requests - 1) * REPEAT_STEP_MS;
    return Math.min(this.#requestedMs[slot] + repeatMs, this.#missingMs[slot] + GIVE_UP_AFTER_MS);
  }

  #isSpent(slot: number, nowMs: number): boolean {
    return this.#requests[slot] === MAX_REQUESTS || nowMs - this.#missingMs[slot] >= GIVE_UP_AFTER_MS;
  }
}
