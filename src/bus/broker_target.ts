import { X509Certificate } from "node:crypto";
import type { BrokerOptions } from "./broker.ts";

/** A URL, or an option that goes with it, by which no broker can be reached. The message says what is wrong, no secret. */
export class BrokerUrlError extends Error {
  override name = "BrokerUrlError";
}

/** Where a broker is, and who we are there. */
export interface BrokerTarget {
  readonly kind: "nats" | "redis";
  readonly host: string;
  readonly port: number;
  /** Whether the broker must prove who it is. Where it need not, NATS is encrypted where it offers that. */
  readonly isEncrypted: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly caCertificate?: string;
  /** For the log: the URL without secrets. */
  readonly name: string;
}

type Credentials = Pick<BrokerTarget, "username" | "password" | "token">;
type TargetOptions = Pick<BrokerOptions, "username" | "password" | "token" | "caCertificate">;

interface Scheme {
  readonly kind: BrokerTarget["kind"];
  readonly isEncrypted: boolean;
  readonly port: number;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  "nats:": { kind: "nats", isEncrypted: false, port: 4222 },
  "tls:": { kind: "nats", isEncrypted: true, port: 4222 },
  "redis:": { kind: "redis", isEncrypted: false, port: 6379 },
  "rediss:": { kind: "redis", isEncrypted: true, port: 6379 },
};

/** Reads the URL of a broker. Throws BrokerUrlError. */
export function brokerTarget(url: URL, options: TargetOptions): BrokerTarget {
  const { protocol, hostname, search, hash } = url;
  const scheme = SCHEMES[protocol];
  if (scheme === undefined) throw new BrokerUrlError(`${protocol} is no broker's, but nats, tls, redis and rediss are`);
  const { kind } = scheme;
  if (hostname === "") throw new BrokerUrlError("it names no host");
  if (search !== "" || hash !== "" || !isPathless(kind, url.pathname)) {
    throw new BrokerUrlError("nothing but a port may stand behind the host");
  }
  const port = url.port === "" ? scheme.port : Number(url.port);
  if (port === 0) throw new BrokerUrlError("no broker has port 0");
  const { caCertificate } = options;
  if (caCertificate !== undefined) checkAuthority(caCertificate);
  if (caCertificate !== undefined && protocol === "redis:") {
    throw new BrokerUrlError("a certificate authority is of no use with redis:, but with rediss:");
  }
  return {
    kind,
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    isEncrypted: scheme.isEncrypted || caCertificate !== undefined,
    ...credentials(kind, url, options),
    ...(caCertificate !== undefined && { caCertificate }),
    name: `${protocol}//${hostname}:${port}`,
  };
}

/** Redis may have the number of a database, as many URLs have; subjects are those of all databases. */
function isPathless(kind: BrokerTarget["kind"], path: string): boolean {
  return path === "" || path === "/" || (kind === "redis" && /^\/\d+$/.test(path));
}

function credentials(kind: BrokerTarget["kind"], url: URL, options: TargetOptions): Credentials {
  const username = options.username ?? decoded(url.username);
  const password = options.password ?? decoded(url.password);
  if (kind === "redis") {
    if (options.token !== undefined) throw new BrokerUrlError("Redis knows passwords, and no tokens");
    if (username !== "" && password === "") throw new BrokerUrlError("a username takes a password");
    return { ...(username !== "" && { username }), ...(password !== "" && { password }) };
  }
  // As NATS has it, what stands alone before the host is a token.
  const token = options.token ?? (password === "" ? username : "");
  if (token !== "") return { token };
  if (username === "" && password !== "") throw new BrokerUrlError("a password takes a username");
  return username === "" ? {} : { username, password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw new BrokerUrlError("a % in the credentials is to be written as %25");
    throw error;
  }
}

function checkAuthority(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new BrokerUrlError("the certificate authority is no certificate in PEM", { cause });
  }
}
