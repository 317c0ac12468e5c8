/** From so many datagrams on the next run to another address sends what waits: their slots stay in the cache. */
export const SEND_EARLY = 128;

/** A queue of one socket. */
export interface FlushableQueue {
  /** Whether it is in the list. */
  isListed: boolean;
  /** Sends what waits in it. */
  send(): void;
}

/** The queues that have something to send since the last flush. */
export class FlushList {
  readonly #queues: (FlushableQueue | undefined)[] = [];
  #count = 0;
  #last: FlushableQueue | undefined;
  /** Datagrams queued since the last flush. */
  #queued = 0;

  /** Notes that a datagram is about to be queued. Where many wait, a run to another socket sends them: their slots are free. */
  add(queue: FlushableQueue): void {
    if (queue !== this.#last && this.#queued >= SEND_EARLY) this.flush();
    this.#last = queue;
    this.#queued++;
    if (queue.isListed) return;
    queue.isListed = true;
    this.#queues[this.#count++] = queue;
  }

  /** Sends what waits in all queues. */
  flush(): void {
    for (let i = 0; i < this.#count; i++) {
      const queue = this.#queues[i];
      this.#queues[i] = undefined;
      if (queue !== undefined) queue.isListed = false;
      queue?.send();
    }
    this.#count = 0;
    this.#last = undefined;
    this.#queued = 0;
  }
}
