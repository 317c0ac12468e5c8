import { z } from "zod";
import { isPrefix } from "../bus/subjects.ts";
import { isUnspecified } from "../io/addresses.ts";
import { MAX_WORKERS } from "../io/auto_workers.ts";
import { BUS_MEDIA, MAX_REGION } from "../io/sharing.ts";
import { ROOM_PEERS_PER_WORKER } from "../io/media_pool.ts";
import { DEFAULT_LIMITS } from "../signaling/limits.ts";
import { isBrokerUrl } from "./broker_url.ts";
import { isKeySetUrl, isLongEnough, MIN_SECRET_BYTES } from "./auth_options.ts";
import { CODEC_NAMES } from "./codecs.ts";
import { isOrigin } from "./origins.ts";
import { AREAS } from "./log_filter.ts";
import { RELOADABLE } from "./reloadable.ts";
import {
  type About,
  aboutOf,
  duration,
  hostName,
  iceUrl,
  ip,
  limit,
  list,
  localHost,
  logFilter,
  portRange,
  proxies,
  setting,
  standsAlone,
  unset,
  wholeNumber,
  yesOrNo,
} from "./setting.ts";
import { WEBHOOK_SETTINGS } from "./webhook_schema.ts";

/** A slip beyond that. */
const MAX_LIMIT = 1_000_000;
const MAX_BITRATE = 10_000_000_000;
const MAX_JOIN_TIMEOUT = 3600;
const MAX_DRAIN = 3600;

/** How much there may be at the most; Infinity for any. */
function limitSetting(max: number, fallback: number, meaning: string, placeholder = "number") {
  return setting(limit(max), {
    placeholder,
    fallback: fallback === Infinity ? "none" : String(fallback),
    meaning,
    allowed: `none, or a whole number from 1 to ${max}`,
  });
}

/** A port that there is where it is given. `besides` is what else is asked of its number. */
function optionalPort(meaning: string, besides: string) {
  return setting(z.union([unset(""), wholeNumber(65535)]), {
    placeholder: "number",
    fallback: "",
    meaning,
    allowed: `a whole number from 0 to 65535, where 0 is any free port; ${besides}`,
  });
}

function optionalFile(meaning: string, allowed: string) {
  return setting(z.union([unset(""), z.string()]), { placeholder: "file", fallback: "", meaning, allowed });
}

