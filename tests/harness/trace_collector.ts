import { Journal } from "./journal.ts";

/** A span as it is exported by OTLP/HTTP in JSON, as far as tests look at it. */
export interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Nanoseconds, in decimal. */
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status: { readonly code: number };
}

interface ExportedTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly ExportedSpan[];
    }[];
  }[];
}

/** Takes what a process exports by OTLP/HTTP. */
export class TraceCollector implements AsyncDisposable {
  /** Spans of the server's own. */
  readonly spans = new Journal<ExportedSpan>();
  /** Those that the runtime makes of requests. */
  readonly requests = new Journal<ExportedSpan>();
  /** Each body of whatever kind that was taken. */
  readonly bodies: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      const body = await request.text();
      this.bodies.push(body);
      if (new URL(request.url).pathname === "/v1/traces") this.#take(JSON.parse(body));
      return Response.json({});
    });
  }

  /** Has a process export to it, in JSON, soon. */
  get environment(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take({ resourceSpans }: ExportedTraces): void {
    for (const { scope, spans } of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans)) {
      const journal = scope.name === "switchboard" ? this.spans : this.requests;
      for (const span of spans) journal.add(span);
    }
  }
}

/** The attributes of a span, by name. */
export function attributesOf({ attributes }: ExportedSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
