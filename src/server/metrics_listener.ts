import { getLogger } from "@logtape/logtape";
import { Listener } from "./listener.ts";
import { METRICS_CONTENT_TYPE } from "./metrics.ts";

const log = getLogger(["switchboard", "http"]);

export interface MetricsAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** Serves `GET /metrics` and nothing else, at an address of its own. Throws what Deno does where it cannot be had. */
export function serveMetrics(
  metrics: () => Promise<string>,
  { host, port }: MetricsAddress,
  told: (url: string) => void = (url) => log.info("metrics are at {url}", { url }),
): Listener {
  return new Listener((request) => answer(request, metrics), {
    hostname: host,
    port,
    onListen: (address) => told(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}/metrics`),
  });
}

/** One request to the address of the metrics. */
export async function answer(request: Request, metrics: () => Promise<string>): Promise<Response> {
  if (URL.parse(request.url)?.pathname !== "/metrics") return refuse(404, "Only /metrics is here\n");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(405, "Only GET and HEAD are allowed\n", { "Allow": "GET, HEAD" });
  }
  try {
    const headers = {
      "Content-Type": METRICS_CONTENT_TYPE,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    };
    return new Response(request.method === "HEAD" ? null : await metrics(), { headers });
  } catch (error) {
    log.error("the metrics cannot be told: {error}", { error });
    return refuse(500, "The metrics cannot be told\n");
  }
}

function refuse(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { ...headers, "X-Content-Type-Options": "nosniff" } });
}
