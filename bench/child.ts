/** A process that answers each line on its stdin with one line on its stdout, pinned to one core where taskset exists. */
export class Child {
  readonly pid: number;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(command: readonly string[], core: number) {
    const [program, ...args] = pinned(command, core);
    this.#process = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
    this.pid = this.#process.pid;
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lines()).getReader();
  }

  async readLine(): Promise<string> {
    const { value, done } = await this.#lines.read();
    if (done) throw new Error("the benchmark's child process ended early");
    return value;
  }

  async ask(question = ""): Promise<string> {
    await this.#writer.write(new TextEncoder().encode(`${question}\n`));
    return await this.readLine();
  }

  /** Ends it by the end of its stdin. */
  async end(): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
  }

  /** Ends it whatever it does. */
  kill(): void {
    killProcess(this.#process);
  }
}

/** The command that runs a script of this folder with all permissions. */
export function denoScript(script: string, args: readonly string[], flags: readonly string[] = []): string[] {
  return [Deno.execPath(), "run", "--allow-all", ...flags, new URL(script, import.meta.url).pathname, ...args];
}

/** The command, on one core where that can be had. */
export function pinned(command: readonly string[], core: number): string[] {
  return Deno.build.os === "linux" && hasProgram("taskset") ? ["taskset", "-c", `${core}`, ...command] : [...command];
}

/** Ends a process whatever it does; one that has ended is left alone. */
export function killProcess(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

export function hasProgram(name: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${name}`], stdout: "null" }).outputSync().success;
}

/** Splits text at line ends. */
export function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) controller.enqueue(part);
    },
  });
}
