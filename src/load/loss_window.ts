/** Sequence numbers that are remembered: 1.6 s of a stream of 2,500 packets a second. */
const WINDOW = 4096;
/** A longer gap is not looked at packet by packet. */
export const MAX_GAP = 3000;
/** Packets that are waited for at one time; what is missing beyond is lost at once. */
export const MAX_AWAITED = 256;
/** 2^16: a stream's numbers begin here, so that those before the first packet are not below 0. */
const CYCLE = 0x10000;

/** A packet that is missing for so long is asked for: until then it may only be late. */
const FIRST_NACK_US = 15_000;
/** Before the first repeat; each repeat waits twice as long as the one before. */
const REPEAT_NACK_US = 50_000;
/** A packet that is missing for so long is lost. */
export const GIVE_UP_US = 500_000;

/**
 * Which packets of one stream came, by their sequence numbers: in order, late, twice, or not at all. Of its own, apart
 * from the server's ReceiveLog: what judges a server does not share its faults. Nothing is allocated after construction.
 */
export class LossWindow {
  /** Each packet once, however it came. */
  received = 0;
  duplicates = 0;
  /** Came behind a later one, and not by RTX. */
  reordered = 0;
  /** Came by RTX. */
  recovered = 0;
  /** Missing for GIVE_UP_US, or too many at once. */
  lost = 0;
  /** Of the lost, those that were too many at once: they were not missing before, and nobody waited for them. */
  lostAtOnce = 0;
  /** Came when they were lost already. */
  late = 0;
  /** Requests for single packets. */
  nacks = 0;
  /** The highest sequence number with its cycles; -1 before the first packet. */
  highest = -1;
  /** Packets that are waited for. Some of them may have come since the last `collect`. */
  awaited = 0;
  readonly #came = new Uint32Array(WINDOW / 32);
  // Of each packet that is waited for, in their order.
  readonly #numbers = new Float64Array(MAX_AWAITED);
  readonly #missingUs = new Float64Array(MAX_AWAITED);
  readonly #dueUs = new Float64Array(MAX_AWAITED);
  readonly #repeatUs = new Float64Array(MAX_AWAITED);

  /** Takes a packet. Returns its number with the cycles; -1 where it came before or too late. */
  accept(sequenceNumber: number, nowUs: number): number {
    if (this.highest < 0) this.highest = CYCLE + sequenceNumber - 1;
    const number = this.#extend(sequenceNumber);
    if (number > this.highest) {
      this.#advance(number, nowUs);
    } else {
      if (!this.#fill(number)) return -1;
      this.reordered++;
    }
    this.received++;
    return number;
  }

  /** Takes the original sequence number of a packet that came by RTX. Returns as `accept` does. */
  recover(sequenceNumber: number): number {
    if (this.highest < 0) return -1;
    const number = this.#extend(sequenceNumber);
    if (number > this.highest || !this.#fill(number)) return -1;
    this.recovered++;
    this.received++;
    return number;
  }

  /**
   * Fills `out` with the sequence numbers that are to be asked for now, and returns how many; gives up what is missing
   * for too long.
   */
  collect(nowUs: number, out: Uint16Array): number {
    let kept = 0;
    let asked = 0;
    for (let i = 0; i < this.awaited; i++) {
      const number = this.#numbers[i];
      const isRemembered = number > this.highest - WINDOW;
      if (isRemembered && this.#has(number)) continue;
      if (!isRemembered || nowUs - this.#missingUs[i] >= GIVE_UP_US) {
        this.lost++;
        continue;
      }
      const isDue = this.#dueUs[i] <= nowUs && asked < out.length;
      if (isDue) out[asked++] = number;
      this.#numbers[kept] = number;
      this.#missingUs[kept] = this.#missingUs[i];
      this.#dueUs[kept] = isDue ? nowUs + this.#repeatUs[i] : this.#dueUs[i];
      this.#repeatUs[kept] = isDue ? 2 * this.#repeatUs[i] : this.#repeatUs[i];
      kept++;
    }
    this.awaited = kept;
    this.nacks += asked;
    return asked;
  }

  /** The number with the cycles that make it the closest to the highest. */
  #extend(sequenceNumber: number): number {
    return this.highest + (((sequenceNumber - this.highest) << 16) >> 16);
  }

  #advance(number: number, nowUs: number): void {
    const gap = number - this.highest - 1;
    if (gap > MAX_GAP) {
      this.lost += gap;
      this.lostAtOnce += gap;
      this.#came.fill(0);
    } else {
      for (let missing = this.highest + 1; missing < number; missing++) this.#miss(missing, nowUs);
    }
    this.highest = number;
    this.#mark(number);
  }

  #miss(number: number, nowUs: number): void {
    this.#came[(number % WINDOW) >>> 5] &= ~(1 << (number & 31));
    if (this.awaited === MAX_AWAITED) {
      this.lost++;
      this.lostAtOnce++;
      return;
    }
    this.#numbers[this.awaited] = number;
    this.#missingUs[this.awaited] = nowUs;
    this.#dueUs[this.awaited] = nowUs + FIRST_NACK_US;
    this.#repeatUs[this.awaited] = REPEAT_NACK_US;
    this.awaited++;
  }

  /** Takes a packet that is not the newest; false where it is of no use. */
  #fill(number: number): boolean {
    const isRemembered = number > this.highest - WINDOW;
    if (isRemembered && this.#has(number)) {
      this.duplicates++;
      return false;
    }
    if (!isRemembered || !this.#isAwaited(number)) {
      this.late++;
      return false;
    }
    this.#mark(number);
    return true;
  }

  #isAwaited(number: number): boolean {
    for (let i = 0; i < this.awaited; i++) if (this.#numbers[i] === number) return true;
    return false;
  }

  #has(number: number): boolean {
    return (this.#came[(number % WINDOW) >>> 5] & (1 << (number & 31))) !== 0;
  }

  #mark(number: number): void {
    this.#came[(number % WINDOW) >>> 5] |= 1 << (number & 31);
  }
}
