import { getLogger } from "@logtape/logtape";
import { demandHttps } from "./hsts.ts";
import { type Handler, Listener } from "./listener.ts";
import { serveMetrics } from "./metrics_listener.ts";
import type { TlsCertificate } from "./tls_certificate.ts";
import { TlsListener } from "./tls_listener.ts";

const log = getLogger(["switchboard"]);

/** Milliseconds for a shutdown in good order: with the process's own end it stays under 5 s. */
const SHUTDOWN_DEADLINE = 4500;

/** What is served: the part of a Switchboard that this module needs. */
export interface Application {
  fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response | Promise<Response>;
  /** Has clients go elsewhere; resolves when none is left, or after so many seconds. */
  drain?(seconds: number): Promise<void>;
  /** Tells every client that the server closes, and lets go of everything. */
  close(): Promise<void>;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** How HTTPS is served. */
export interface ServedTls {
  readonly certificate: TlsCertificate;
  /** Whether browsers are to ask this host by HTTPS alone from now on (HSTS). */
  readonly isLasting: boolean;
  /** More lines for stdout, once the server listens. */
  readonly notes?: (port: number) => readonly string[];
  /** Tells of each certificate that takes the place of the one before, until it is closed. */
  watch(changed: (certificate: TlsCertificate) => void): void;
  close(): void;
}

/** The settings that an address comes from. */
interface AddressFlags {
  readonly host: string;
  readonly port: string;
}

const HTTP_FLAGS: AddressFlags = { host: "--host", port: "--port" };
const METRICS_FLAGS: AddressFlags = { host: "--metrics-host", port: "--metrics-port" };

/** The wish to end, and the wish to end at once. */
export interface StopSignals {
  readonly first: Promise<unknown>;
  readonly second: Promise<unknown>;
}

export interface RunOptions {
  readonly address: ListenAddress;
  /** Left out: HTTP in the clear. */
  readonly tls?: ServedTls;
  /** What `/metrics` tells, and where; left out, there is none. */
  readonly metrics?: { readonly address: ListenAddress; readonly text: () => Promise<string> } | undefined;
  readonly stop: StopSignals;
  /** Seconds that clients have to go elsewhere once the server is to stop; 0, as where it is left out, for none. */
  readonly drainSeconds?: number;
  /** Takes what is for stdout. */
  readonly print: (line: string) => void;
  /** Takes the line that says why the server cannot start. */
  readonly printError: (line: string) => void;
}

/** Serves until the first stop signal, then shuts down. Resolves to the process's exit code. */
export async function run(application: Application, options: RunOptions): Promise<number> {
  const { printError } = options;
  const asked = options.metrics;
  const metrics = asked &&
    tryListen((address) => serveMetrics(asked.text, address), asked.address, METRICS_FLAGS, printError);
  if (asked !== undefined && metrics === undefined) return 1;
  const server = tryListen(
    (address) => listen(application, { ...options, address }),
    options.address,
    HTTP_FLAGS,
    printError,
  );
  if (server === undefined) {
    await metrics?.shutdown();
    return 1;
  }
  await options.stop.first;
  await drain(application, options);
  log.info("shutting down");
  const close = async () => {
    await server.close();
    // Last: what the end of the calls looks like is told as well.
    await metrics?.shutdown();
  };
  return await shutdown({ close }, options.stop);
}

/** Until no client is left, the time is over, or the second signal. */
async function drain(application: Application, { drainSeconds = 0, stop }: RunOptions): Promise<void> {
  if (drainSeconds === 0 || application.drain === undefined) return;
  log.info("no new peers are taken, and those that are here asked to go elsewhere, for {seconds} s", {
    seconds: drainSeconds,
  });
  await Promise.race([application.drain(drainSeconds), stop.second]);
}

/** Says on stderr what a user can do where the address cannot be listened on; then there is no listener. */
function tryListen<T>(
  open: (address: ListenAddress) => T,
  address: ListenAddress,
  flags: AddressFlags,
  printError: (line: string) => void,
): T | undefined {
  try {
    return open(address);
  } catch (error) {
    printError(listenError(error, address, flags));
    return undefined;
  }
}

/** A server that listens. */
export interface Server {
  /** Ends every connection, the listener last. */
  close(): Promise<void>;
}

function listen(application: Application, { address, tls, print }: RunOptions): Server {
  let closing = false;
  const handler: Handler = (request, info) =>
    closing && !answersItself(request) ? closingResponse() : application.fetch(request, info);
  const { host: hostname, port } = address;
  const onListen = ({ port }: Deno.NetAddr) => {
    print(`Switchboard is ready at ${pageUrl(hostname, port, tls === undefined ? "http" : "https")}\n`);
    for (const note of tls?.notes?.(port) ?? []) print(`${note}\n`);
  };
  const listener = tls === undefined
    ? new Listener(handler, { hostname, port, onListen })
    : listenByTls(handler, tls, { hostname, port, onListen });
  return {
    async close() {
      closing = true;
      tls?.close();
      // First the application: shutdown() cuts off every WebSocket at once, before its client could be told why.
      await application.close();
      await listener.shutdown();
    },
  };
}

type Listening = Pick<ConstructorParameters<typeof TlsListener>[1], "hostname" | "port" | "onListen">;

function listenByTls(handler: Handler, tls: ServedTls, listening: Listening): TlsListener {
  let listener: TlsListener | undefined;
  // Before anybody hears that the server listens: who does may change the files at once, and say so by SIGHUP.
  tls.watch((certificate) => listener?.setCertificate(certificate));
  try {
    listener = new TlsListener(tls.isLasting ? demandHttps(handler) : handler, {
      ...listening,
      certificate: tls.certificate,
    });
  } catch (error) {
    tls.close();
    throw error;
  }
  return listener;
}

/**
 * WHIP and WHEP say that the server closes by a problem document, which pages of every origin may read (rules P58, P59).
 * Who asks whether it is alive or ready is told so (rule B263).
 */
function answersItself(request: Request): boolean {
  return /^\/(?:(?:whip|whep)\/|(?:healthz|readyz)$)/.test(URL.parse(request.url)?.pathname ?? "");
}

function closingResponse(): Response {
  return new Response("The server is closing\n", { status: 503, headers: { "Retry-After": "5" } });
}

/** Closes the server, until the deadline in milliseconds or the second signal. Resolves to the process's exit code. */
export async function shutdown(server: Server, stop: StopSignals, deadline = SHUTDOWN_DEADLINE): Promise<number> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, deadline);
  try {
    return await Promise.race([
      server.close().then(() => 0),
      late.promise.then(() => abandon(`not closed after ${deadline} ms`)),
      stop.second.then(() => abandon("second signal")),
    ]);
  } catch (error) {
    log.error("shutdown failed", { error });
    return 1;
  } finally {
    clearTimeout(timer);
  }
}

