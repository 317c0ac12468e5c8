import { Histogram, type HistogramFigures } from "../media/histogram.ts";
import { type JoinOutcome, type LeaveReason, outcomeOf } from "./join_outcome.ts";

/** Upper bounds of the buckets of a join's duration, in ms. */
export const JOIN_BOUNDS_MS: readonly number[] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/** More than there are: codes are the program's words, never a client's. */
const MAX_CODES = 100;
const OTHER = "other";

export interface AdmissionFigures {
  readonly joins: Readonly<Record<JoinOutcome, number>>;
  /** From the join to the end of the DTLS handshake, of those that connected. */
  readonly durations: HistogramFigures;
  /** By the codes of docs/protocol.md; a code that was never used is not there. */
  readonly refusals: Readonly<Record<string, number>>;
}

/** Counts who joined, with which outcome, and what was refused. */
export class Admissions {
  readonly #joins: Record<JoinOutcome, number> = { connected: 0, left: 0, failed: 0, refused: 0 };
  readonly #refusals = new Map<string, number>();
  readonly #durations = new Histogram(JOIN_BOUNDS_MS);
  /** When those joined that are not connected yet. */
  readonly #pending = new Map<object, number>();

  get figures(): AdmissionFigures {
    return {
      joins: { ...this.#joins },
      durations: this.#durations.figures,
      refusals: Object.fromEntries(this.#refusals),
    };
  }

  /** Something that a client asked for was refused, by a code of docs/protocol.md. */
  refused(code: string): void {
    const isKnown = this.#refusals.has(code) || this.#refusals.size < MAX_CODES;
    const counted = isKnown ? code : OTHER;
    this.#refusals.set(counted, (this.#refusals.get(counted) ?? 0) + 1);
  }

  /** A join was refused before there was a peer. */
  joinRefused(): void {
    this.#joins.refused++;
  }

  joined(peer: object, nowMs: number): void {
    this.#pending.set(peer, nowMs);
  }

  connected(peer: object, nowMs: number): void {
    const joinedMs = this.#pending.get(peer);
    if (joinedMs === undefined) return;
    this.#pending.delete(peer);
    this.#joins.connected++;
    this.#durations.observe(nowMs - joinedMs);
  }

  /** Whoever asked for the peer counts what became of it. */
  forget(peer: object): void {
    this.#pending.delete(peer);
  }

  /** The peer is gone: where it never connected this is its outcome. */
  left(peer: object, reason: LeaveReason): void {
    if (this.#pending.delete(peer)) this.#joins[outcomeOf(reason)]++;
  }
}
