import { Candidate, type CandidateTarget, SERVER_CORE } from "./candidate.ts";
import { LoadProcess } from "./load_process.ts";
import type { BenchOptions } from "./options.ts";
import { compileReference, ReferenceProcess } from "./reference.ts";
import type { Report } from "./report.ts";
import { SERVER_KINDS, ServerProcess } from "./server_process.ts";

const LOAD_CORE = 1;

/** `other` is the server that the command line names, `before` the version of this one that it names. */
export type CandidateName = "reference" | "reference-no-gso" | "other" | "before" | keyof typeof SERVER_KINDS;

/** What the scenarios share: options, report, and the processes that are measured. */
export class Bench {
  readonly options: BenchOptions;
  readonly report: Report;
  readonly #folder = Deno.makeTempDirSync({ prefix: "bench" });
  #reference: string | undefined;
  #running: Candidate[] = [];

  constructor(options: BenchOptions, report: Report) {
    this.options = options;
    this.report = report;
  }

  /** Starts one with a load that has not joined anything yet. */
  async start(name: CandidateName, label: string = name): Promise<Candidate> {
    const target = await this.#startTarget(name);
    const load = await LoadProcess.open(target.reach, LOAD_CORE);
    const candidate = new Candidate(label, target, load);
    this.#running.push(candidate);
    return candidate;
  }

  /** Ends all that was started. */
  async stop(): Promise<void> {
    while (this.#running.length > 0) {
      await this.#running[0].stop();
      this.#running.shift();
    }
  }

  /** Ends what a failure, or an interruption, left running. */
  close(): void {
    for (const candidate of this.#running) candidate.kill();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async #startTarget(name: CandidateName): Promise<CandidateTarget> {
    if (name === "other") return this.#otherServer();
    if (name === "before") return await this.#versionBefore();
    if (name !== "reference" && name !== "reference-no-gso") {
      return await ServerProcess.start(SERVER_KINDS[name], { root: this.options.server, core: SERVER_CORE });
    }
    this.#reference ??= compileReference(this.#folder);
    return await ReferenceProcess.start(this.#reference, { gso: name === "reference", core: SERVER_CORE });
  }

  #versionBefore(): Promise<CandidateTarget> {
    const { before: root } = this.options;
    if (root === undefined) throw new RangeError("the version to compare with is named by --before");
    return ServerProcess.start(SERVER_KINDS.native, { root, core: SERVER_CORE });
  }

  #otherServer(): CandidateTarget {
    const { other } = this.options;
    if (other === undefined) throw new RangeError("another server is named by --url and --pid");
    // Whoever started it ends it.
    return { pid: other.pid, reach: { kind: "http", url: other.url }, stop: () => Promise.resolve(), kill() {} };
  }
}
