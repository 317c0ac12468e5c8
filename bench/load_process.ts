import { Child, denoScript } from "./child.ts";
import type { Failure, Request, Target, ToldJoinReply } from "./load/protocol.ts";
import type { MeasureJoinsReply, MeasureReply } from "../src/load/replies.ts";
import type { JoinRequest, VideoRate } from "../src/load/requests.ts";

/** The process that publishes and subscribes, `load/main.ts`. */
export class LoadProcess {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async open(target: Target, core: number): Promise<LoadProcess> {
    const load = new LoadProcess(new Child(denoScript("load/main.ts", []), core));
    await load.#ask({ type: "open", target });
    return load;
  }

  join(join: JoinRequest): Promise<ToldJoinReply> {
    return this.#ask({ type: "join", ...join });
  }

  measure(ms: number): Promise<MeasureReply> {
    return this.#ask({ type: "measure", ms });
  }

  /** Measures the flows that are there while a burst of subscribers joins room 0. */
  measureJoins(subscribers: number, ms: number): Promise<MeasureJoinsReply> {
    return this.#ask({ type: "measureJoins", subscribers, ms });
  }

  /** Measures the flows that are there while subscribers come to room 1 and go, `concurrency` at once. */
  measureChurn(concurrency: number, ms: number): Promise<MeasureJoinsReply> {
    return this.#ask({ type: "measureChurn", concurrency, ms });
  }

  /** Those of the last join leave. */
  async leave(): Promise<void> {
    await this.#ask({ type: "leave" });
  }

  /** Changes what all publishers send from now on. */
  async publish(video: VideoRate): Promise<void> {
    await this.#ask({ type: "publish", video });
  }

  /** Publishers send no media until `resume`; connections stay. */
  async pause(): Promise<void> {
    await this.#ask({ type: "pause" });
  }

  async resume(): Promise<void> {
    await this.#ask({ type: "resume" });
  }

  async close(): Promise<void> {
    await this.#ask({ type: "close" });
    await this.#child.end();
  }

  kill(): void {
    this.#child.kill();
  }

  async #ask<Reply>(request: Request): Promise<Reply> {
    const reply: Reply & Partial<Failure> = JSON.parse(await this.#child.ask(JSON.stringify(request)));
    if (reply.error !== undefined) throw new Error(`the load could not ${request.type}: ${reply.error}`);
    return reply;
  }
}
