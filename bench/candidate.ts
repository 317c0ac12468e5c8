import type { Target } from "./load/protocol.ts";
import type { JoinReply, MeasureJoinsReply, MeasureReply } from "../src/load/replies.ts";
import type { JoinRequest, VideoRate } from "../src/load/requests.ts";
import type { LoadProcess } from "./load_process.ts";
import { coreTime, microsecondsBetween, residentBytes, shareBetween, threadTimes } from "./process_usage.ts";
import type { GcPause } from "./gc_log.ts";

/** The core of servers and references. */
export const SERVER_CORE = 0;

/** What one window of a candidate came to. */
export interface Window {
  readonly load: MeasureReply;
  /** CPU microseconds of the candidate's process for each packet that its subscribers received. */
  readonly packetMicroseconds: number;
  /** Packets that the subscribers received. */
  readonly packetsPerSecond: number;
  /** Share of its core that the candidate used, and the load of its own: 0 to 1. */
  readonly coreShare: number;
  readonly loadShare: number;
  /** Share of the candidate's core that others took: other programs, the paused candidates, the hypervisor. */
  readonly othersShare: number;
}

/** A process that forwards. */
export interface CandidateTarget {
  readonly pid: number;
  readonly reach: Target;
  /** Of a server with a port for /metrics. */
  readonly metricsUrl?: string | undefined;
  /** Takes a line that the load has for it: of the reference. */
  tell?(line: string): Promise<void>;
  /** Collections of the isolate that forwards, since `sinceMs` of performance.now(); undefined where not known. */
  gcPauses?(sinceMs: number): readonly GcPause[] | undefined;
  stop(): Promise<void>;
  /** Ends it whatever it does. */
  kill(): void;
}

/** Server or reference, with a load of its own. */
export class Candidate {
  readonly name: string;
  readonly #target: CandidateTarget;
  readonly #load: LoadProcess;
  /** When the first window began, of performance.now(); 0 before. */
  #measuredSinceMs = 0;

  constructor(name: string, target: CandidateTarget, load: LoadProcess) {
    this.name = name;
    this.#target = target;
    this.#load = load;
  }

  get pid(): number {
    return this.#target.pid;
  }

  /** Where it speaks WHIP and WHEP; undefined for a reference. */
  get url(): string | undefined {
    const { reach } = this.#target;
    return reach.kind === "http" ? reach.url : undefined;
  }

  /** What its peers bring, and who administers it; undefined where it asks for none. */
  get token(): string | undefined {
    const { reach } = this.#target;
    return reach.kind === "http" ? reach.token : undefined;
  }

  /** Where its metrics are; undefined where it was started without. */
  get metricsUrl(): string | undefined {
    return this.#target.metricsUrl;
  }

  /** Collections since the first window; undefined where not known. */
  get gcPauses(): readonly GcPause[] | undefined {
    return this.#target.gcPauses?.(this.#measuredSinceMs);
  }

  get residentBytes(): number {
    return residentBytes(this.#target.pid);
  }

  /** Adds publishers and subscribers; media begins to flow. Throws where one cannot join. */
  async join(join: JoinRequest): Promise<JoinReply> {
    const reply = await this.#load.join(join);
    for (const line of reply.reference) await this.#target.tell?.(line);
    if (reply.failed > 0) throw new Error(`${this.name}: ${reply.failed} could not join: ${reply.problem ?? ""}`);
    return reply;
  }

  async window(ms: number): Promise<Window> {
    return (await this.#observe(() => this.#load.measure(ms))).window;
  }

  async joinsWindow(subscribers: number, ms: number): Promise<{ readonly window: Window; readonly joins: JoinReply }> {
    const { window, reply } = await this.#observe(() => this.#load.measureJoins(subscribers, ms));
    return { window, joins: reply };
  }

  async churnWindow(concurrency: number, ms: number): Promise<{ readonly window: Window; readonly joins: JoinReply }> {
    const { window, reply } = await this.#observe(() => this.#load.measureChurn(concurrency, ms));
    return { window, joins: reply };
  }

  /** Those of the last join leave. */
  leave(): Promise<void> {
    return this.#load.leave();
  }

  publish(video: VideoRate): Promise<void> {
    return this.#load.publish(video);
  }

  pause(): Promise<void> {
    return this.#load.pause();
  }

  resume(): Promise<void> {
    return this.#load.resume();
  }

  async stop(): Promise<void> {
    await this.#load.close();
    await this.#target.stop();
  }

  /** Ends both processes whatever they do. */
  kill(): void {
    this.#load.kill();
    this.#target.kill();
  }

  /** The load's window and the two looks at the CPU differ by some milliseconds: both are taken as rates. */
  async #observe<Reply extends MeasureReply | MeasureJoinsReply>(
    measure: () => Promise<Reply>,
  ): Promise<{ readonly window: Window; readonly reply: Reply }> {
    const startMs = performance.now();
    if (this.#measuredSinceMs === 0) this.#measuredSinceMs = startMs;
    const before = { threads: threadTimes(this.#target.pid), core: coreTime(SERVER_CORE) };
    const reply = await measure();
    const microseconds = microsecondsBetween(before.threads, threadTimes(this.#target.pid));
    const { busy } = shareBetween(before.core, coreTime(SERVER_CORE));
    const coreShare = microseconds / 1000 / (performance.now() - startMs);
    const packetsPerSecond = reply.received / reply.seconds;
    const window = {
      load: reply,
      packetMicroseconds: 1e6 * coreShare / packetsPerSecond,
      packetsPerSecond,
      coreShare,
      loadShare: reply.loadCpuMicroseconds / 1e6 / reply.seconds,
      othersShare: Math.max(0, busy - coreShare),
    };
    return { window, reply };
  }
}
