import { getLogger } from "@logtape/logtape";
import { AnnounceError } from "./src/io/announced_addresses.ts";
import { collectStart } from "./src/io/collect_start.ts";
import { CertificateError, type CertificatePem } from "./src/io/dtls/certificate_pem.ts";
import { loadBackend } from "./src/io/load_backend.ts";
import type { BusOptions } from "./src/io/sharing.ts";
import { Announcement } from "./src/server/announcement.ts";
import { busOptions } from "./src/server/broker_settings.ts";
import { DTLS_FILES, fileProblem, readCertificateFiles } from "./src/server/certificate_files.ts";
import { changeableOptions } from "./src/server/changeable_settings.ts";
import { type ConfigResult, parseConfig } from "./src/server/config.ts";
import { type Config, SETTINGS } from "./src/server/config_schema.ts";
import { helpText } from "./src/server/config_text.ts";
import { ProcessLogs } from "./src/server/log_control.ts";
import { mediaHostProblem, mediaHosts } from "./src/server/media_hosts.ts";
import { Reload, type ReloadPart } from "./src/server/reload.ts";
import { ReloadSignal } from "./src/server/reload_signal.ts";
import { catchStopSignals, run } from "./src/server/serve.ts";
import { BackendUnavailableError, prepareServer } from "./src/server/switchboard_server.ts";
import { openTls, type TlsResult } from "./src/server/tls.ts";
import { webhookOptions } from "./src/server/webhook_settings.ts";

/** Exit code of a process that cannot do here what it was called for. */
const CANNOT_START = 1;
/** Exit code of a process that was called wrongly. */
const USAGE_ERROR = 2;

const OPEN_SERVER = "whoever reaches this server may enter any room, as it has neither AUTH_SECRET nor --auth-jwks";

const log = getLogger(["switchboard"]);
const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
const printError = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

/** The variables of settings. */
function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(SETTINGS.map(({ variable }) => [variable, Deno.env.get(variable)]));
}

/** Reads flags, environment and the file of settings. */
function readConfig(): ConfigResult {
  return parseConfig(Deno.args, readEnvironment());
}

async function main(): Promise<number> {
  const [command, ...args] = Deno.args;
  if (command === "doctor") {
    // Loaded here alone, as below: a server needs none of it.
    const { runDoctor } = await import("./src/doctor/command.ts");
    return await runDoctor(args, readEnvironment(), {
      print,
      printError,
      colors: !Deno.noColor && Deno.stdout.isTerminal(),
    });
  }
  if (command === "capture") {
    const { captureCommand } = await import("./src/server/capture_cli.ts");
    return await captureCommand(args);
  }
  const result = readConfig();
  if (!result.ok) return refuse(USAGE_ERROR, result.message);
  if (result.help) {
    print(helpText());
    return 0;
  }
  const { config } = result;
  // Where there is nothing to read again it ends the process, as that of a terminal that is closed should.
  const reloadSignal = config.configFile === undefined ? undefined : new ReloadSignal();
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
    return await serve(config, files.pem, opened, sharing.bus, logs, reloadSignal);
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
  { tls, part: tlsPart }: Extract<TlsResult, { readonly ok: true }>,
  bus: BusOptions | undefined,
  logs: ProcessLogs,
  reloadSignal: ReloadSignal | undefined,
): Promise<number> {
  const { backend, workers, roomPeersPerWorker, udpPort, udpPorts, tcpPort, codecs, duplicateIdentity, trustProxy } =
    config;
  const { metricsHost, metricsPort } = config;
  const announcement = await Announcement.open(config);
  const changeable = changeableOptions(config);
  const webhooks = webhookOptions(config);
  const { wanted, start } = prepareServer({
    backend,
    codecs,
    duplicateIdentity,
    hostname: mediaHosts(config),
    announce: () => announcement.addresses,
    yieldsToMedia: true,
    trustProxy,
    ...changeable,
    logs,
    ...(bus !== undefined && { bus }),
    ...(webhooks !== undefined && { webhooks }),
    ...(workers !== undefined && { workers }),
    roomPeersPerWorker,
    ...(udpPort !== undefined && { udpPort }),
    ...(udpPorts !== undefined && { udpPorts }),
    ...(tcpPort !== undefined && { tcpPort }),
    ...(dtlsCertificate !== undefined && { dtlsCertificate }),
  });
  const switchboard = start(await loadBackend(wanted));
  if (changeable.auth === undefined) log.warn(OPEN_SERVER);
  await switchboard.started;
  const parts: ReloadPart[] = [
    { prepare: (next) => () => switchboard.reconfigure(changeableOptions(next)) },
    { prepare: (next, present) => next.log === present.log ? () => {} : () => logs.use(next.log) },
    ...(tlsPart === undefined ? [] : [tlsPart]),
    announcement,
  ];
  const reload = new Reload({ config, read: readConfig, parts });
  reloadSignal?.listen(() => void reload.reload());
  collectStart();
  const exitCode = await run(switchboard, {
    address: config,
    ...(metricsPort !== undefined && {
      metrics: { address: { host: metricsHost, port: metricsPort }, text: () => switchboard.metrics() },
    }),
    stop: catchStopSignals(),
    get drainSeconds() {
      return reload.config.drain;
    },
    print,
    printError,
    ...(tls !== undefined && { tls }),
  });
  announcement.close();
  return exitCode;
}

/** Says on stderr why the process does not start; gives the exit code back. */
function refuse(exitCode: number, message: string): number {
  printError(`${message}\n`);
  return exitCode;
}

Deno.exit(await main());
