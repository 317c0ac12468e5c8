import { getLogger } from "@logtape/logtape";
import { authOptions } from "./src/server/auth_settings.ts";
import { busOptions } from "./src/server/broker_settings.ts";
import { DTLS_FILES, fileProblem, readCertificateFiles } from "./src/server/certificate_files.ts";
import { parseConfig } from "./src/server/config.ts";
import { type Config, SETTINGS } from "./src/server/config_schema.ts";
import { helpText } from "./src/server/config_text.ts";
import { type LogControl, ProcessLogs } from "./src/server/log_control.ts";
import { mediaHostProblem, mediaHosts } from "./src/server/media_hosts.ts";
import { catchStopSignals, run, type ServedTls } from "./src/server/serve.ts";
import { openTls } from "./src/server/tls.ts";
import { webhookOptions } from "./src/server/webhook_settings.ts";
import {
  AnnouncedAddresses,
  AnnounceError,
  BackendUnavailableError,
  type BusOptions,
  CertificateError,
  type CertificatePem,
  createSwitchboard,
} from "./src/mod.ts";

/** Exit code of a process that cannot do here what it was called for. */
const CANNOT_START = 1;
/** Exit code of a process that was called wrongly. */
const USAGE_ERROR = 2;

const OPEN_SERVER = "whoever reaches this server may enter any room, as it has neither AUTH_SECRET nor --auth-jwks";

const log = getLogger(["switchboard"]);
const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
const printError = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

async function main(): Promise<number> {
  const env = Object.fromEntries(SETTINGS.map(({ variable }) => [variable, Deno.env.get(variable)]));
  const [command, ...args] = Deno.args;
  if (command === "doctor") {
    // Loaded here alone: a server needs none of it.
    const { runDoctor } = await import("./src/doctor/command.ts");
    return await runDoctor(args, env, { print, printError, colors: !Deno.noColor && Deno.stdout.isTerminal() });
  }
  const result = parseConfig(Deno.args, env);
  if (!result.ok) return refuse(USAGE_ERROR, result.message);
  if (result.help) {
    print(helpText());
    return 0;
  }
  const { config } = result;
  const files = readCertificateFiles(config, DTLS_FILES);
  if (!files.ok) return refuse(USAGE_ERROR, files.message);
  const sharing = busOptions(config);
  if (!sharing.ok) return refuse(USAGE_ERROR, sharing.message);
  const opened = openTls(config);
  if (!opened.ok) return refuse(USAGE_ERROR, opened.message);
  const logs = new ProcessLogs(config.log);
  const problem = mediaHostProblem(mediaHosts(config));
  if (problem !== undefined) return refuse(CANNOT_START, problem);
  try {
    return await serve(config, files.pem, opened.tls, sharing.bus, logs);
  } catch (error) {
    if (error instanceof CertificateError) {
      return refuse(USAGE_ERROR, fileProblem(config, DTLS_FILES, error.part, error.message));
    }
    if (error instanceof AnnounceError) return refuse(CANNOT_START, `--announce: ${error.message}`);
    if (error instanceof BackendUnavailableError) {
      return refuse(CANNOT_START, `--backend=${config.backend}: ${error.message}`);
    }
    throw error;
  }
}

async function serve(
  config: Config,
  dtlsCertificate: CertificatePem | undefined,
  tls: ServedTls | undefined,
  bus: BusOptions | undefined,
  logs: LogControl,
): Promise<number> {
  const { backend, workers, roomPeersPerWorker, udpPort, udpPorts, tcpPort, codecs, announce, stun, turn, turnSecret } =
    config;
  const { maxRooms, maxPeers, maxTracks, maxBitrateIn, maxBitrateOut, loudest, joinsPerMinute, origins, trustProxy } =
    config;
  const { requestsPerMinute, maxConnections, maxConnectionsPerAddress, joinTimeout } = config;
  const { metricsHost, metricsPort } = config;
  const hostname = mediaHosts(config);
  const auth = authOptions(config);
  const webhooks = webhookOptions(config);
  const announced = await AnnouncedAddresses.open(announce, { hostname });
  const switchboard = createSwitchboard({
    backend,
    codecs,
    duplicateIdentity: config.duplicateIdentity,
    hostname,
    announce: () => announced.addresses,
    yieldsToMedia: true,
    limits: {
      maxRooms,
      maxPeers,
      maxTracks,
      maxBitrateIn,
      maxBitrateOut,
      loudest,
      joinsPerMinute,
      requestsPerMinute,
      maxConnections,
      maxConnectionsPerAddress,
      joinTimeout,
    },
    origins,
    trustProxy,
    logs,
    iceServers: stun.length > 0 ? [{ urls: stun }] : [],
    ...(auth !== undefined && { auth }),
    ...(bus !== undefined && { bus }),
    ...(webhooks !== undefined && { webhooks }),
    ...(workers !== undefined && { workers }),
    roomPeersPerWorker,
    ...(udpPort !== undefined && { udpPort }),
    ...(udpPorts !== undefined && { udpPorts }),
    ...(tcpPort !== undefined && { tcpPort }),
    ...(dtlsCertificate !== undefined && { dtlsCertificate }),
    ...(turnSecret !== undefined && turn.length > 0 && { turn: { urls: turn, secret: turnSecret } }),
  });
  if (auth === undefined) log.warn(OPEN_SERVER);
  await switchboard.started;
  const exitCode = await run(switchboard, {
    address: config,
    ...(metricsPort !== undefined && {
      metrics: { address: { host: metricsHost, port: metricsPort }, text: () => switchboard.metrics() },
    }),
    stop: catchStopSignals(),
    drainSeconds: config.drain,
    print,
    printError,
    ...(tls !== undefined && { tls }),
  });
  announced.close();
  return exitCode;
}

/** Says on stderr why the process does not start; gives the exit code back. */
function refuse(exitCode: number, message: string): number {
  printError(`${message}\n`);
  return exitCode;
}

Deno.exit(await main());
