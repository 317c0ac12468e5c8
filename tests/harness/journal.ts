/** How long a test waits for what should come at once; on a busy machine that may take a while. */
export const DEADLINE_MS = 10_000;

/** What has happened, in its order. A test waits for the entry that it expects, and fails by the deadline: no sleeps. */
export class Journal<T> {
  readonly entries: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(entry: T): void {
    this.entries.push(entry);
    for (const check of this.#waiting) check();
  }

  /** The first entry that fits, be it in the journal already or still to come. `what` names it in the failure. */
  find<S extends T>(fits: (entry: T) => entry is S, what: string, deadlineMs?: number): Promise<S>;
  find(fits: (entry: T) => boolean, what: string, deadlineMs?: number): Promise<T>;
  async find(fits: (entry: T) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
    let looked = 0;
    await this.#until(
      () => {
        while (looked < this.entries.length && !fits(this.entries[looked])) looked++;
        return looked < this.entries.length;
      },
      what,
      deadlineMs,
    );
    return this.entries[looked];
  }

  /** Until there are `count` entries. */
  reach(count: number, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    return this.#until(() => this.entries.length >= count, `${count} times ${what}`, deadlineMs);
  }

  #until(done: () => boolean, what: string, deadlineMs: number): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const check = () => {
        if (!done()) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${what}: not within ${deadlineMs} ms; ${this.entries.length} entries so far`));
      }, deadlineMs);
      this.#waiting.add(check);
    });
  }
}
