import { type AdmissionFigures, Admissions } from "../signaling/admissions.ts";
import type { Clock } from "./clock.ts";
import { type LagFigures, LoopLag } from "./loop_lag.ts";
import type { HostFigures, MediaHost } from "./media_host.ts";

/** What the server has counted since its start, for those who watch it. Names no room, peer or address. */
export interface Figures {
  readonly admissions: AdmissionFigures;
  /** Of this isolate; measured from when figures are asked for first. */
  readonly loop: LagFigures;
  /** Of each isolate that carries media. */
  readonly hosts: readonly HostFigures[];
}

/** Collects what was counted where it was counted. */
export class FigureSource {
  readonly admissions = new Admissions();
  readonly #media: MediaHost;
  readonly #lag: LoopLag;
  #closed = false;

  constructor(clock: Clock, media: MediaHost) {
    this.#media = media;
    this.#lag = new LoopLag(clock);
  }

  async gather(): Promise<Figures> {
    if (!this.#closed) this.#lag.start();
    const hosts = await this.#media.gather();
    return { admissions: this.admissions.figures, loop: this.#lag.take(), hosts };
  }

  close(): void {
    this.#closed = true;
    this.#lag.stop();
  }
}
