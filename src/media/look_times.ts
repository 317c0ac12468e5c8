/**
 * When each of many is to be looked at next: one row of numbers, so that who is due is found without touching the others,
 * which lie all over the memory, and without allocating a number for each of them.
 */
export class LookTimes<T> {
  #times = new Float64Array(16);
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();

  /** Is to be looked at at once. */
  add(item: T): void {
    const place = this.#items.length;
    if (place === this.#times.length) {
      const times = new Float64Array(2 * place);
      times.set(this.#times);
      this.#times = times;
    }
    this.#times[place] = -Infinity;
    this.#items.push(item);
    this.#places.set(item, place);
  }

  /** One that is not there changes nothing. */
  delete(item: T): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    const lastPlace = this.#items.length - 1;
    const last = this.#items[lastPlace];
    this.#items[place] = last;
    this.#times[place] = this.#times[lastPlace];
    this.#places.set(last, place);
    this.#items.pop();
    this.#places.delete(item);
  }

  /** Is looked at at once; one that is not there changes nothing. */
  bringForward(item: T): void {
    const place = this.#places.get(item);
    if (place !== undefined) this.#times[place] = -Infinity;
  }

  bringAllForward(): void {
    this.#times.fill(-Infinity);
  }

  /**
   * Calls `look` with each that is due, which returns when it is to be looked at next, whatever was brought forward
   * meanwhile. `look` may add and delete.
   */
  handleTimeout(nowMs: number, look: (item: T, nowMs: number) => number): void {
    for (let place = 0; place < this.#items.length; place++) {
      if (this.#times[place] > nowMs) continue;
      const item = this.#items[place];
      const nextMs = look(item, nowMs);
      if (this.#items[place] === item) this.#times[place] = nextMs;
      // Another one has come to where it was.
      else place--;
    }
  }
}
