import type { BackendChoice } from "../io/backend_options.ts";
import type { CertificatePem } from "../io/dtls/certificate_pem.ts";
import type { BusOptions, SharedRoomsOptions } from "../io/sharing.ts";
import type { DuplicateIdentity } from "../signaling/duplicate_identity.ts";
import type { Limits } from "../signaling/limits.ts";
import type { AuthOptions } from "./auth_options.ts";
import type { TrustedProxies } from "./client_address.ts";
import type { CodecName } from "./codecs.ts";
import type { IceServer } from "./ice_links.ts";
import type { LogControl } from "./log_control.ts";
import type { TurnOptions } from "./turn.ts";
import type { WebhookOptions } from "./webhooks/options.ts";
import type { Authorize } from "./whip.ts";

/** What an embedder may set. Everything has a default. */
export interface CreateOptions {
  /**
   * Address that media is on: 0.0.0.0, which is also the default, for all of IPv4, :: for all of both families. Of several
   * all are in the candidates, and no others; UDP sockets, and the TCP port, then bind to all of the machine's.
   */
  readonly hostname?: string | readonly string[];
  /**
   * IP addresses to put into ICE candidates instead of the machine's own, for 1:1 NAT. A function is asked for each ICE
   * generation: AnnouncedAddresses gives those of a name.
   */
  readonly announce?: readonly string[] | (() => readonly string[]);
  /** What carries the media. Default: `auto`, the native one where Linux and `--allow-ffi` let it run. */
  readonly backend?: BackendChoice;
  /**
   * Workers that carry media and share rooms, 31 at most. `auto`: one for each processor but one, 8 at most. Default: one,
   * or none where it cannot be started, or with the portable backend.
   */
  readonly workers?: number | "auto";
  /** Peers of a room that a worker gets before the room grows into another one; Infinity: it stays in one. Default: 100. */
  readonly roomPeersPerWorker?: number;
  /**
   * Native backend: whether the thread that calls this gives way to the media workers (nice 10, which it keeps), so that
   * handshakes do not delay media where both want the same core. For a thread that does nothing else. Default: false.
   */
  readonly yieldsToMedia?: boolean;
  /** Native backend: one UDP port for all peers of a worker, 0 for any; further workers take the ports behind it. */
  readonly udpPort?: number;
  /** Native backend: the UDP ports that peers may have, each one of its own. Default: any. */
  readonly udpPorts?: { readonly min: number; readonly max: number };
  /** The certificate that DTLS shows, in PEM; its fingerprint is in each answer. Default: a new one. */
  readonly dtlsCertificate?: CertificatePem;
  /** One TCP port for clients that cannot use UDP (ICE-TCP, RFC 6544), 0 for any. Default: none. */
  readonly tcpPort?: number;
  /** Codecs that rooms allow; the order says nothing. Default: all of them. */
  readonly codecs?: readonly CodecName[];
  /** Whose tokens (JWT) are asked for, by WebSocket, WHIP and WHEP. Default: none, and whoever comes may enter any room. */
  readonly auth?: AuthOptions;
  /**
   * What becomes of a peer that comes to a room where one of its identity is, which its token tells: it is let in besides,
   * refused, or takes the other one's place. Default: `allow`.
   */
  readonly duplicateIdentity?: DuplicateIdentity;
  /** Decides who may publish by WHIP and play by WHEP; with `auth`, among those with a valid token. Default: everyone. */
  readonly authorize?: Authorize;
  /** STUN and TURN servers that clients are told of, all in printable ASCII. Default: none. */
  readonly iceServers?: readonly IceServer[];
  /** A TURN server for which each client gets credentials of its own, for a while. Default: none. */
  readonly turn?: TurnOptions;
  /** What the process logs, to be told and changed by the admin API. Default: that is no business of it. */
  readonly logs?: LogControl;
  /** How much clients may have; what is left out has its default, and Infinity is no limit. */
  readonly limits?: Partial<Limits>;
  /**
   * Origins whose pages may open the WebSocket and use WHIP and WHEP, as in `https://example.org`; `*` for all. Default:
   * the one that the page itself is served under. What is no page has no origin, and may.
   */
  readonly origins?: readonly string[];
  /** Proxies whose X-Forwarded-For says who a client is. A number: nobody else can reach the server. Default: none. */
  readonly trustProxy?: TrustedProxies;
  /**
   * Other isolates of this process have the same rooms: who is in one of them sees and hears who is in another. The isolate
   * that calls this then carries its media itself (`workers` is 0). Default: its rooms are its own.
   */
  readonly sharedRooms?: SharedRoomsOptions;
  /**
   * Other servers have the same rooms, by a broker that all of them reach: who is connected to one of them sees and hears who
   * is connected to another. Media is carried by the isolate that calls this, as with `sharedRooms`.
   */
  readonly bus?: BusOptions;
  /** Who is told of rooms, peers and tracks by signed HTTP requests: see docs/webhooks.md. Default: nobody. */
  readonly webhooks?: WebhookOptions;
}
