import { unservedAddresses } from "../io/addresses.ts";
import { parseIpAddress } from "../webrtc/ip_address.ts";
import type { Config } from "./config_schema.ts";
import { mediaHosts } from "./media_hosts.ts";
import { webhookGaps } from "./webhook_settings.ts";

/** What settings that are allowed each by itself cannot be together: a line for each, none where all is well. */
export function contradictionsOf(config: Config): readonly string[] {
  return [
    ...missingCompanions(config),
    ...sharedPort(config),
    ...sharedMetricsPort(config),
    ...twoCertificates(config),
    ...unserved(config),
    ...authGaps(config),
    ...sharedRooms(config),
    ...webhookGaps(config),
  ];
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
function missingCompanions({ turn, turnSecret, dtlsCert, dtlsKey, tlsCert, tlsKey }: Config): string[] {
  const isSecretMissing = turn.length > 0 && turnSecret === undefined;
  return [
    ...(isSecretMissing
      ? ["--turn needs the secret that those servers know: give it by TURN_SECRET or --turn-secret"]
      : []),
    ...missingHalf("dtls", dtlsCert, dtlsKey),
    ...missingHalf("tls", tlsCert, tlsKey),
  ];
}

function authGaps({ authSecret, authJwks, authIssuer, authAudience, duplicateIdentity, production }: Config): string[] {
  if (authSecret !== undefined && authJwks !== undefined) {
    return ["--auth-secret and --auth-jwks are both given: tokens are signed by the one or by the other"];
  }
  if (authSecret !== undefined || authJwks !== undefined) return [];
  const how = "give a secret by AUTH_SECRET, or a key set by --auth-jwks";
  return [
    ...(authIssuer !== undefined ? [`--auth-issuer is about tokens, and none are asked for: ${how}`] : []),
    ...(authAudience !== undefined ? [`--auth-audience is about tokens, and none are asked for: ${how}`] : []),
    ...(duplicateIdentity !== "allow" ? [`--duplicate-identity is about tokens, and none are asked for: ${how}`] : []),
    ...(production ? [`--production needs tokens, as whoever comes may enter any room without: ${how}`] : []),
  ];
}

function sharedRooms({ bus, busCa, region, workers }: Config): string[] {
  if (bus === undefined) {
    return [
      ...(busCa !== undefined ? ["--bus-ca is about the broker by which servers share rooms: name it by --bus"] : []),
      ...(region !== undefined ? ["--region is about servers that share rooms: name their broker by --bus"] : []),
    ];
  }
  if (workers === undefined || workers === 0) return [];
  return ["--workers has no meaning with --bus: a server that shares rooms carries its media itself"];
}

function missingHalf(protocol: string, cert: string | undefined, key: string | undefined): string[] {
  if ((cert === undefined) === (key === undefined)) return [];
  return key === undefined
    ? [`--${protocol}-cert needs its private key: give it by --${protocol}-key`]
    : [`--${protocol}-key needs its certificate: give it by --${protocol}-cert`];
}

function twoCertificates({ tlsCert, tlsKey, tlsSelfSigned }: Config): string[] {
  if (!tlsSelfSigned || (tlsCert === undefined && tlsKey === undefined)) return [];
  return ["--tls-self-signed=yes and --tls-cert are two certificates for HTTPS: give one of them"];
}

function unserved(config: Config): string[] {
  const hosts = mediaHosts(config);
  const addresses = config.announce.filter((entry) => parseIpAddress(entry) !== undefined);
  return unservedAddresses(hosts, addresses).map((address) =>
    `--announce names ${address}, but media is on ${hosts.join(", ")} alone: --media-host=:: is all of both families`
  );
}
