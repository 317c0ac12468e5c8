import { ProbeSender } from "./probe_sender.ts";

/** Packets that are remembered at first and at most; powers of two. 16384 are 1.6 s of 100 Mbit/s. */
const FIRST_CAPACITY = 128;
export const MAX_CAPACITY = 16384;
/** A packet that is not reported after so long never will be: what comes then is no measure of the present. */
export const HISTORY_MS = 60_000;
/** A report of what is older than this is not worth memory for it. */
const WORTH_KEEPING_US = 10_000_000;

/** Two numbers for each packet: when it was sent, in microseconds modulo 2^32, and its size, probe and state. */
const FIELDS = 2;
/** Packets of which a report speaks, mostly, and how many of them lie side by side in what is fetched at once. */
const AHEAD = 24;
const AHEAD_STEP = 8;
const SIZE_MASK = 0xffff;
const PROBE_SHIFT = 16;
const PROBE_MASK = 0xff;
const STATE_SHIFT = 24;
const OUTSTANDING = 1 << STATE_SHIFT;
const MISSING = 2 << STATE_SHIFT;
const RECEIVED = 3 << STATE_SHIFT;
const STATE_MASK = 3 << STATE_SHIFT;

/** Gives what goes out its numbers. */
export interface PacketNumbering {
  /** A packet of `bytes` goes out: returns its transport-wide sequence number (0 to 65535). Allocates nothing. */
  handleSent(bytes: number, nowMs: number): number;
  /** Reads what the next number needs, so that it is waited for together with what else is out of the cache. */
  readAhead(): number;
}

/** The packet that was taken last, of whichever history: what lasts so short a time is no memory of each. */
const taken = { sentUs: 0, bytes: 0, probe: 0, wasMissing: false };

/**
 * What was sent to one subscriber, by transport-wide sequence number
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01): a ring that grows with what is under way. A report about a
 * packet that it does not know, or knows as received already, is told as such.
 */
export class SendHistory implements PacketNumbering {
  #entries = new Int32Array(FIRST_CAPACITY * FIELDS);
  #mask = FIRST_CAPACITY - 1;
  /** The number of the next packet. */
  #next = 0;
  /** Packets held, the newest ones; and those of them that are newer than any that was reported. */
  #count = 0;
  #unreported = 0;
  /** Of the unreported ones. */
  #outstandingBytes = 0;
  /** Of all packets ever, modulo 2^32. */
  #sentBytes = 0;
  /** No packet that is held was sent before this, unless none is: microseconds modulo 2^32. */
  #sinceUs = 0;
  /** The probe of which packets are part now, as `#probes` has it: a packet looks at no more objects than it must. */
  #probe = 0;
  readonly #probes: ProbeSender;

  /** Packets that go out while one of `probes` is under way are part of it. */
  constructor(probes: ProbeSender = new ProbeSender()) {
    this.#probes = probes;
  }

  // Of the packet that was taken last, until the next one is taken from any history.
  /** When it was sent: microseconds modulo 2^32, as a signed number. */
  get sentUs(): number {
    return taken.sentUs;
  }

  get bytes(): number {
    return taken.bytes;
  }

  /** The probe that it was part of; 0 for none. */
  get probe(): number {
    return taken.probe;
  }

  /** Whether an earlier report had it as missing. */
  get wasMissing(): boolean {
    return taken.wasMissing;
  }

  /** Bytes that are under way as far as is known. */
  get outstandingBytes(): number {
    return this.#outstandingBytes;
  }

  /** Packets that are under way as far as is known. */
  get outstandingPackets(): number {
    return this.#unreported;
  }

  /** Bytes of all packets ever, modulo 2^32, as a signed number. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Packets for which there is memory. */
  get capacity(): number {
    return this.#mask + 1;
  }

  handleSent(bytes: number, nowMs: number): number {
    const probe = this.#probe;
    if (probe !== 0) this.#handleProbeBytes(bytes, nowMs);
    return this.add(bytes, probe, nowMs);
  }

  /** Another probe is under way than before, or none any more. */
  noteProbe(): void {
    this.#probe = this.#probes.id;
  }

