import { z } from "zod";
import { isUnspecified, unservedAddresses } from "../io/addresses.ts";
import { parseIpAddress } from "../webrtc/ip_address.ts";
import { splitArguments } from "./arguments.ts";
import { CODEC_NAMES } from "./codecs.ts";
import { AREAS, type LogFilter, parseLogFilter } from "./log_filter.ts";

/** What help and README say of a setting, beside its name. */
interface About {
  readonly placeholder: string;
  readonly fallback: string;
  readonly meaning: string;
  /** Completes "expected ...". */
  readonly allowed: string;
  /** No message repeats its value. */
  readonly isSecret?: boolean;
}

const about = z.registry<About>();

function setting<T extends z.ZodType<unknown, string>>(type: T, text: About): z.ZodPrefault<T> {
  const schema = z.prefault(type, text.fallback as z.input<T>);
  about.add(schema, text);
  return schema;
}

/** Splits at commas; nothing between two commas is an error that the items' type finds. */
function list<T extends z.ZodType<unknown, string>>(item: T) {
  return z.string()
    .transform((text) => text === "" ? [] : [...new Set(text.split(",").map((part) => part.trim()))])
    .pipe(z.array(item))
    .readonly();
}

/** The text that stands for no value. */
function unset(text: string) {
  return z.literal(text).transform(() => undefined);
}

function wholeNumber(max: number) {
  return z.string().regex(/^\d{1,5}$/).transform(Number).pipe(z.number().max(max));
}

const portRange = z.string().regex(/^\d{1,5}-\d{1,5}$/).transform((text) => {
  const [min, max] = text.split("-").map(Number);
  return { min, max };
}).pipe(z.object({ min: z.number().min(1), max: z.number().max(65535) }).refine(({ min, max }) => min <= max))
  .readonly();

/** RFC 7064, RFC 7065: what a Link header can carry. */
const iceUrl = (scheme: "stun" | "turn") => new RegExp(`^${scheme}s?:[!-;=?-~]+$`);

const ip = z.union([z.ipv4(), z.ipv6()]);
const localHost = z.literal("localhost").transform(() => "127.0.0.1");

/** RFC 1123 section 2.1; the last label of a name is no number. */
const hostName = z.string().max(253).regex(
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+\.?$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i,
);

function standsAlone(hosts: readonly string[]): boolean {
  return hosts.length < 2 || !hosts.some(isUnspecified);
}

function logFilter(text: string, context: z.RefinementCtx<string>): LogFilter {
  const filter = parseLogFilter(text);
  if (filter !== undefined) return filter;
  context.addIssue("no log filter");
  return z.NEVER;
}

/** More would be a slip: a worker is for a processor core. */
const MAX_WORKERS = 256;

