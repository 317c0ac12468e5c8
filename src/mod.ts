/**
 * Switchboard as a library: `createSwitchboard()` gives a handler for Deno.serve that serves the signaling WebSocket,
 * WHIP, WHEP, the page with its browser SDK, /healthz and /readyz.
 *
 * ```ts
 * import { createSwitchboard } from "./src/mod.ts";
 *
 * const switchboard = createSwitchboard();
 * Deno.serve({ port: 3000 }, switchboard.fetch);
 * ```
 */
import type { Broker, BrokerCounters, BrokerSubscription } from "./bus/broker.ts";
import { AnnouncedAddresses, AnnounceError, type AnnounceOptions } from "./io/announced_addresses.ts";
import type { BackendChoice } from "./io/backend_options.ts";
import { chooseBackend } from "./io/choose_backend.ts";
import { CertificateError, type CertificatePem } from "./io/dtls/certificate_pem.ts";
import type { KickResult } from "./io/expulsions.ts";
import type { BusOptions, SharedRoomsOptions } from "./io/sharing.ts";
import type { Stats } from "./io/stats.ts";
import type { AuthOptions } from "./server/auth_options.ts";
import type { TrustedProxies } from "./server/client_address.ts";
import type { CodecName } from "./server/codecs.ts";
import { METRICS_CONTENT_TYPE } from "./server/metrics.ts";
import type { CreateOptions } from "./server/create_options.ts";
import type { IceServer } from "./server/ice_links.ts";
import type { ChangeableOptions } from "./server/live_options.ts";
import type { Limits } from "./signaling/limits.ts";
import type { RefusalCode, RefusalCounts } from "./signaling/refusals.ts";
import type { LogControl } from "./server/log_control.ts";
import { BackendUnavailableError, prepareServer, type SwitchboardServer } from "./server/switchboard_server.ts";
import type { TurnOptions } from "./server/turn.ts";
import type { WebhookOptions } from "./server/webhooks/options.ts";
import type { Authorize, HttpAccess, Verdict } from "./server/whip.ts";
import type { DuplicateIdentity } from "./signaling/duplicate_identity.ts";
import type { Grants, Publishable } from "./signaling/grants.ts";
import type { RoomEvent, RoomEventListener } from "./signaling/room_events.ts";

export type * from "./io/admin_verbs.ts";
export type { PeerOverview } from "./signaling/overview.ts";
export { AnnouncedAddresses, AnnounceError, BackendUnavailableError, CertificateError, METRICS_CONTENT_TYPE };
export type {
  AnnounceOptions,
  AuthOptions,
  Authorize,
  BackendChoice,
  Broker,
  BrokerCounters,
  BrokerSubscription,
  BusOptions,
  CertificatePem,
  ChangeableOptions,
  CodecName,
  CreateOptions,
  DuplicateIdentity,
  Grants,
  HttpAccess,
  IceServer,
  KickResult,
  Limits,
  LogControl,
  Publishable,
  RefusalCode,
  RefusalCounts,
  RoomEvent,
  RoomEventListener,
  SharedRoomsOptions,
  Stats,
  SwitchboardServer,
  TrustedProxies,
  TurnOptions,
  Verdict,
  WebhookOptions,
};

/**
 * Makes a server. A peer that cannot get a socket is told, and the others stay. Throws a BackendUnavailableError; a
 * CertificateError where `dtlsCertificate` is of no use; a TypeError where `auth` is of no use, where `iceServers` or
 * `turn` have what an HTTP header cannot carry, where `limits`, `roomPeersPerWorker`, `origins`, `trustProxy`,
 * `sharedRooms`, `bus` or `webhooks` have what is none, where `hostname` is an empty list, or where `announce` has what no client can send to or is of a family that `hostname` cannot
 * serve; and nothing else.
 */
export function createSwitchboard(options: CreateOptions = {}): SwitchboardServer {
  const { wanted, start } = prepareServer(options);
  return start(chooseBackend(wanted));
}
