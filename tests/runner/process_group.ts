export interface GroupOptions {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends the group early. */
  readonly signal: AbortSignal;
  /** Takes standard output as it comes. */
  readonly print: (bytes: Uint8Array) => void;
}

export interface GroupEnd {
  readonly exitCode: number;
  readonly timedOut: boolean;
  readonly output: string;
}

/**
 * Runs a program in a process group of its own. When the program ends, its time is up or the signal aborts, the whole
 * group is killed: no browser or server outlives its suite. Standard error is passed on.
 */
export async function runInGroup(program: string, options: GroupOptions): Promise<GroupEnd> {
  const { args, cwd, env, timeoutMs, signal, print } = options;
  const stdio = { stdin: "null", stdout: "piped", stderr: "inherit" } as const;
  const child = new Deno.Command(program, { args: [...args], cwd, env, detached: true, ...stdio }).spawn();
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([deadline, signal]);
  const end = () => killGroup(child.pid);
  either.addEventListener("abort", end, { once: true });
  if (either.aborted) end();

  const output = collect(child.stdout, print);
  const { code } = await child.status;
  const timedOut = deadline.aborted;
  either.removeEventListener("abort", end);
  killGroup(child.pid);
  return { exitCode: code, timedOut, output: await output };
}

/**
 * Runs what is given side by side, so many at once, in their order. What the first one prints is printed as it comes, what
 * the others print when those ahead of them have ended: nothing is mixed up.
 */
export async function runSideBySide<End>(
  runs: readonly ((print: (bytes: Uint8Array) => void) => Promise<End>)[],
  print: (bytes: Uint8Array) => void,
  atOnce = Infinity,
): Promise<End[]> {
  const ends: End[] = [];
  const kept: Uint8Array[][] = runs.map(() => []);
  let turn = 0;
  const ended = runs.map(() => Promise.withResolvers<End>());
  let next = 0;
  const runOthers = async () => {
    while (next < runs.length) {
      const index = next++;
      const end = runs[index]((bytes) => index === turn ? print(bytes) : kept[index].push(bytes));
      ended[index].resolve(end);
      await Promise.allSettled([end]);
    }
  };
  for (let i = 0; i < Math.min(atOnce, runs.length); i++) void runOthers();
  for (; turn < runs.length; turn++) {
    for (const bytes of kept[turn].splice(0)) print(bytes);
    ends.push(await ended[turn].promise);
  }
  return ends;
}

/** A process that leads a group shares its number with it; a negative number means the group (kill(2)). */
function killGroup(leader: number): void {
  try {
    Deno.kill(-leader, "SIGKILL");
  } catch (error) {
    // Nobody is left.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function collect(stream: ReadableStream<Uint8Array>, print: (bytes: Uint8Array) => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    print(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