/** Each key makes a flag (`--port`) and an environment variable (`PORT`). */
const schema = z.object({
  port: setting(wholeNumber(65535), {
    placeholder: "number",
    fallback: "3000",
    meaning: "TCP port of HTTP and WebSocket; 0 takes any free one",
    allowed: "a whole number from 0 to 65535",
  }),
  host: setting(z.union([ip, localHost]), {
    placeholder: "address",
    fallback: "0.0.0.0",
    meaning:
      "address to listen on, for HTTP, and for media (UDP, and TCP with --tcp-port) where --media-host is not given",
    allowed: "an IPv4 or IPv6 address, or localhost",
  }),
  mediaHost: setting(list(z.union([ip, localHost])).refine(standsAlone), {
    placeholder: "addresses",
    fallback: "",
    meaning: "address that media (UDP) is on, :: for all of both families; of several clients are told of these alone",
    allowed: "IPv4 or IPv6 addresses, or localhost, separated by commas; 0.0.0.0 and :: stand alone",
  }),
  announce: setting(list(z.union([ip.refine((address) => !isUnspecified(address)), hostName])), {
    placeholder: "addresses",
    fallback: "",
    meaning:
      "addresses or names that clients send media to, instead of the machine's own: behind 1:1 NAT the public one",
    allowed:
      "IPv4 or IPv6 addresses other than 0.0.0.0 and ::, of a family that media is on, or host names, separated by commas",
  }),
  backend: setting(z.enum(["auto", "native", "portable"]), {
    placeholder: "name",
    fallback: "auto",
    meaning: "what carries the media; auto takes native where it runs: on Linux, with --allow-ffi",
    allowed: "auto, native or portable",
  }),
  workers: setting(z.union([unset("auto"), wholeNumber(MAX_WORKERS)]), {
    placeholder: "number",
    fallback: "auto",
    meaning: "media workers, each with whole rooms; the native backend alone has them; auto: one there, else none",
    allowed: `auto, or a whole number from 0 to ${MAX_WORKERS}`,
  }),
  udpPort: setting(z.union([unset(""), wholeNumber(65535)]), {
    placeholder: "number",
    fallback: "",
    meaning:
      "one UDP port for the media of all peers, with the native backend; further workers take the ports behind it",
    allowed: "a whole number from 0 to 65535, where 0 is any free port; not together with --udp-ports",
  }),
  udpPorts: setting(z.union([unset(""), portRange]), {
    placeholder: "min-max",
    fallback: "",
    meaning: "the UDP ports that peers may have, one each, with the native backend; any where it is not given",
    allowed: "two whole numbers from 1 to 65535, the second not below the first, as in 40000-49999",
  }),
  tcpPort: setting(z.union([unset(""), wholeNumber(65535)]), {
    placeholder: "number",
    fallback: "",
    meaning:
      "one TCP port for the media of clients whose network blocks UDP (ICE-TCP), beside UDP; none where it is not given",
    allowed: "a whole number from 0 to 65535, where 0 is any free port; not that of --port",
  }),
  dtlsCert: setting(z.union([unset(""), z.string()]), {
    placeholder: "file",
    fallback: "",
    meaning: "certificate for DTLS, so that its fingerprint outlasts a restart; one is made at each start otherwise",
    allowed: "a file in PEM that may be read, of a certificate with an EC P-256 key; together with --dtls-key",
  }),
  dtlsKey: setting(z.union([unset(""), z.string()]), {
    placeholder: "file",
    fallback: "",
    meaning: "the private key of --dtls-cert",
    allowed: "a file in PEM that may be read, not encrypted; together with --dtls-cert",
  }),
  stun: setting(list(z.string().regex(iceUrl("stun"))), {
    placeholder: "urls",
    fallback: "",
    meaning: "STUN servers that clients are told of",
    allowed: "URLs that begin with stun: or stuns:, separated by commas",
  }),
  turn: setting(list(z.string().regex(iceUrl("turn"))), {
    placeholder: "urls",
    fallback: "",
    meaning: "TURN servers that clients are told of, each with credentials of its own for a day; needs the secret",
    allowed: "URLs that begin with turn: or turns:, separated by commas",
  }),
  turnSecret: setting(z.union([unset(""), z.string()]), {
    placeholder: "text",
    fallback: "",
    meaning:
      "the secret of the TURN servers, coturn's static-auth-secret; other users of the machine see flags: better by TURN_SECRET",
    allowed: "any text",
    isSecret: true,
  }),
  codecs: setting(list(z.enum(CODEC_NAMES)), {
    placeholder: "names",
    fallback: CODEC_NAMES.join(),
    meaning: "codecs that may be published, in any order; which one is used is the choice of the publisher",
    allowed: `any of ${CODEC_NAMES.join(", ")}, separated by commas`,
  }),
  metricsPort: setting(z.union([unset(""), wholeNumber(65535)]), {
    placeholder: "number",
    fallback: "",
    meaning: "TCP port that serves /metrics to Prometheus, and nothing else; none where it is not given",
    allowed: "a whole number from 0 to 65535, where 0 is any free port; not that of --port or --tcp-port",
  }),
  metricsHost: setting(z.union([ip, localHost]), {
    placeholder: "address",
    fallback: "127.0.0.1",
    meaning: "address that --metrics-port is on: everybody who reaches it may read the numbers",
    allowed: "an IPv4 or IPv6 address, or localhost",
  }),
  log: setting(z.string().transform(logFilter), {
    placeholder: "filter",
    fallback: "switchboard=info",
    meaning: "what to log to stderr, in the manner of RUST_LOG: debug, or switchboard=warn,switchboard.ice=trace",
    allowed:
      `a level (trace, debug, info, warn, error, fatal, off) or area=level, separated by commas, each area once; ` +
      `areas are ${AREAS.join(", ")}`,
  }),
}).readonly();

