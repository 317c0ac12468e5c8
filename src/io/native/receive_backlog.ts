import type { Libc } from "./libc.ts";
import { ReceiveBatch } from "./receive_batch.ts";

/** 4,096 datagrams: 0.15 s of 400 publishers with 60 packets a second each. */
export const MAX_BATCHES = 64;

/** Batches for what waits at a socket: 128 kB each, made when a backlog first needs them, and kept. */
export class ReceiveBacklog {
  readonly #libc: Libc;
  readonly #batches: ReceiveBatch[];

  constructor(libc: Libc, first: ReceiveBatch) {
    this.#libc = libc;
    this.#batches = [first];
  }

  /** Datagrams that were dropped, as each batch counts them. */
  get refused(): number {
    return this.#batches.reduce((sum, { refused }) => sum + refused, 0);
  }

  /** Calls that failed. */
  get errors(): number {
    return this.#batches.reduce((sum, { errors }) => sum + errors, 0);
  }

  /** The batch with this index, which is not beyond the one behind the last one that there is. */
  batch(index: number): ReceiveBatch {
    if (index === this.#batches.length) this.#batches.push(new ReceiveBatch(this.#libc));
    return this.#batches[index];
  }
}
