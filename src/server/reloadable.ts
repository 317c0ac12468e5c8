/** Settings whose new values are taken from the file of settings at SIGHUP; all others need a restart (rule B521). */
export const RELOADABLE = [
  "announce",
  "tlsCert",
  "tlsKey",
  "stun",
  "turn",
  "turnSecret",
  "authSecret",
  "authJwks",
  "authIssuer",
  "authAudience",
  "maxRooms",
  "maxPeers",
  "maxTracks",
  "maxBitrateIn",
  "maxBitrateOut",
  "loudest",
  "joinsPerMinute",
  "requestsPerMinute",
  "maxConnections",
  "maxConnectionsPerAddress",
  "joinTimeout",
  "origins",
  "drain",
  "log",
] as const;

/**
 * Of each group there must be something both before and after: a server does not begin to speak TLS, or to ask for tokens,
 * while it runs, and does not leave off.
 */
export const KEPT_ON: readonly (readonly (typeof RELOADABLE)[number][])[] = [
  ["tlsCert", "tlsKey"],
  ["authSecret", "authJwks", "authIssuer", "authAudience"],
];
