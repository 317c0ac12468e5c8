import type { Participant } from "../signaling/participant.ts";
import type { Clock } from "./clock.ts";
import { TICK_MS } from "./media_host.ts";

/** The signaling of one peer, of whatever kind: it is told where the server failed in what it caused. */
export interface Failing {
  fail(): void;
}

/** What has deadlines besides peers. */
export interface Ticking {
  readonly needsTicks: boolean;
  handleTimeout(nowMs: number): void;
}

export interface PeerDeadlinesOptions {
  readonly clock: Clock;
  /** Runs what one peer caused. */
  readonly guard: (session: Failing, action: () => void) => void;
  readonly others: readonly Ticking[];
}

/** Gives peers their time, and whatever else has deadlines: by one timer, which is there while somebody needs it. */
export class PeerDeadlines {
  readonly #options: PeerDeadlinesOptions;
  /** Those that may have deadlines: while their handshake is under way, and when they say so. */
  readonly #timed = new Map<Participant, Failing>();
  #timer: number | undefined;

  constructor(options: PeerDeadlinesOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** The peer may have a deadline from now on. */
  watch(participant: Participant, session: Failing): void {
    this.#timed.set(participant, session);
    this.#start();
  }

  /** Another session speaks for the peer. */
  handOver(participant: Participant, session: Failing): void {
    if (this.#timed.has(participant)) this.#timed.set(participant, session);
  }

  /** It has no deadline any more, unless it says so again. */
  handleConnected(participant: Participant): void {
    if (participant.nextTimeout() === Infinity) this.#timed.delete(participant);
  }

  /** The peer has left. */
  forget(participant: Participant): void {
    this.#timed.delete(participant);
    if (!this.#needsTicks) this.#stop();
  }

  get #needsTicks(): boolean {
    return this.#timed.size > 0 || this.#options.others.some(({ needsTicks }) => needsTicks);
  }

  #start(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => this.#tick(), TICK_MS);
  }

  #stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    const { clock, guard, others } = this.#options;
    const nowMs = clock.now();
    for (const [participant, session] of this.#timed) {
      if (participant.nextTimeout() <= nowMs) guard(session, () => participant.handleTimeout(nowMs));
      if (participant.connection.connected && participant.nextTimeout() === Infinity) this.#timed.delete(participant);
    }
    for (const other of others) other.handleTimeout(nowMs);
    if (this.#needsTicks) this.#start();
  }
}
