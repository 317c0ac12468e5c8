/** Something that is to be done at certain times. */
export interface Task {
  /** Does what is due at `nowUs`, and returns when to be called next; Infinity for never. */
  run(nowUs: number): number;
}

/** Tasks by the time at which they are due: a binary heap. Running one that goes on allocates nothing. */
export class Schedule {
  readonly #tasks: Task[] = [];
  readonly #dues: number[] = [];

  /** When the next task is due, in microseconds; Infinity for never. */
  get nextDue(): number {
    return this.#dues.length === 0 ? Infinity : this.#dues[0];
  }

  add(task: Task, dueUs: number): void {
    this.#tasks.push(task);
    this.#dues.push(dueUs);
    this.#rise(this.#tasks.length - 1);
  }

  /** Runs what is due. */
  run(nowUs: number): void {
    while (this.nextDue <= nowUs) {
      const task = this.#tasks[0];
      const due = task.run(nowUs);
      // A task may have added another one, which cannot be due before it: this one is still the first.
      if (due === Infinity) this.#removeFirst();
      else this.#dues[0] = due;
      this.#sink(0);
    }
  }

  #removeFirst(): void {
    const task = this.#tasks.pop();
    const due = this.#dues.pop();
    if (task === undefined || due === undefined || this.#tasks.length === 0) return;
    this.#tasks[0] = task;
    this.#dues[0] = due;
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const parent = (at - 1) >> 1;
      if (this.#dues[parent] <= this.#dues[at]) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(index: number): void {
    const count = this.#dues.length;
    for (let at = index;;) {
      const left = 2 * at + 1;
      if (left >= count) return;
      const least = left + 1 < count && this.#dues[left + 1] < this.#dues[left] ? left + 1 : left;
      if (this.#dues[at] <= this.#dues[least]) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const task = this.#tasks[a];
    const due = this.#dues[a];
    this.#tasks[a] = this.#tasks[b];
    this.#dues[a] = this.#dues[b];
    this.#tasks[b] = task;
    this.#dues[b] = due;
  }
}
