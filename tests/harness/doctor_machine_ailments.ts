import { type AilingCase, NOW_MS, settings, unhealthy, validity } from "./doctor_facts.ts";

const SHORT = { asked: 16_777_216, granted: 212_992 };
const warn = "warning" as const;
const fail = "problem" as const;

const ACCESS: readonly AilingCase[] = [
  {
    what: "no tokens",
    id: "auth",
    severity: warn,
    fix: /AUTH_SECRET.*--auth-jwks/,
    config: settings([], ["auth"]),
    ailment: { signaling: { asksForTokens: false } },
  },
  {
    what: "settings that ask for tokens, and a server that does not",
    id: "auth",
    severity: warn,
    fix: /restart it/,
    ailment: { signaling: { asksForTokens: false } },
  },
  {
    what: "a proxy that is not trusted",
    id: "trust-proxy",
    severity: warn,
    fix: /--trust-proxy=127\.0\.0\.1.*X-Forwarded-For/,
    config: settings([], ["tls"]),
  },
  {
    what: "no TLS",
    id: "https",
    severity: warn,
    fix: /--tls-cert.*--trust-proxy/,
    config: settings([], ["tls"]),
    ailment: { server: { url: "http://sfu.example.org" } },
  },
  {
    what: "a key that is not the certificate's",
    id: "tls-certificate",
    severity: fail,
    fix: /fullchain\.pem/,
    ailment: { machine: { tlsFiles: { ok: false, reason: "it is not the key" } } },
  },
  {
    what: "a certificate that ends soon",
    id: "tls-certificate",
    severity: warn,
    fix: /certbot renew/,
    ailment: { server: { certificate: validity(-80, 10) } },
  },
  {
    what: "one that has expired",
    id: "tls-certificate",
    severity: fail,
    fix: /certbot renew/,
    ailment: { server: { certificate: validity(-90, -1) } },
  },
  {
    what: "one that is not valid yet",
    id: "tls-certificate",
    severity: fail,
    fix: /clock/,
    ailment: { server: { certificate: validity(1, 90) } },
  },
  {
    what: "one for another name",
    id: "tls-certificate",
    severity: fail,
    fix: /host of the URL/,
    ailment: { server: { certificate: { ...validity(-1, 60), distrust: "certificate not valid for name" } } },
  },
  {
    what: "one that clients find to have expired",
    id: "tls-certificate",
    severity: fail,
    fix: /certbot renew/,
    ailment: { server: { certificate: { ...validity(-90, -1), distrust: "invalid peer certificate: Expired" } } },
  },
  {
    what: "one without its chain",
    id: "tls-certificate",
    severity: warn,
    fix: /fullchain\.pem, not cert\.pem/,
    ailment: { server: { certificate: { ...validity(-1, 60), distrust: "invalid peer certificate: UnknownIssuer" } } },
  },
  {
    what: "a certificate of DTLS that is none",
    id: "dtls-certificate",
    severity: fail,
    fix: /EC P-256/,
    ailment: { machine: { dtlsFiles: { ok: false, reason: "it is of type rsa" } } },
  },
  {
    what: "clocks that are a minute apart",
    id: "clock",
    severity: warn,
    fix: /timedatectl/,
    ailment: { server: { health: { ok: true, backend: "native", backendReason: "", dateMs: NOW_MS + 60_000 } } },
  },
  {
    what: "clocks that are an hour apart",
    id: "clock",
    severity: fail,
    fix: /timedatectl/,
    ailment: { server: { health: { ok: true, backend: "native", backendReason: "", dateMs: NOW_MS - 3_600_000 } } },
  },
];

