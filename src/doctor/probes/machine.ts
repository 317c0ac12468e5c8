import { lookup } from "node:dns/promises";
import { X509Certificate } from "node:crypto";
import { AnnouncedAddresses, AnnounceError } from "../../io/announced_addresses.ts";
import { localAddresses } from "../../io/addresses.ts";
import { chooseBackend } from "../../io/choose_backend.ts";
import { systemClock } from "../../io/clock.ts";
import { createCertificate } from "../../io/dtls/certificate.ts";
import { CertificateError, readCertificate } from "../../io/dtls/certificate_pem.ts";
import { descriptorLimit, grantedBuffers } from "../../io/native/machine_limits.ts";
import { SHARED_BUFFERS } from "../../io/native/socket_binder.ts";
import { cryptoRandom } from "../../io/random.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { busOptions } from "../../server/broker_settings.ts";
import {
  DTLS_FILES,
  fileProblem,
  type FileSettings,
  readCertificateFiles,
  TLS_FILES,
} from "../../server/certificate_files.ts";
import type { Config } from "../../server/config_schema.ts";
import { mediaHostProblem, mediaHosts } from "../../server/media_hosts.ts";
import { readTlsCertificate } from "../../server/tls_certificate.ts";
import type {
  AnnouncedFacts,
  BrokerFacts,
  BufferFacts,
  CertificateFacts,
  MachineFacts,
  SeenAddress,
} from "../facts.ts";
import { probeBroker } from "./broker.ts";
import { askPublicAddress } from "./connectivity_check.ts";
import { openUdpPath } from "./path.ts";
import { probePorts } from "./ports.ts";
import { parseStunUrl } from "./turn_url.ts";

/** What this machine would let a server of these settings have. What is taken for that is given back. */
export async function probeMachine(config: Config, nowMs: number): Promise<MachineFacts> {
  const hosts = mediaHosts(config);
  const mediaAddressProblem = mediaHostProblem(hosts);
  const descriptors = descriptorLimit();
  const buffers = config.udpPort === undefined ? undefined : bufferFacts();
  const [announced, seenFrom, broker] = await Promise.all([
    resolveAnnounced(config),
    Promise.all(config.stun.map(askStunServer)),
    askBroker(config),
  ]);
  const tlsFiles = certificateFacts(config, TLS_FILES, (pem) => readTlsCertificate(pem, nowMs));
  const dtlsFiles = certificateFacts(config, DTLS_FILES, (pem) => readCertificate(pem, nowMs));
  return {
    backend: await probeBackend(config, nowMs),
    isLinux: Deno.build.os === "linux",
    ports: probePorts(config),
    ownAddresses: localAddresses(hosts, []),
    announced,
    seenFrom,
    ...(descriptors !== undefined && { descriptors }),
    ...(buffers !== undefined && { buffers }),
    ...(mediaAddressProblem !== undefined && { mediaAddressProblem }),
    ...(tlsFiles !== undefined && { tlsFiles }),
    ...(dtlsFiles !== undefined && { dtlsFiles }),
    ...(broker !== undefined && { broker }),
  };
}

/** Without the ports, which a server that runs may have: what is asked is what the machine has of libraries. */
async function probeBackend(
  { backend: choice, workers, bus }: Config,
  nowMs: number,
): Promise<MachineFacts["backend"]> {
  const chosen = chooseBackend({
    choice,
    clock: systemClock,
    random: cryptoRandom,
    certificate: createCertificate(nowMs),
    hostname: "127.0.0.1",
    // More of them would show no more.
    workers: workers === 0 || bus !== undefined ? 0 : undefined,
    processors: 1,
    roomPeersPerWorker: 1,
    yieldsToMedia: false,
    udpPort: undefined,
    udpPorts: undefined,
    tcpPort: undefined,
  });
  if (!chosen.ok) return chosen;
  const { backend: { name }, reason } = chosen;
  await chosen.backend.close();
  return { ok: true, name, reason };
}

function bufferFacts(): BufferFacts | undefined {
  const granted = grantedBuffers(SHARED_BUFFERS);
  return granted && {
    receive: { asked: SHARED_BUFFERS.receive, granted: granted.receive },
    send: { asked: SHARED_BUFFERS.send, granted: granted.send },
  };
}

async function resolveAnnounced(config: Config): Promise<AnnouncedFacts> {
  try {
    const announced = await AnnouncedAddresses.open(config.announce, { hostname: mediaHosts(config) });
    announced.close();
    return { ok: true, addresses: announced.addresses };
  } catch (error) {
    if (error instanceof AnnounceError) return { ok: false, reason: error.message };
    throw error;
  }
}

async function askStunServer(url: string): Promise<SeenAddress> {
  const server = parseStunUrl(url);
  if (server === undefined) return { url };
  try {
    const { address } = await lookup(server.host);
    const path = openUdpPath({ address, port: server.port });
    try {
      const seen = await askPublicAddress(path);
      return { url, ...(seen !== undefined && { address: seen.address }) };
    } finally {
      await path.close();
    }
  } catch (error) {
    // Its name is not known.
    if (error instanceof Error) return { url };
    throw error;
  }
}

/** What is wrong with the files is told in the words in which the server refuses to start. */
function certificateFacts(
  config: Config,
  settings: FileSettings,
  check: (pem: { readonly cert: string; readonly key: string }) => unknown,
): CertificateFacts | undefined {
  const files = readCertificateFiles(config, settings);
  if (!files.ok) return { ok: false, reason: files.message };
  if (files.pem === undefined) return undefined;
  try {
    check(files.pem);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { ok: false, reason: fileProblem(config, settings, error.part, error.message) };
  }
  const { validFrom, validTo } = new X509Certificate(files.pem.cert);
  return { ok: true, validFromMs: Date.parse(validFrom), validToMs: Date.parse(validTo) };
}

async function askBroker(config: Config): Promise<BrokerFacts | undefined> {
  const sharing = busOptions(config);
  if (!sharing.ok) return { name: "--bus", ok: false, isRefusal: false, reason: sharing.message };
  const { bus } = sharing;
  if (bus === undefined || !("url" in bus)) return undefined;
  try {
    return await probeBroker(bus);
  } catch (error) {
    return { name: "--bus", ok: false, isRefusal: false, reason: messageOf(error) };
  }
}
