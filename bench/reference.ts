import type { CandidateTarget } from "./candidate.ts";
import { Child } from "./child.ts";
import type { Target } from "./load/protocol.ts";

const SOURCES = ["main.c", "forward.c", "messages.c", "cipher.c"];
const READY = /^ready (\d+) (.+)$/;

/** Compiles the reference into `folder` and returns the program's path. */
export function compileReference(folder: string): string {
  const program = `${folder}/reference`;
  const sources = SOURCES.map((name) => new URL(`reference/${name}`, import.meta.url).pathname);
  const compiled = new Deno.Command("cc", { args: ["-O2", "-o", program, ...sources, "-ldl"] }).outputSync();
  if (!compiled.success) throw new Error(`cc failed: ${new TextDecoder().decode(compiled.stderr)}`);
  return program;
}

/** The C program that forwards without protocol logic: the yardstick. See `reference/main.c`. */
export class ReferenceProcess implements CandidateTarget {
  readonly reach: Target;
  /** The library of its cipher. */
  readonly cipher: string;
  readonly #child: Child;

  private constructor(child: Child, port: number, cipher: string) {
    this.#child = child;
    this.reach = { kind: "reference", port };
    this.cipher = cipher;
  }

  static async start(program: string, { gso, core }: { gso: boolean; core: number }): Promise<ReferenceProcess> {
    const child = new Child(gso ? [program] : [program, "--no-gso"], core);
    const line = await child.readLine();
    const ready = READY.exec(line);
    if (ready === null) throw new Error(`the reference did not start: ${line}`);
    return new ReferenceProcess(child, Number(ready[1]), ready[2]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Tells it of a publisher or a subscriber. */
  async tell(line: string): Promise<void> {
    const answer = await this.#child.ask(line);
    if (answer !== "ok") throw new Error(`the reference refuses "${line}": ${answer}`);
  }

  async stop(): Promise<void> {
    await this.#child.end();
  }

  kill(): void {
    this.#child.kill();
  }
}
