/** A process that answers each line on its stdin with one line on its stdout, pinned to one core where taskset exists. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(script: string, args: readonly string[], core: number) {
    const deno = [Deno.execPath(), "run", "--allow-all", new URL(script, import.meta.url).pathname, ...args];
    const command = hasTaskset() ? ["taskset", "-c", `${core}`, ...deno] : deno;
    this.#process = new Deno.Command(command[0], { args: command.slice(1), stdin: "piped", stdout: "piped" }).spawn();
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

  async end(): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
  }
}

function hasTaskset(): boolean {
  return Deno.build.os === "linux" &&
    new Deno.Command("sh", { args: ["-c", "command -v taskset"] }).outputSync().success;
}

function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) controller.enqueue(part);
    },
  });
}
