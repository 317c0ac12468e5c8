/**
 * Asks the server on this machine how it is: exit code 0 where /healthz answers with 200, else 1, and why. The image's
 * health check runs it, with the server's environment. The server's certificate is for its public name, which the address
 * asked here is not: it takes --unsafely-ignore-certificate-errors.
 */

const TIMEOUT_MS = 4000;

/** Where a server that listens on `host` is reached from its own machine. */
export function healthUrl(host: string | undefined, port: string | undefined, hasTls: boolean): URL {
  const anywhere: Record<string, string> = { "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1" };
  const address = anywhere[host ?? ""] ?? host;
  const authority = address?.includes(":") ? `[${address}]` : address;
  return new URL(`${hasTls ? "https" : "http"}://${authority}:${port || 3000}/healthz`);
}

/** The status of the answer, or why there is none. */
async function ask(url: URL): Promise<number | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return String(error);
  }
}

if (import.meta.main) {
  const [host, port, certificate, selfSigned] = ["HOST", "PORT", "TLS_CERT", "TLS_SELF_SIGNED"].map((name) =>
    Deno.env.get(name)
  );
  const url = healthUrl(host, port, Boolean(certificate) || selfSigned === "yes");
  const status = await ask(url);
  if (status !== 200) console.error(`${url}: ${status}`);
  Deno.exit(status === 200 ? 0 : 1);
}
