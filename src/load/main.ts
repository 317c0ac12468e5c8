/**
 * Plays publishers and subscribers against a server, and tells what becomes of their packets: `deno task load --help`.
 * docs/load.md says what each figure means.
 */
import { messageOf } from "../webrtc/error_message.ts";
import { helpText } from "./flags.ts";
import { ObservedProcess } from "./observed_process.ts";
import { plotHtml, plotSvg } from "./plot.ts";
import { openProcFiles } from "./proc_file.ts";
import { type LoadResult, runLoad } from "./run.ts";
import { type LoadSettings, parseSettings } from "./settings.ts";
import { hasFailed, headLines, publishingLine, stepLines, totalsLine } from "./table.ts";

/** Exit codes: peers could not join, or packets came damaged; called wrongly; interrupted twice. */
const FAILED = 1;
const USAGE_ERROR = 2;
const INTERRUPTED = 130;

function print(text: string, output: typeof Deno.stdout | typeof Deno.stderr = Deno.stdout): void {
  output.writeSync(new TextEncoder().encode(text));
}

/** Ends the run at the first signal, with what there is by then, and the process at the second one. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      if (controller.signal.aborted) Deno.exit(INTERRUPTED);
      controller.abort();
    });
  }
  return controller.signal;
}

/**
 * The server's process; undefined where none is named. Throws what is wrong with the command line, where there is no such
 * process or a file cannot be written: a run of an hour does not end with that.
 */
function prepare({ pid, json, plot }: LoadSettings): ObservedProcess | undefined {
  for (const [flag, path] of [["--json", json], ["--plot", plot]] as const) {
    if (path !== undefined) orRefuse(`${flag}=${path}`, () => Deno.writeTextFileSync(path, "", { append: true }));
  }
  if (pid === undefined) return undefined;
  const server = new ObservedProcess(pid, openProcFiles());
  if (server.look() === undefined) throw new Error(`--pid=${pid} is not allowed: there is no process ${pid}`);
  return server;
}

function orRefuse(flag: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    throw new Error(`${flag} is not allowed: ${messageOf(error)}`);
  }
}

async function run(settings: LoadSettings, server: ObservedProcess | undefined): Promise<number> {
  const result = await runLoad(settings, {
    published: (publishing) => print(publishingLine(publishing) + headLines()),
    told: (step) => print(stepLines(step)),
    server,
    random: Math.random,
    signal: interruption(),
  });
  print(totalsLine(result.totals));
  if (result.ending !== undefined) print(`${result.ending}\n`, Deno.stderr);
  await writeFiles(settings, result);
  return hasFailed(result) ? FAILED : 0;
}

async function writeFiles({ json, plot, ...settings }: LoadSettings, result: LoadResult): Promise<void> {
  const { token: _, reach: __, ...told } = settings;
  const { endpoints } = settings;
  const title = `Load on ${endpoints.transport === "whip" ? endpoints.whep : endpoints.url}`;
  if (json !== undefined) await Deno.writeTextFile(json, `${JSON.stringify({ settings: told, ...result }, null, 2)}\n`);
  const draw = plot?.endsWith(".html") ? plotHtml : plotSvg;
  if (plot !== undefined) await Deno.writeTextFile(plot, draw(title, result.steps));
}

async function main(): Promise<number> {
  const parsed = parseSettings(Deno.args);
  if (!parsed.ok) {
    print(`${parsed.message}\n`, Deno.stderr);
    return USAGE_ERROR;
  }
  if (parsed.help) {
    print(helpText());
    return 0;
  }
  const { settings } = parsed;
  let server: ObservedProcess | undefined;
  try {
    server = prepare(settings);
  } catch (error) {
    print(`${messageOf(error)}\n`, Deno.stderr);
    return USAGE_ERROR;
  }
  try {
    return await run(settings, server);
  } catch (error) {
    print(`${messageOf(error)}\n`, Deno.stderr);
    return FAILED;
  }
}

Deno.exit(await main());
