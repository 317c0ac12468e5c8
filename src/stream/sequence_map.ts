import { sequenceDiff } from "../rtp/sequence.ts";

/** Runs that are remembered: 4 s of a stream of which every second frame of 60 a second is left out. */
export const MAX_RUNS = 128;
const FIRST_RUNS = 4;
const NO_RUNS = new Int32Array(0);

/** The fields of a run, in the order they are kept in. */
const RUN_LENGTH = 4;
const OUTGOING = 0;
const SOURCE = 1;
const SSRC = 2;
const TIMESTAMP_OFFSET = 3;

/**
 * What `locate` found last, of whichever map: its sequence number, the SSRC it came with, and what its timestamp was moved
 * by. What is asked for at once is no memory of each.
 */
export const located = { source: 0, ssrc: 0, timestampOffset: 0 };

/**
 * Which packet of a source each packet of an outgoing stream was, as runs: a run is a row of sequence numbers with one
 * offset. A new one begins where packets of the source were left out and where another source began; the oldest is
 * forgotten. Numbers of packets that were lost on the way in belong to their run.
 *
 * Outgoing numbers have no holes between runs, so a run needs no end: it is where the next one begins. Inside the map
 * numbers go on beyond 16 bits, modulo 2^32.
 */
export class SequenceMap {
  /** A ring of runs, made with the first one; it doubles up to MAX_RUNS, because most streams have one run only. */
  #runs = NO_RUNS;
  #count = 0;
  /** Of these newest runs the source is the present one. */
  #presentCount = 0;
  /** The place of the newest run. */
  #last = -1;
  #newestSource = 0;
  #newestOutgoing = 0;
  /** The next packet that is sent begins a run. */
  #isBroken = false;

  /** A source begins: its packet `source` was sent as `outgoing`, the number after the newest one. */
  begin(source: number, outgoing: number, ssrc: number, timestampOffset: number): void {
    this.#newestSource = source;
    this.#newestOutgoing = (this.#newestOutgoing + sequenceDiff(outgoing, this.#newestOutgoing)) | 0;
    this.#presentCount = 0;
    this.#isBroken = false;
    this.#open(this.#newestOutgoing, source, ssrc, timestampOffset);
  }

  /** A packet newer than all before it was sent. Numbers of the source that `outgoing` has closed up over are left out. */
  extend(source: number, outgoing: number): void {
    const sourceStep = sequenceDiff(source, this.#newestSource);
    const outgoingStep = sequenceDiff(outgoing, this.#newestOutgoing);
    this.#newestSource = (this.#newestSource + sourceStep) | 0;
    this.#newestOutgoing = (this.#newestOutgoing + outgoingStep) | 0;
    if (sourceStep === outgoingStep && !this.#isBroken) return;
    this.#isBroken = false;
    // The packets just before this one that are missing were not left out: they belong to the new run.
    const missing = outgoingStep - 1;
    const place = this.#last * RUN_LENGTH;
    const ssrc = this.#runs[place + SSRC];
    const timestampOffset = this.#runs[place + TIMESTAMP_OFFSET];
    this.#open((this.#newestOutgoing - missing) | 0, (this.#newestSource - missing) | 0, ssrc, timestampOffset);
  }

  /** All packets behind the newest one that was sent, up to the source's number `last`, are left out. */
  leaveOut(last: number): void {
    this.#newestSource = (this.#newestSource + sequenceDiff(last, this.#newestSource)) | 0;
    this.#isBroken = true;
  }

  /** The number under which a packet of the present source goes out, late or sent before; -1 where none is known. */
  outgoing(source: number): number {
    const behind = sequenceDiff(this.#newestSource, source);
    if (behind < 0) return -1;
    const wanted = this.#newestSource - behind;
    let end = this.#newestOutgoing + 1;
    for (let back = 0; back < this.#presentCount; back++) {
      const place = this.#placeOf(back);
      const start = this.#runs[place + OUTGOING];
      const into = (wanted - this.#runs[place + SOURCE]) | 0;
      // At or behind the run's start: in this run, or left out after it.
      if (into >= 0) return into < ((end - start) | 0) ? (start + into) & 0xffff : -1;
      end = start;
    }
    return -1;
  }

  /** Finds the packet that went out, or would have gone out, under a number; false where it is not known. */
  locate(outgoing: number): boolean {
    const behind = sequenceDiff(this.#newestOutgoing, outgoing);
    if (behind < 0) return false;
    const wanted = this.#newestOutgoing - behind;
    for (let back = 0; back < this.#count; back++) {
      const place = this.#placeOf(back);
      const into = (wanted - this.#runs[place + OUTGOING]) | 0;
      if (into < 0) continue;
      located.source = (this.#runs[place + SOURCE] + into) & 0xffff;
      located.ssrc = this.#runs[place + SSRC] >>> 0;
      located.timestampOffset = this.#runs[place + TIMESTAMP_OFFSET] >>> 0;
      return true;
    }
    return false;
  }

  /** Where the run is that is `back` runs older than the newest. */
  #placeOf(back: number): number {
    const runs = this.#runs.length / RUN_LENGTH;
    return ((this.#last - back + runs) % runs) * RUN_LENGTH;
  }

  #open(outgoing: number, source: number, ssrc: number, timestampOffset: number): void {
    const runs = this.#runs.length / RUN_LENGTH;
    if (this.#count === runs && runs < MAX_RUNS) this.#grow();
    this.#last = (this.#last + 1) % (this.#runs.length / RUN_LENGTH);
    this.#count = Math.min(this.#count + 1, MAX_RUNS);
    this.#presentCount = Math.min(this.#presentCount + 1, MAX_RUNS);
    const place = this.#last * RUN_LENGTH;
    this.#runs[place + OUTGOING] = outgoing;
    this.#runs[place + SOURCE] = source;
    this.#runs[place + SSRC] = ssrc;
    this.#runs[place + TIMESTAMP_OFFSET] = timestampOffset;
  }

  /** Before the ring has gone round once the runs lie in order, so they may stay where they are. */
  #grow(): void {
    const runs = new Int32Array(Math.max(this.#runs.length * 2, FIRST_RUNS * RUN_LENGTH));
    runs.set(this.#runs);
    this.#runs = runs;
  }
}
