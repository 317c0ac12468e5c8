/** Something that happens at a time of the simulation. */
interface Event {
  readonly ms: number;
  /** Events of one time happen in the order in which they were put in. */
  readonly order: number;
  readonly happen: () => void;
}

/** Virtual time with many events under way: a heap. Times are in milliseconds, and begin at `startMs`. */
export class Simulation {
  nowMs: number;
  readonly #heap: Event[] = [];
  #order = 0;

  constructor(startMs = 1000) {
    this.nowMs = startMs;
  }

  at(ms: number, happen: () => void): void {
    const event = { ms: Math.max(ms, this.nowMs), order: this.#order++, happen };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
  }

  after(ms: number, happen: () => void): void {
    this.at(this.nowMs + ms, happen);
  }

  /** Every `ms`, for the first time after that. */
  every(ms: number, happen: () => void): void {
    this.after(ms, () => {
      happen();
      this.every(ms, happen);
    });
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let event = this.#heap.at(0); event !== undefined && event.ms <= endMs; event = this.#heap.at(0)) {
      this.#removeFirst();
      this.nowMs = event.ms;
      event.happen();
    }
    this.nowMs = endMs;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.ms < b.ms || (a.ms === b.ms && a.order < b.order);
}
