/** The part of the bytes sent that may be sent again. A tenth lost, in bursts and with lost repeats, needs more than 0.15. */
export const MAX_RETRANSMITTED_SHARE = 0.2;
/** What may be sent again beyond that in each second: a dozen packets mend a stream that has just begun, and audio. */
export const RETRANSMISSION_BURST_BYTES = 16 * 1024;
/**
 * The least time between two answers for one packet: shorter than the 20 ms at which Chromium looks at its list, so that
 * its repeats are answered, and longer than a doubled NACK is behind the first.
 */
export const MIN_RESEND_INTERVAL_MS = 10;

/** The sliding second, in steps: what is sent in one may be told at its end. */
const STEPS = 10;
export const STEP_MS = 100;
/** Packets whose last answer is remembered, a power of two. */
const REMEMBERED = 256;

/**
 * Decides which packets that one subscriber asks for by NACK are sent again: not one whose last answer may still be on
 * the way, and not more than a share of what is sent, so that repair cannot crowd out what it repairs.
 */
export class RetransmissionGuard {
  // Of each step of the sliding second.
  readonly #sentBytes = new Float64Array(STEPS);
  readonly #resentBytes = new Float64Array(STEPS);
  /** Of the steps before the present one. */
  #sentSum = 0;
  #resentSum = 0;
  /** The present step, counted from time 0, when it ends, and what was sent in it. */
  #step = 0;
  #stepEndMs = STEP_MS;
  #stepBytes = 0;
  /** The numbers sent again last and when, by sequence number modulo REMEMBERED; made with the first NACK. */
  #resent: Uint16Array | undefined;
  #resentMs: Float64Array | undefined;

  /** Packets of the stream, `bytes` in all, were sent for the first time. */
  handleSent(bytes: number, nowMs: number): void {
    if (nowMs >= this.#stepEndMs) this.#advance(nowMs);
    this.#stepBytes += bytes;
  }

  /**
   * Whether the packet, `bytes` long, is to be sent again now; then it counts as sent again. `roundTripMs` is the time
   * to the subscriber and back; 0 does where it is not known.
   */
  allow(sequenceNumber: number, bytes: number, nowMs: number, roundTripMs: number): boolean {
    if (nowMs >= this.#stepEndMs) this.#advance(nowMs);
    const numbers = this.#resent ??= new Uint16Array(REMEMBERED);
    const times = this.#resentMs ??= new Float64Array(REMEMBERED).fill(-Infinity);
    const slot = sequenceNumber & (REMEMBERED - 1);
    const intervalMs = Math.max(roundTripMs, MIN_RESEND_INTERVAL_MS);
    if (numbers[slot] === sequenceNumber && nowMs - times[slot] < intervalMs) return false;
    const allowed = (this.#sentSum + this.#stepBytes) * MAX_RETRANSMITTED_SHARE + RETRANSMISSION_BURST_BYTES;
    if (this.#resentSum + bytes > allowed) return false;
    numbers[slot] = sequenceNumber;
    times[slot] = nowMs;
    this.#resentBytes[this.#step % STEPS] += bytes;
    this.#resentSum += bytes;
    return true;
  }

  /** What is a second old falls out of the sums. */
  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    this.#sentBytes[this.#step % STEPS] = this.#stepBytes;
    this.#sentSum += this.#stepBytes;
    this.#stepBytes = 0;
    const passed = Math.min(step - this.#step, STEPS);
    for (let ahead = 1; ahead <= passed; ahead++) {
      const index = (this.#step + ahead) % STEPS;
      this.#sentSum -= this.#sentBytes[index];
      this.#resentSum -= this.#resentBytes[index];
      this.#sentBytes[index] = 0;
      this.#resentBytes[index] = 0;
    }
    this.#step = step;
    this.#stepEndMs = (step + 1) * STEP_MS;
  }
}