function abandon(reason: string): number {
  log.warn("ending at once", { reason });
  return 1;
}

/** Where a browser on this machine finds the page. */
export function pageUrl(host: string, port: number, scheme: "http" | "https" = "http"): string {
  if (["0.0.0.0", "::", "127.0.0.1"].includes(host)) return `${scheme}://localhost:${port}`;
  return host.includes(":") ? `${scheme}://[${host}]:${port}` : `${scheme}://${host}:${port}`;
}

/** What a user can do about an address that cannot be listened on. Other errors are thrown again. */
function listenError(error: unknown, { host, port }: ListenAddress, flags: AddressFlags): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `Port ${port} is taken: choose another one with ${flags.port}=<number> (0 takes any free one)\n`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `This machine does not have the address ${host}: choose another one with ${flags.host}=<address>\n`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `Port ${port} may not be listened on by this user: choose another one with ${flags.port}=<number>\n`;
  }
  throw error;
}

/** A signal so soon after the first is the same wish: Ctrl+C reaches a process under `deno task` twice. */
const SAME_WISH_MS = 500;

/** Catches what asks a process to end: Ctrl+C, and SIGTERM where there is one. */
export function catchStopSignals(): StopSignals {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const handle = stopSignalHandler(first.resolve, second.resolve);
  for (const signal of Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] as const : ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => handle(performance.now()));
  }
  return { first: first.promise, second: second.promise };
}

/** Takes each signal with the time at which it came, in ms. */
export function stopSignalHandler(first: () => void, second: () => void): (nowMs: number) => void {
  let firstMs: number | undefined;
  return (nowMs) => {
    if (firstMs === undefined) {
      firstMs = nowMs;
      first();
    } else if (nowMs - firstMs >= SAME_WISH_MS) second();
  };
}
