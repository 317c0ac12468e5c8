import { addFigures, type MediaFigures, noFigures } from "../media/media_figures.ts";
import type { Clock } from "./clock.ts";
import { GATHER_MS, type HostFigures } from "./media_host.ts";

interface Question {
  readonly answer: PromiseWithResolvers<boolean>;
  readonly timer: number;
}

/** What is told of a worker besides its peers. */
export type WorkerTold = Omit<HostFigures, "peers">;

/** What a media worker has counted, together with those before it: one that has failed takes nothing of what it told with it. */
export class WorkerFigures {
  readonly #clock: Clock;
  /** Of those that have failed, as they told it last. */
  #before = noFigures();
  /** Of the one that runs, as it told it last. */
  #last = noFigures();
  #failures = 0;
  #question: Question | undefined;
  /** It was asked, and has not answered: who is blocked is not asked again and again. */
  #isAsked = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `ask` sends the question. Who asks meanwhile gets the same answer. */
  async gather(ask: () => void): Promise<WorkerTold> {
    this.#question ??= this.#begin();
    const { answer } = this.#question;
    if (!this.#isAsked) {
      this.#isAsked = true;
      ask();
    }
    return this.#tell(await answer.promise);
  }

  /** Nobody is there to be asked. */
  get withoutWorker(): WorkerTold {
    return this.#tell(false);
  }

  handleAnswer(figures: MediaFigures): void {
    this.#last = figures;
    this.#isAsked = false;
    this.#end(true);
  }

  /** The worker has failed. What it counted since it told its figures last is lost. */
  handleFailure(): void {
    this.#failures++;
    // The longest turn is one since the last scrape, and no sum.
    const told = addFigures(this.#before, this.#last);
    this.#before = { ...told, turns: { ...told.turns, longestTurnMs: 0 } };
    this.#last = noFigures();
    this.#isAsked = false;
    this.#end(false);
  }

  /** Who still waits for an answer gets what is known. */
  close(): void {
    this.#end(false);
  }

  #begin(): Question {
    const timer = this.#clock.setTimeout(() => this.#end(false), GATHER_MS);
    return { answer: Promise.withResolvers<boolean>(), timer };
  }

  #end(isUp: boolean): void {
    if (this.#question === undefined) return;
    this.#clock.clearTimeout(this.#question.timer);
    this.#question.answer.resolve(isUp);
    this.#question = undefined;
  }

  #tell(isUp: boolean): WorkerTold {
    return { isUp, figures: addFigures(this.#before, this.#last), failures: this.#failures };
  }
}
