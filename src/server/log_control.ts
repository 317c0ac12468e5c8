import { configureLogs, type LogOptions } from "./log.ts";
import { formatLogFilter, type LogFilter, parseLogFilter } from "./log_filter.ts";

/** What a running server logs, and how that is changed. */
export interface LogControl {
  /** As `--log` has it. */
  readonly filter: string;
  /** False, with nothing changed, where the text is no filter. */
  setFilter(filter: string): boolean;
}

/** The logs of this process: LogTape is configured by it alone. */
export class ProcessLogs implements LogControl {
  readonly #options: LogOptions;
  #filter: LogFilter;

  /** Begins to log what `filter` lets through. */
  constructor(filter: LogFilter, options: LogOptions = {}) {
    this.#options = options;
    this.#filter = filter;
    configureLogs(filter, options);
  }

  get filter(): string {
    return formatLogFilter(this.#filter);
  }

  setFilter(text: string): boolean {
    const filter = parseLogFilter(text);
    if (filter === undefined) return false;
    this.use(filter);
    return true;
  }

  use(filter: LogFilter): void {
    this.#filter = filter;
    configureLogs(filter, this.#options);
  }
}
