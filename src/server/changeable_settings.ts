import { authOptions } from "./auth_settings.ts";
import type { Config } from "./config_schema.ts";
import type { ChangeableOptions } from "./live_options.ts";

/** What the settings say of options that may change while the server runs. */
export function changeableOptions(config: Config): ChangeableOptions {
  const { maxRooms, maxPeers, maxTracks, maxBitrateIn, maxBitrateOut, loudest, joinsPerMinute } = config;
  const { requestsPerMinute, maxConnections, maxConnectionsPerAddress, joinTimeout } = config;
  const { origins, stun, turn, turnSecret } = config;
  const auth = authOptions(config);
  return {
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
    iceServers: stun.length > 0 ? [{ urls: stun }] : [],
    ...(auth !== undefined && { auth }),
    ...(turnSecret !== undefined && turn.length > 0 && { turn: { urls: turn, secret: turnSecret } }),
  };
}
