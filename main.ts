import { parseConfig, SETTINGS } from "./src/server/config.ts";
import { helpText } from "./src/server/config_text.ts";
import { configureLogs } from "./src/server/log.ts";
import { catchStopSignals, run } from "./src/server/serve.ts";
import { BackendUnavailableError, createSwitchboard, type SwitchboardServer } from "./src/mod.ts";

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
  const { host, log, stun, turn, turnSecret, ...options } = config;
  configureLogs(log);
  let switchboard: SwitchboardServer;
  try {
    switchboard = createSwitchboard({
      ...options,
      hostname: host,
      yieldsToMedia: true,
      iceServers: stun.length > 0 ? [{ urls: stun }] : [],
      ...(turnSecret !== undefined && turn.length > 0 && { turn: { urls: turn, secret: turnSecret } }),
    });
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    printError(`--backend=${config.backend}: ${error.message}\n`);
    return 1;
  }
  return await run(switchboard, { address: config, stop: catchStopSignals(), print, printError });
}

Deno.exit(await main());