/** Each key makes a flag (`--port`) and an environment variable (`PORT`). */
export const schema = z.object({
  configFile: optionalFile(
    "settings that are given by no flag and no variable, as lines NAME=value with the names of the variables; read again at SIGHUP",
    "a file that may be read, as in config/",
  ),
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
  workers: setting(z.union([unset("one"), z.literal("auto"), wholeNumber(MAX_WORKERS)]), {
    placeholder: "number",
    fallback: "one",
    meaning:
      "media workers, which share rooms; one: none with the portable backend; auto: one for each processor but one, 8 at most",
    allowed: `one, auto, or a whole number from 0 to ${MAX_WORKERS}`,
  }),
  roomPeersPerWorker: limitSetting(
    MAX_LIMIT,
    ROOM_PEERS_PER_WORKER,
    "peers of a room that a media worker gets before the room grows into another one; with none it stays in one",
  ),
  udpPort: optionalPort(
    "one UDP port for the media of all peers, with the native backend; further workers take the ports behind it",
    "not together with --udp-ports",
  ),
  udpPorts: setting(z.union([unset(""), portRange]), {
    placeholder: "min-max",
    fallback: "",
    meaning: "the UDP ports that peers may have, one each, with the native backend; any where it is not given",
    allowed: "two whole numbers from 1 to 65535, the second not below the first, as in 40000-49999",
  }),
  tcpPort: optionalPort(
    "one TCP port for the media of clients whose network blocks UDP (ICE-TCP), beside UDP; none where it is not given",
    "not that of --port",
  ),
  dtlsCert: optionalFile(
    "certificate for DTLS, so that its fingerprint outlasts a restart; one is made at each start otherwise",
    "a file in PEM that may be read, of a certificate with an EC P-256 key; together with --dtls-key",
  ),
  dtlsKey: optionalFile(
    "the private key of --dtls-cert",
    "a file in PEM that may be read, not encrypted; together with --dtls-cert",
  ),
  tlsCert: optionalFile(
    "certificate for HTTPS and WebSocket, which are plain without one; a new one in the file is taken without a restart",
    "a file in PEM that may be read, as in certs/, of a certificate and its chain; together with --tls-key",
  ),
  tlsKey: optionalFile(
    "the private key of --tls-cert",
    "a file in PEM that may be read, as in certs/, not encrypted, RSA or EC P-256, P-384 or P-521; together with --tls-cert",
  ),
  tlsSelfSigned: setting(yesOrNo, {
    placeholder: "yes|no",
    fallback: "no",
    meaning:
      "HTTPS with a certificate that is made at the start, for trying out with phones, whose browsers warn of it; the flag alone means yes",
    allowed: "yes or no; yes not together with --tls-cert",
    isSwitch: true,
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
  authSecret: setting(z.union([unset(""), z.string().refine(isLongEnough)]), {
    placeholder: "text",
    fallback: "",
    meaning:
      "tokens (JWT) are asked for, signed by this secret; other users of the machine see flags: better by AUTH_SECRET",
    allowed: `text of ${MIN_SECRET_BYTES} bytes at least; not together with --auth-jwks`,
    isSecret: true,
  }),
  authJwks: setting(z.union([unset(""), z.string().refine(isKeySetUrl)]), {
    placeholder: "url",
    fallback: "",
    meaning: "tokens (JWT) are asked for, signed by one of the keys of the JWK Set that is there",
    allowed: "an https URL without credentials, or http on this machine; not together with --auth-secret",
  }),
  authIssuer: setting(z.union([unset(""), z.string()]), {
    placeholder: "text",
    fallback: "",
    meaning: "what the iss of a token must be; anything where it is not given",
    allowed: "any text; with --auth-secret or --auth-jwks",
  }),
  authAudience: setting(z.union([unset(""), z.string()]), {
    placeholder: "text",
    fallback: "",
    meaning: "what the aud of a token must name; where it is not given a token must have none",
    allowed: "any text; with --auth-secret or --auth-jwks",
  }),
  duplicateIdentity: setting(z.enum(["allow", "refuse", "replace"]), {
    placeholder: "what",
    fallback: "allow",
    meaning:
      "who comes to a room where somebody has the same identity, the sub of a token, is let in too, refused, or replaces the other one",
    allowed: "allow; refuse or replace with --auth-secret or --auth-jwks",
  }),
  production: setting(yesOrNo, {
    placeholder: "yes|no",
    fallback: "no",
    meaning: "refuse to start without --auth-secret or --auth-jwks; the flag alone means yes",
    allowed: "yes or no",
    isSwitch: true,
  }),
  codecs: setting(list(z.enum(CODEC_NAMES)), {
    placeholder: "names",
    fallback: CODEC_NAMES.join(),
    meaning: "codecs that may be published, in any order; which one is used is the choice of the publisher",
    allowed: `any of ${CODEC_NAMES.join(", ")}, separated by commas`,
  }),
  maxRooms: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.maxRooms,
    "rooms that there may be at once; who would begin another one is refused",
  ),
  maxPeers: limitSetting(MAX_LIMIT, DEFAULT_LIMITS.maxPeers, "peers that a room may have; one more is refused"),
  maxTracks: setting(wholeNumber(DEFAULT_LIMITS.maxTracks), {
    placeholder: "number",
    fallback: String(DEFAULT_LIMITS.maxTracks),
    meaning: "tracks that a peer may publish; those beyond are refused, and the others go on",
    allowed: `a whole number from 0 to ${DEFAULT_LIMITS.maxTracks}`,
  }),
  maxBitrateIn: limitSetting(
    MAX_BITRATE,
    DEFAULT_LIMITS.maxBitrateIn,
    "bits per second that a peer may send, all its tracks together; below 20000000 browsers are told, and packets beyond it are dropped",
    "bit/s",
  ),
  maxBitrateOut: limitSetting(
    MAX_BITRATE,
    DEFAULT_LIMITS.maxBitrateOut,
    "bits per second that a peer is sent, all its tracks together; while it is more videos come in less quality, and are paused where that is not enough",
    "bit/s",
  ),
  loudest: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.loudest,
    "microphones of a room that are forwarded at once: the loudest, of which nobody is cut off in a sentence; none forwards all",
  ),
  joinsPerMinute: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.joinsPerMinute,
    "joins from one IPv4 address, or one /64 of IPv6, in a minute, which may come at once; 127.0.0.1 and ::1 are not held back",
  ),
  requestsPerMinute: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.requestsPerMinute,
    "WebSocket handshakes, and requests to WHIP and WHEP, from one IPv4 address, or one /64 of IPv6, in a minute, which may come at once",
  ),
  maxConnections: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.maxConnections,
    "WebSockets that may be open at once; one more is refused",
  ),
  maxConnectionsPerAddress: limitSetting(
    MAX_LIMIT,
    DEFAULT_LIMITS.maxConnectionsPerAddress,
    "WebSockets from one IPv4 address, or one /64 of IPv6, that may be open at once, of which 256 may not have joined yet",
  ),
  joinTimeout: limitSetting(
    MAX_JOIN_TIMEOUT,
    DEFAULT_LIMITS.joinTimeout,
    "seconds in which a WebSocket has to join; it is closed otherwise",
    "seconds",
  ),
  origins: setting(list(z.string().refine(isOrigin)), {
    placeholder: "origins",
    fallback: "",
    meaning:
      "origins whose pages may open the WebSocket and use WHIP and WHEP, and no others; left out: that of the server's own page; clients that are no pages always may",
    allowed: "origins as browsers write them, as in https://example.org, separated by commas; * for all",
  }),
  trustProxy: setting(proxies, {
    placeholder: "proxies",
    fallback: "0",
    meaning:
      "reverse proxies whose X-Forwarded-For says who a client is: how many there are on the way, where nobody can go past them, or their addresses",
    allowed: "a whole number from 0 to 9, or IP addresses and prefixes as in 10.0.0.0/8, separated by commas",
  }),
  bus: setting(z.union([unset(""), z.string().refine(isBrokerUrl)]), {
    placeholder: "url",
    fallback: "",
    meaning:
      "the broker, NATS or Redis, by which servers share rooms: whoever is connected to one of them is in the rooms of all; other users of the machine see flags: credentials better by BUS",
    allowed: "a URL that begins with nats:, tls:, redis: or rediss:, of a host, with credentials if it wants any",
    isSecret: true,
  }),
  busCa: optionalFile(
    "certificate authorities that vouch for the broker, in place of those that everybody trusts",
    "a file in PEM that may be read, as in certs/; with --bus=tls: or rediss:",
  ),
  busPrefix: setting(z.string().refine(isPrefix), {
    placeholder: "text",
    fallback: "switchboard",
    meaning: "what the broker's subjects begin with: servers with the same share rooms",
    allowed: "letters, digits, _ and -, in parts that dots join",
  }),
  busMedia: setting(z.enum(BUS_MEDIA), {
    placeholder: "way",
    fallback: "auto",
    meaning:
      "how media goes to other servers: direct by UDP, and by the broker where that does not get through; by the broker alone; auto is direct with the native backend",
    allowed: BUS_MEDIA.join(", "),
  }),
  busPort: setting(wholeNumber(65535), {
    placeholder: "number",
    fallback: "0",
    meaning: "the UDP port on which other servers send media to this one; 0 takes any free one",
    allowed: "a whole number from 0 to 65535",
  }),
  region: setting(z.union([unset(""), z.string().max(MAX_REGION)]), {
    placeholder: "text",
    fallback: "",
    meaning: "where this server is, for those who watch the others",
    allowed: `any text of ${MAX_REGION} characters at most; with --bus`,
  }),
  drain: setting(duration(MAX_DRAIN), {
    placeholder: "seconds",
    fallback: "none",
    meaning:
      "after SIGTERM or SIGINT, the time that clients have to go elsewhere: no new peers are taken, /readyz is 503; then, or when nobody is left, the server ends; with none it ends at once",
    allowed: `none, or a whole number from 1 to ${MAX_DRAIN}, as in 60 or 60s`,
  }),
  ...WEBHOOK_SETTINGS,
  metricsPort: optionalPort(
    "TCP port that serves /metrics to Prometheus, and nothing else; none where it is not given",
    "not that of --port or --tcp-port",
  ),
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
  /** Whether a new value in the file of settings is taken without a restart. */
  readonly reloads: boolean;
}

const reloadable: ReadonlySet<string> = new Set<keyof Config>(RELOADABLE);

export const SETTINGS: readonly Setting[] = Object.entries(schema.def.innerType.shape).map(([key, type]) => {
  const text = aboutOf(type);
  if (text === undefined) throw new Error(`the setting ${key} is not described: make it with setting()`);
  const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    ...text,
    key,
    flag: `--${words}`,
    variable: words.replaceAll("-", "_").toUpperCase(),
    reloads: reloadable.has(key),
  };
});
