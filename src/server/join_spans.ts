import type { JoinOutcome } from "../signaling/join_outcome.ts";
import type { JoinTrace } from "../signaling/join_trace.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import { parseIpAddress } from "../webrtc/ip_address.ts";
import { type Span, type StartSpan, STATUS_ERROR } from "./tracer.ts";

/** How a client came. */
export type JoinClient = "websocket" | "whip" | "whep";

/** What a join waits for, one after the other: the handshake of the WebSocket, the `join`, the first answer, ... */
type Step = "open" | "ask" | "negotiate" | "ice" | "dtls" | "media";

/**
 * One join as spans (rule B360): `join`, from the request until media is connected, and below it one for each step, from
 * the end of the one before. None has a value that a client has chosen, but the trace that `traceparent` names.
 */
export class JoinSpans implements JoinTrace {
  readonly #start: StartSpan;
  readonly #nowMs: () => number;
  readonly #join: Span;
  #step: Step;
  #span: Span;
  #isOver = false;

  /** `nowMs` gives the time since 1970, and never goes back. */
  constructor(start: StartSpan, client: JoinClient, nowMs: () => number = steadyTime()) {
    const beginMs = nowMs();
    this.#start = start;
    this.#nowMs = nowMs;
    this.#join = start("join", beginMs);
    this.#join.setAttribute("switchboard.client", client);
    // A WHIP or WHEP client brings its offer with its request.
    this.#step = client === "websocket" ? "open" : "negotiate";
    this.#span = start(`join.${this.#step}`, beginMs, this.#join);
  }

  opened(): void {
    this.#pass("open", "ask");
  }

  admitted(peerId: string): void {
    this.#join.setAttribute("switchboard.peer", peerId);
    this.#pass("ask", "negotiate");
  }

  resumed(peerId: string): void {
    this.#join.setAttribute("switchboard.peer", peerId);
    this.#join.setAttribute("switchboard.resumed", true);
    this.#end("connected");
  }

  answered(): void {
    this.#pass("negotiate", "ice");
  }

  addressSelected({ hostname, transport = "udp" }: RemoteAddress): void {
    if (this.#step !== "ice") return;
    this.#join.setAttribute("network.transport", transport);
    this.#join.setAttribute("network.type", parseIpAddress(hostname)?.length === 16 ? "ipv6" : "ipv4");
    this.#pass("ice", "dtls");
  }

  connected(): void {
    if (this.#isOver) return;
    const timeMs = this.#end("connected");
    this.#step = "media";
    this.#span = this.#start("join.media", timeMs, this.#join);
  }

  mediaStarted(): void {
    if (this.#step === "media") this.#span.end(this.#nowMs());
  }

  ended(outcome: JoinOutcome, code: string): void {
    if (this.#isOver) return;
    this.#join.setAttribute("error.type", code);
    // Who leaves before is no error of the server's.
    if (outcome !== "left") { for (const span of [this.#span, this.#join]) span.setStatus({ code: STATUS_ERROR }); }
    this.#end(outcome);
  }

  #pass(from: Step, to: Step): void {
    if (this.#isOver || this.#step !== from) return;
    const timeMs = this.#nowMs();
    this.#span.end(timeMs);
    this.#step = to;
    this.#span = this.#start(`join.${to}`, timeMs, this.#join);
  }

  /** Returns when that was. */
  #end(outcome: JoinOutcome): number {
    const timeMs = this.#nowMs();
    this.#isOver = true;
    this.#span.end(timeMs);
    this.#join.setAttribute("switchboard.outcome", outcome);
    this.#join.end(timeMs);
    return timeMs;
  }
}

/** The time of day of now, going on at the pace of a clock that nobody sets. */
function steadyTime(): () => number {
  const offsetMs = Date.now() - performance.now();
  return () => offsetMs + performance.now();
}
