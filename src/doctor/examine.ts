import type { Config } from "../server/config_schema.ts";
import { pageUrl } from "../server/serve.ts";
import { isLoopback } from "./address_kind.ts";
import type { DoctorArguments } from "./arguments.ts";
import type { Facts, SignalingFacts } from "./facts.ts";
import { ownToken } from "./own_token.ts";
import { probeHttp } from "./probes/http.ts";
import { probeMachine } from "./probes/machine.ts";
import { probeMedia } from "./probes/media.ts";
import { roomFor } from "./room.ts";

/** Where a token that may be somebody's is kept to ourselves. */
const WITHHELD: SignalingFacts = {
  ok: false,
  code: "untrusted",
  message: "the token of --token is not shown to a server for which nobody vouches",
};

/** Finds out all that the checks look at. */
export async function examine(config: Config, own: DoctorArguments): Promise<Facts> {
  const nowMs = Date.now();
  // Before the server is asked: a port that the doctor holds for a moment is none that the server lacks.
  const machine = own.isRemote ? undefined : await probeMachine(config, nowMs);
  const url = own.url ?? ownUrl(config);
  const { facts, client } = await probeHttp(url);
  const roomId = own.room ?? roomFor(own.token, crypto.randomUUID().slice(0, 8));
  const token = own.token ?? await ownToken(config, roomId, nowMs);
  const join = () => withholdsToken(url, own, client) ? WITHHELD : probeMedia({ url, roomId, nowMs, token, client });
  const signaling = facts.health.ok ? await join() : undefined;
  client?.close();
  return {
    config,
    nowMs,
    server: {
      url: url.origin,
      wasNamed: own.url !== undefined,
      ...facts,
      ...(signaling !== undefined && { signaling }),
    },
    ...(machine !== undefined && { machine }),
  };
}

/**
 * Whether whoever stands between could take the token that was given: `client` trusts what browsers would not. One that the
 * doctor makes lets nobody into a room of others.
 */
export function withholdsToken(
  { hostname }: URL,
  { token }: Pick<DoctorArguments, "token">,
  client: Deno.HttpClient | undefined,
): boolean {
  return token !== undefined && client !== undefined && !isLoopback(hostname.replace(/^\[(.*)\]$/, "$1"));
}

/** Where the settings have the server, seen from this machine. */
function ownUrl({ host, port, tlsCert, tlsSelfSigned }: Config): URL {
  const isSecure = tlsCert !== undefined || tlsSelfSigned;
  return new URL(pageUrl(host, port, isSecure ? "https" : "http"));
}