  /** Takes a packet of `bytes`, of a probe (1 to 255) or of none (0), and returns its sequence number. */
  add(bytes: number, probe: number, nowMs: number): number {
    const sequenceNumber = this.#next;
    const sentUs = (nowMs * 1000) | 0;
    if (this.#count <= this.#mask) this.#count++;
    else if ((this.#entries[(sequenceNumber & this.#mask) * FIELDS + 1] & STATE_MASK) === OUTSTANDING) {
      this.#makeRoom(sentUs);
    }
    const at = (sequenceNumber & this.#mask) * FIELDS;
    this.#entries[at] = sentUs;
    this.#entries[at + 1] = OUTSTANDING | (probe << PROBE_SHIFT) | (bytes & SIZE_MASK);
    this.#next = (sequenceNumber + 1) & 0xffff;
    this.#unreported++;
    this.#outstandingBytes += bytes;
    this.#sentBytes = (this.#sentBytes + bytes) | 0;
    return sequenceNumber;
  }

  /** Whether the packet is known, and is reported as received for the first time; it can be read then. */
  takeReceived(sequenceNumber: number): boolean {
    const at = this.#find(sequenceNumber);
    if (at < 0) return false;
    const entry = this.#entries[at + 1];
    const state = entry & STATE_MASK;
    if (state === RECEIVED) return false;
    this.#entries[at + 1] = entry | RECEIVED;
    taken.wasMissing = state === MISSING;
    this.#read(at);
    return true;
  }

  /** Whether the packet is known, and is reported for the first time; it can be read then. */
  takeMissing(sequenceNumber: number): boolean {
    const at = this.#find(sequenceNumber);
    if (at < 0) return false;
    const entry = this.#entries[at + 1];
    if ((entry & STATE_MASK) !== OUTSTANDING) return false;
    this.#entries[at + 1] = (entry & ~STATE_MASK) | MISSING;
    taken.wasMissing = false;
    this.#read(at);
    return true;
  }

  /** When the oldest packet was sent that nothing was heard of, as `sentUs`; valid where packets are outstanding. */
  get oldestOutstandingUs(): number {
    return this.#entries[((this.#next - this.#unreported) & this.#mask) * FIELDS];
  }

  readAhead(): number {
    return (this.#entries[(this.#next & this.#mask) * FIELDS] + this.#sentBytes) | 0;
  }

  /** Reads what a report needs of it: see `BandwidthEstimator`. */
  readAheadOfReport(): number {
    const entries = this.#entries;
    let sum = 0;
    for (let index = 0; index < AHEAD; index += AHEAD_STEP) {
      sum += entries[((this.#next - this.#unreported + index) & this.#mask) * FIELDS];
    }
    return sum | 0;
  }

  /** Forgets what is too old to be reported. */
  purge(nowMs: number): void {
    const nowUs = (nowMs * 1000) | 0;
    // The oldest packet lies where nothing else is looked at: its memory is left alone as long as it cannot be too old.
    if (isRecent(this.#sinceUs, nowUs)) return;
    while (this.#count > 0) {
      const sentUs = this.#entries[((this.#next - this.#count) & this.#mask) * FIELDS];
      if (isRecent(sentUs, nowUs)) {
        this.#sinceUs = sentUs;
        return;
      }
      this.#dropOldest();
    }
  }

  /** Forgets all packets; sequence numbers go on. */
  clear(): void {
    this.#count = 0;
    this.#unreported = 0;
    this.#outstandingBytes = 0;
  }

  #handleProbeBytes(bytes: number, nowMs: number): void {
    this.#probes.handleSent(bytes, nowMs);
    this.noteProbe();
  }

  /** Where the packet is; negative where it is not known. What was sent before it is under way no more. */
  #find(sequenceNumber: number): number {
    const behind = (this.#next - 1 - sequenceNumber) & 0xffff;
    if (behind >= this.#count) return -1;
    while (this.#unreported > behind) this.#settleOldest();
    return (sequenceNumber & this.#mask) * FIELDS;
  }

  #read(at: number): void {
    const entry = this.#entries[at + 1];
    taken.sentUs = this.#entries[at];
    taken.bytes = entry & SIZE_MASK;
    taken.probe = (entry >>> PROBE_SHIFT) & PROBE_MASK;
  }

  /** The oldest unreported packet is under way no more. */
  #settleOldest(): void {
    const at = ((this.#next - this.#unreported) & this.#mask) * FIELDS;
    this.#outstandingBytes -= this.#entries[at + 1] & SIZE_MASK;
    this.#unreported--;
  }

  #dropOldest(): void {
    if (this.#unreported === this.#count) this.#settleOldest();
    this.#count--;
  }

  /** The ring is full, and its oldest packet was not reported: twice as large where that may come, else without it. */
  #makeRoom(nowUs: number): void {
    const ageUs = (nowUs - this.#entries[(this.#next & this.#mask) * FIELDS]) | 0;
    if (this.capacity >= MAX_CAPACITY || ageUs < 0 || ageUs > WORTH_KEEPING_US) {
      if (this.#unreported === this.#count) this.#settleOldest();
      return;
    }
    const [old, oldMask] = [this.#entries, this.#mask];
    const mask = oldMask * 2 + 1;
    const entries = new Int32Array((mask + 1) * FIELDS);
    for (let behind = 1; behind <= this.#count; behind++) {
      const [from, to] = [((this.#next - behind) & oldMask) * FIELDS, ((this.#next - behind) & mask) * FIELDS];
      entries[to] = old[from];
      entries[to + 1] = old[from + 1];
    }
    this.#entries = entries;
    this.#mask = mask;
    this.#count++;
  }
}

/** Whether what was sent at `sentUs` can still be reported at `nowUs`. */
function isRecent(sentUs: number, nowUs: number): boolean {
  const ageUs = (nowUs - sentUs) | 0;
  return ageUs >= 0 && ageUs <= HISTORY_MS * 1000;
}