export type Config = z.output<typeof schema>;

/** One setting as help and README show it. */
export interface Setting extends About {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
}

export const SETTINGS: readonly Setting[] = Object.entries(schema.def.innerType.shape).map(([key, type]) => {
  const text = about.get(type);
  if (text === undefined) throw new Error(`the setting ${key} is not described: make it with setting()`);
  const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return { ...text, key, flag: `--${words}`, variable: words.replaceAll("-", "_").toUpperCase() };
});

export type ConfigResult =
  | { readonly ok: true; readonly help: true }
  | { readonly ok: true; readonly help: false; readonly config: Config }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the settings: flags first, then the environment, then the defaults. An empty environment variable counts as not
 * set. The message of a failure has one line for each thing that is wrong.
 */
export function parseConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigResult {
  const flags = SETTINGS.map(({ flag }) => flag);
  const secrets = SETTINGS.filter(({ isSecret }) => isSecret).map(({ flag }) => flag);
  const { values, help, problems } = splitArguments(args, flags, secrets);
  if (help) return { ok: true, help: true };
  const given = new Map<string, { readonly source: string; readonly value: string }>();
  for (const { key, flag, variable } of SETTINGS) {
    const value = values.get(flag) ?? env[variable];
    if (value) given.set(key, { source: values.has(flag) ? flag : variable, value });
  }
  const parsed = schema.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])));
  const wrong = new Set(parsed.error?.issues.map((issue) => issue.path[0]));
  const refused = SETTINGS.filter(({ key }) => wrong.has(key)).map(({ key, allowed }) => {
    const entry = given.get(key);
    return `${entry?.source}=${entry?.value} is not allowed: expected ${allowed}`;
  });
  const contradictions = parsed.success
    ? [
      ...missingCompanions(parsed.data),
      ...sharedPort(parsed.data),
      ...sharedMetricsPort(parsed.data),
      ...unserved(parsed.data),
    ]
    : [];
  if (parsed.success && problems.length + contradictions.length === 0) {
    return { ok: true, help: false, config: parsed.data };
  }
  return { ok: false, message: [...problems, ...refused, ...contradictions].join("\n") };
}

function sharedPort({ port, tcpPort, mediaHost }: Config): string[] {
  const isShared = tcpPort !== undefined && tcpPort !== 0 && tcpPort === port && mediaHost.length === 0;
  return isShared ? [`--tcp-port and --port are both ${port}: HTTP and media need a TCP port each`] : [];
}

/** On another address they might share a number, yet whoever reads it would take one for the other. */
function sharedMetricsPort({ port, tcpPort, metricsPort }: Config): string[] {
  if (metricsPort === undefined || metricsPort === 0) return [];
  const others = { "--port": port, "--tcp-port": tcpPort };
  return Object.entries(others).filter(([, other]) => other === metricsPort).map(([flag]) =>
    `--metrics-port and ${flag} are both ${metricsPort}: /metrics needs a TCP port of its own`
  );
}

/** Settings that are of no use alone. */
function missingCompanions({ turn, turnSecret, dtlsCert, dtlsKey }: Config): string[] {
  const isSecretMissing = turn.length > 0 && turnSecret === undefined;
  return [
    ...(isSecretMissing
      ? ["--turn needs the secret that those servers know: give it by TURN_SECRET or --turn-secret"]
      : []),
    ...(dtlsCert !== undefined && dtlsKey === undefined
      ? ["--dtls-cert needs its private key: give it by --dtls-key"]
      : []),
    ...(dtlsKey !== undefined && dtlsCert === undefined
      ? ["--dtls-key needs its certificate: give it by --dtls-cert"]
      : []),
  ];
}

/** Addresses of this machine that media is on. */
export function mediaHosts({ host, mediaHost }: Pick<Config, "host" | "mediaHost">): readonly string[] {
  return mediaHost.length > 0 ? mediaHost : [host];
}

function unserved(config: Config): string[] {
  const hosts = mediaHosts(config);
  const addresses = config.announce.filter((entry) => parseIpAddress(entry) !== undefined);
  return unservedAddresses(hosts, addresses).map((address) =>
    `--announce names ${address}, but media is on ${hosts.join(", ")} alone: --media-host=:: is all of both families`
  );
}
