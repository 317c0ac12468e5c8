import { lookup } from "node:dns/promises";
import { connect } from "node:tls";
import { X509Certificate } from "node:crypto";
import { messageOf } from "../../webrtc/error_message.ts";
import { z } from "zod";
import type { CertificateFacts, HealthFacts, ServerFacts } from "../facts.ts";

const TIMEOUT_MS = 5_000;

const healthSchema = z.object({ status: z.literal("ok"), backend: z.string(), backendReason: z.string() });
const readySchema = z.object({ status: z.string(), reason: z.string().optional() });

export type HttpFacts = Omit<ServerFacts, "signaling" | "url" | "wasNamed">;

/** What a server tells by HTTP, and what it shows by TLS. */
export async function probeHttp(url: URL): Promise<{ readonly facts: HttpFacts; readonly client?: Deno.HttpClient }> {
  const hostAddresses = await addressesOf(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  const shown = url.protocol === "https:" ? await shownCertificate(url) : undefined;
  const health = await probeHealth(url);
  const isDistrusted = !health.ok && health.reason === "untrusted" && shown !== undefined;
  if (!isDistrusted) {
    const ready = health.ok ? await probeReady(url) : undefined;
    return { facts: factsOf(hostAddresses, health, shown?.facts, ready) };
  }
  // What browsers would warn of is told; what is behind it is looked at all the same.
  const client = Deno.createHttpClient({ caCerts: [shown.pem] });
  const trusting = await probeHealth(url, client);
  const ready = trusting.ok ? await probeReady(url, client) : undefined;
  const distrusted = { ...shown.facts, distrust: health.message };
  return { facts: factsOf(hostAddresses, trusting, distrusted, ready), client };
}

function factsOf(
  hostAddresses: readonly string[],
  health: HealthFacts,
  certificate: ServerFacts["certificate"],
  ready: ServerFacts["ready"],
): HttpFacts {
  return {
    hostAddresses,
    health,
    ...(certificate !== undefined && { certificate }),
    ...(ready !== undefined && { ready }),
  };
}

/** Empty where the name cannot be looked up: that it cannot be reached tells why. */
async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  }
}

async function probeHealth(url: URL, client?: Deno.HttpClient): Promise<HealthFacts> {
  const stranger = (message: string) => ({ ok: false, reason: "stranger", message }) as const;
  try {
    const response = await ask(url, "/healthz", client);
    const body = await response.text();
    if (!response.ok) return stranger(`/healthz answers ${response.status}`);
    const health = healthSchema.safeParse(jsonOf(body));
    if (!health.success) return stranger("/healthz does not tell what Switchboard's does");
    const { backend, backendReason } = health.data;
    const dateMs = Date.parse(response.headers.get("Date") ?? "");
    return { ok: true, backend, backendReason, ...(Number.isFinite(dateMs) && { dateMs }) };
  } catch (error) {
    const message = causeOf(error);
    const reason = /certificate|UnknownIssuer/i.test(message) ? "untrusted" : "unreachable";
    return { ok: false, reason, message };
  }
}

async function probeReady(url: URL, client?: Deno.HttpClient): Promise<ServerFacts["ready"]> {
  try {
    const response = await ask(url, "/readyz", client);
    const ready = readySchema.safeParse(jsonOf(await response.text()));
    return { isReady: response.ok, reason: ready.data?.reason ?? `/readyz answers ${response.status}` };
  } catch (error) {
    return { isReady: false, reason: causeOf(error) };
  }
}

async function ask(url: URL, path: string, client: Deno.HttpClient | undefined): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return await fetch(new URL(path, url), { signal, redirect: "manual", ...(client !== undefined && { client }) });
}

/** Undefined where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** fetch says "error sending request", and why in what it was caused by. */
function causeOf(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  return messageOf(deepest);
}

interface ShownCertificate {
  readonly pem: string;
  readonly facts: CertificateFacts & { readonly ok: true };
}

/** The first certificate that a server shows, whoever vouches for it; undefined where it shows none. */
async function shownCertificate(url: URL): Promise<ShownCertificate | undefined> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false });
  const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
  try {
    await new Promise<void>((resolve, reject) =>
      socket.once("secureConnect", resolve).once("error", reject).once("close", () => reject(new Error("closed")))
    );
    const x509 = new X509Certificate(socket.getPeerCertificate().raw);
    const facts = { ok: true, validFromMs: Date.parse(x509.validFrom), validToMs: Date.parse(x509.validTo) } as const;
    return { pem: x509.toString(), facts };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