const MACHINE: readonly AilingCase[] = [
  {
    what: "a backend that was asked for and does not run",
    id: "backend",
    severity: fail,
    fix: /libgnutls30, libssl3/,
    ailment: { machine: { backend: { ok: false, reason: "FFI is not allowed" } } },
  },
  {
    what: "a setting of the native backend without it",
    id: "backend",
    severity: fail,
    fix: /leave --udp-port out/,
    ailment: { machine: { backend: { ok: true, name: "portable", reason: "FFI is not allowed" } } },
  },
  {
    what: "the portable backend where native was to be had",
    id: "backend",
    severity: warn,
    fix: /deno task start/,
    config: settings([], ["udp-port"]),
    ailment: { machine: { backend: { ok: true, name: "portable", reason: "FFI is not allowed" } } },
  },
  {
    what: "few descriptors",
    id: "file-limit",
    severity: warn,
    fix: /LimitNOFILE/,
    ailment: { machine: { descriptors: 512 } },
  },
  {
    what: "no descriptors",
    id: "file-limit",
    severity: fail,
    fix: /ulimit -n/,
    ailment: { machine: { descriptors: 128 } },
  },
  {
    what: "a receive buffer of 208 kB",
    id: "socket-buffers",
    severity: warn,
    fix: /sysctl -w net\.core\.rmem_max=16777216;/,
    ailment: { machine: { buffers: { receive: SHORT, send: { asked: 1, granted: 1 } } } },
  },
  {
    what: "a broker that is away",
    id: "broker",
    severity: fail,
    fix: /firewall/,
    ailment: { machine: { broker: { name: "nats://n:4222", ok: false, isRefusal: false, reason: "refused" } } },
  },
  {
    what: "a broker that refuses us",
    id: "broker",
    severity: fail,
    fix: /name and password/,
    ailment: { machine: { broker: { name: "nats://n:4222", ok: false, isRefusal: true, reason: "no" } } },
  },
];

const PORTS: readonly AilingCase[] = [
  {
    what: "an address that the machine does not have",
    id: "media-address",
    severity: fail,
    fix: /--media-host/,
    ailment: { machine: { mediaAddressProblem: "This machine does not have the address 192.0.2.1" } },
  },
  ...(["http", "tcp"] as const).flatMap((key): AilingCase[] => [
    {
      what: `a port of ${key} that another program has`,
      id: `${key}-port`,
      severity: fail,
      fix: /ss -lntup/,
      ailment: {
        machine: { ports: { http: "free", tcp: "free", udp: [], [key]: "taken" } },
        ...unhealthy("unreachable"),
      },
    },
    {
      what: `a port of ${key} below 1024`,
      id: `${key}-port`,
      severity: fail,
      fix: /CAP_NET_BIND_SERVICE/,
      ailment: { machine: { ports: { http: "free", tcp: "free", udp: [], [key]: "forbidden" } } },
    },
    {
      what: `a port of ${key} at another machine's address`,
      id: `${key}-port`,
      severity: fail,
      fix: /--host/,
      ailment: { machine: { ports: { http: "free", tcp: "free", udp: [], [key]: "nowhere" } } },
    },
  ]),
  {
    what: "the shared UDP port taken",
    id: "udp-ports",
    severity: fail,
    fix: /another --udp-port/,
    ailment: {
      machine: { ports: { http: "free", udp: [{ port: 3478, state: "taken" }] } },
      ...unhealthy("unreachable"),
    },
  },
  {
    what: "a range that is taken",
    id: "udp-ports",
    severity: fail,
    fix: /--udp-ports/,
    config: settings(["--udp-ports=40000-40001"], ["udp-port"]),
    ailment: {
      machine: { ports: { http: "free", udp: [40000, 40001].map((port) => ({ port, state: "taken" })) } },
      ...unhealthy("unreachable"),
    },
  },
  {
    what: "a range that is taken for the most part",
    id: "udp-ports",
    severity: warn,
    fix: /ip_local_port_range/,
    config: settings(["--udp-ports=40000-40002"], ["udp-port"]),
    ailment: {
      machine: {
        ports: {
          http: "free",
          udp: [40000, 40001, 40002].map((port) => ({ port, state: port === 40000 ? "free" : "taken" })),
        },
      },
    },
  },
];

/** What may be wrong with settings and machine. */
export const MACHINE_AILMENTS = [...ACCESS, ...MACHINE, ...PORTS];
