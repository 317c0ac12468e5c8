/** What an attribute of a span may be. */
export type AttributeValue = string | boolean;

/** A span of OpenTelemetry, as far as it is used here. */
export interface Span {
  setAttribute(key: string, value: AttributeValue): unknown;
  setStatus(status: { readonly code: number }): unknown;
  /** `timeMs` since 1970. */
  end(timeMs: number): void;
}

/** Starts a span at `timeMs` since 1970: below the span `within`, or below that of the request that is being handled. */
export type StartSpan = (name: string, timeMs: number, within?: Span) => Span;

/** SpanStatusCode of OpenTelemetry's API. */
export const STATUS_ERROR = 2;

/** The name under which every release of OpenTelemetry's API has the span of a context. */
const SPAN_OF_CONTEXT = Symbol.for("OpenTelemetry Context Key SPAN");

const SCOPE = "switchboard";

/** What Deno exports by itself where it was started with OTEL_DENO=true; undefined where it was not. */
export function denoTracer(): StartSpan | undefined {
  const { tracerProvider, contextManager } = Deno.telemetry;
  const tracer = tracerProvider.getTracer(SCOPE);
  const start: StartSpan = (name, timeMs, within) => {
    const active = contextManager.active();
    return tracer.startSpan(
      name,
      { startTime: timeMs },
      within === undefined ? active : active.setValue(SPAN_OF_CONTEXT, within),
    );
  };
  try {
    // Deno does not say whether it exports, and its tracer throws where it does not. What is never ended is not exported.
    start("probe", 0);
    return start;
  } catch {
    return undefined;
  }
}
