import type { Link } from "./link.ts";
import type { Simulation } from "./simulation.ts";

const SEGMENT_BYTES = 1500;
const FIRST_WINDOW = 10;
/** A segment is lost once so many behind it have arrived. */
const REORDERING = 3;
const MIN_TIMEOUT_MS = 300;
/** Congestion avoidance of CUBIC (RFC 9438). */
const CUBIC_C = 0.4;
const CUBIC_BACK_OFF = 0.7;
const RENO_BACK_OFF = 0.5;

export interface TcpFlowOptions {
  readonly kind?: "reno" | "cubic";
  readonly startMs?: number;
  /** To send in all; Infinity: as long as the simulation runs. */
  readonly bytes?: number;
  readonly onEnd?: () => void;
}

interface Segment {
  readonly order: number;
  readonly sentMs: number;
}

/** A TCP sender with selective acknowledgement, over a link, whose acknowledgements come back by one without limits. */
export class TcpFlow {
  receivedBytes = 0;
  #window = FIRST_WINDOW;
  #threshold = Infinity;
  #isEnded = false;
  readonly #simulation: Simulation;
  readonly #link: Link;
  readonly #isCubic: boolean;
  readonly #onEnd: () => void;
  /** In the order in which they were sent. */
  #flight: Segment[] = [];
  #order = 0;
  #toSend: number;
  /** Losses of what was sent before this are of the decrease that was made already. */
  #recoveryOrder = 0;
  #roundTripMs = 0;
  #progressMs = 0;
  // Of CUBIC: the window before the last decrease, and when that was.
  #before = 0;
  #decreasedMs = 0;

  constructor(simulation: Simulation, link: Link, options: TcpFlowOptions = {}) {
    this.#simulation = simulation;
    this.#link = link;
    this.#isCubic = options.kind === "cubic";
    this.#onEnd = options.onEnd ?? (() => {});
    this.#toSend = Math.ceil((options.bytes ?? Infinity) / SEGMENT_BYTES);
    simulation.after(options.startMs ?? 0, () => {
      this.#progressMs = simulation.nowMs;
      this.#send();
      this.#watch();
    });
  }

  #send(): void {
    while (this.#toSend > 0 && this.#flight.length < this.#window) {
      this.#toSend--;
      const segment = { order: this.#order++, sentMs: this.#simulation.nowMs };
      this.#flight.push(segment);
      this.#link.send(SEGMENT_BYTES, () => {
        this.receivedBytes += SEGMENT_BYTES;
        this.#simulation.after(this.#link.delayMs, () => this.#handleAcknowledgement(segment));
      });
    }
  }

  #handleAcknowledgement(segment: Segment): void {
    const at = this.#flight.indexOf(segment);
    if (at < 0) return;
    const { nowMs } = this.#simulation;
    this.#flight.splice(at, 1);
    this.#progressMs = nowMs;
    const roundTripMs = nowMs - segment.sentMs;
    this.#roundTripMs = this.#roundTripMs === 0
      ? roundTripMs
      : this.#roundTripMs + (roundTripMs - this.#roundTripMs) / 8;
    const lost = this.#flight.filter(({ order }) => order < segment.order - REORDERING);
    if (lost.length > 0) this.#handleLoss(lost);
    else this.#grow();
    if (this.#toSend === 0 && this.#flight.length === 0) this.#end();
    this.#send();
  }

  #handleLoss(lost: readonly Segment[]): void {
    this.#flight = this.#flight.filter((segment) => !lost.includes(segment));
    this.#toSend += lost.length;
    if (lost[0].order < this.#recoveryOrder) return;
    this.#recoveryOrder = this.#order;
    this.#before = this.#window;
    this.#decreasedMs = this.#simulation.nowMs;
    this.#window = Math.max(2, this.#window * (this.#isCubic ? CUBIC_BACK_OFF : RENO_BACK_OFF));
    this.#threshold = this.#window;
  }

  #grow(): void {
    if (this.#window < this.#threshold) this.#window++;
    else if (this.#isCubic && this.#before > 0) {
      const k = Math.cbrt(this.#before * (1 - CUBIC_BACK_OFF) / CUBIC_C);
      const seconds = (this.#simulation.nowMs - this.#decreasedMs) / 1000;
      const target = CUBIC_C * (seconds - k) ** 3 + this.#before;
      this.#window += Math.max(1, target - this.#window) / this.#window;
    } else this.#window += 1 / this.#window;
  }

  /** Without progress everything under way is lost. */
  #watch(): void {
    const timeoutMs = Math.max(MIN_TIMEOUT_MS, 2 * this.#roundTripMs);
    this.#simulation.after(timeoutMs, () => {
      if (this.#isEnded) return;
      if (this.#flight.length > 0 && this.#simulation.nowMs - this.#progressMs >= timeoutMs) {
        this.#toSend += this.#flight.length;
        this.#flight = [];
        this.#threshold = Math.max(2, this.#window / 2);
        this.#window = 1;
        this.#recoveryOrder = this.#order;
        this.#progressMs = this.#simulation.nowMs;
        this.#send();
      }
      this.#watch();
    });
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
  }
}

/** Short transfers one after the other, with pauses between, as of who browses. */
export class ShortTcpFlows {
  #ended = 0;
  #current: TcpFlow | undefined;

  get receivedBytes(): number {
    return this.#ended + (this.#current?.receivedBytes ?? 0);
  }

  constructor(simulation: Simulation, random: () => number, link: Link, options: TcpFlowOptions = {}) {
    const begin = (startMs: number): void => {
      // From 100 kB to 1 MB, about evenly by magnitude.
      const bytes = 100_000 * 10 ** random();
      const flow: TcpFlow = new TcpFlow(simulation, link, {
        kind: options.kind ?? "reno",
        startMs,
        bytes,
        onEnd: () => {
          this.#ended += flow.receivedBytes;
          this.#current = undefined;
          begin(-Math.log(1 - random()) * 10_000);
        },
      });
      this.#current = flow;
    };
    begin((options.startMs ?? 0) + random() * 10_000);
  }
}
