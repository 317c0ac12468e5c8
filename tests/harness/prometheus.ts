import { DEADLINE_MS } from "./journal.ts";

export const PROMETHEUS = Deno.env.get("PROMETHEUS") || "prometheus";
export const PROMTOOL = Deno.env.get("PROMTOOL") || "promtool";
/** Where the rules, the dashboard and the example of a configuration are. */
export const MONITORING = new URL("../../docs/monitoring/", import.meta.url);

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const LISTENING = /msg="Listening on" address=127\.0\.0\.1:(\d+)/;
const POLL_MS = 100;
/** It writes down what it has when it ends. */
const STOP_MS = 10_000;

/** What a test needs to run Prometheus. */
export const PROMETHEUS_PERMISSIONS = {
  run: [PROMETHEUS],
  net: ["127.0.0.1"],
  read: [MONITORING],
  write: [FOLDER],
} satisfies Deno.PermissionOptionsObject;

/** One line of an instant query's result. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The real Prometheus, which scrapes one address each second, and evaluates our rules. */
export class PrometheusProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #origin: string;
  readonly #log: Promise<void>;

  private constructor(child: Deno.ChildProcess, folder: string, origin: string, log: Promise<void>) {
    this.#child = child;
    this.#folder = folder;
    this.#origin = origin;
    this.#log = log;
  }

  /** `target` is the URL of /metrics. Throws an Error that holds the log where it does not start. */
  static async start(target: URL): Promise<PrometheusProcess> {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [new URL("alerts.yml", MONITORING).pathname],
      scrape_configs: [{
        job_name: "switchboard",
        metrics_path: target.pathname,
        static_configs: [{ targets: [target.host] }],
      }],
    };
    // YAML takes JSON as it is.
    await Deno.writeTextFile(`${folder}/prometheus.yml`, JSON.stringify(config));
    const child = new Deno.Command(PROMETHEUS, {
      args: [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        "--web.listen-address=127.0.0.1:0",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let text = "";
    const port = Promise.withResolvers<string | undefined>();
    const read = async () => {
      for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const found = LISTENING.exec(text)?.[1];
        if (found !== undefined) port.resolve(found);
      }
      port.resolve(undefined);
    };
    const log = read();
    const found = await port.promise;
    if (found === undefined) {
      await child.status;
      await Deno.remove(folder, { recursive: true });
      throw new Error(`Prometheus did not start:\n${text}`);
    }
    return new PrometheusProcess(child, folder, `http://127.0.0.1:${found}`, log);
  }

  /** What the expression comes to at present. Throws what Prometheus says of it. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = await this.#ask("query", { query: expression });
    return (result as { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
      metric,
      value: Number(value[1]),
    }));
  }

  /** Until the expression gives something. */
  async until(expression: string): Promise<readonly Sample[]> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const samples = await this.query(expression);
      if (samples.length > 0) return samples;
      if (performance.now() > deadline) throw new Error(`${expression}: nothing within ${DEADLINE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Name, health, state and last error of each alert. */
  async alerts(): Promise<readonly Readonly<Record<"name" | "health" | "state", string>>[]> {
    const { groups } = await this.#ask("rules", {});
    return (groups as { rules: Record<"name" | "health" | "state", string>[] }[]).flatMap(({ rules }) => rules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    this.#child.kill("SIGTERM");
    await this.#child.status;
    clearTimeout(timer);
    await this.#log;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.#origin}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, error, data } = await response.json();
    if (status !== "success") throw new Error(`${JSON.stringify(parameters)}: ${error}`);
    return data;
  }
}

/** Runs promtool on what it reads from stdin. */
export async function promtool(args: readonly string[], input = ""): Promise<{ ok: boolean; text: string }> {
  const child = new Deno.Command(PROMTOOL, {
    args: [...args],
    cwd: MONITORING,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    writer.write(new TextEncoder().encode(input)).then(() => writer.close()),
  ]);
  return { ok: success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
