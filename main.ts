import { parseConfig, SETTINGS } from "./src/server/config.ts";
import { helpText } from "./src/server/config_text.ts";
import { configureLogs } from "./src/server/log.ts";
import { dtlsProblem, readDtlsFiles } from "./src/server/dtls_files.ts";
import { catchStopSignals, run } from "./src/server/serve.ts";
import { BackendUnavailableError, CertificateError, createSwitchboard, type SwitchboardServer } from "./src/mod.ts";

/** Exit code of a process that was called wrongly. */
const USAGE_ERROR = 2;

const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
const printError = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

async function main(): Promise<number> {
  const env = Object.fromEntries(SETTINGS.map(({ variable }) => [variable, Deno.env.get(variable)]));
  const result = parseConfig(Deno.args, env);
  if (!result.ok) {
    printError(`${result.message}\n`);
    return USAGE_ERROR;
  }
  if (result.help) {
    print(helpText());
    return 0;
  }
  const { config } = result;
  const { host, log, stun, turn, turnSecret, dtlsCert, dtlsKey, ...options } = config;
  const paths = { dtlsCert, dtlsKey };
  const files = readDtlsFiles(paths);
  if (!files.ok) {
    printError(`${files.message}\n`);
    return USAGE_ERROR;
  }
  configureLogs(log);
  let switchboard: SwitchboardServer;
  try {
    switchboard = createSwitchboard({
      ...options,
      hostname: host,
      yieldsToMedia: true,
      iceServers: stun.length > 0 ? [{ urls: stun }] : [],
      ...(files.pem !== undefined && { dtlsCertificate: files.pem }),
      ...(turnSecret !== undefined && turn.length > 0 && { turn: { urls: turn, secret: turnSecret } }),
    });
  } catch (error) {
    if (error instanceof CertificateError) {
      printError(`${dtlsProblem(paths, error.part, error.message)}\n`);
      return USAGE_ERROR;
    }
    if (!(error instanceof BackendUnavailableError)) throw error;
    printError(`--backend=${config.backend}: ${error.message}\n`);
    return 1;
  }
  return await run(switchboard, { address: config, stop: catchStopSignals(), print, printError });
}

Deno.exit(await main());
