import type { QualityReport, QualityTelling, WantedQuality } from "../sfu/quality.ts";
import type {
  ConsumerParameters,
  Kind,
  PeerId,
  ProducerParameters,
  RoomId,
  Speakers,
  StreamSsrcs,
  TrackId,
} from "../sfu/types.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { CapturedBatch } from "./captured_packets.ts";
import type { SrtpKeying } from "../webrtc/dtls.ts";
import type { IceCredentials } from "../webrtc/ice_generations.ts";

/** A bound UDP socket by its number, in whichever isolate it is used. */
export interface SocketHandle {
  /** Of this process: the file descriptor, where the socket has one. */
  readonly id: number;
  readonly port: number;
  readonly family: "ipv4" | "ipv6";
  /** Bound to all addresses of the machine. */
  readonly isWildcard: boolean;
  /** One of many peers that share the port. */
  readonly isShared: boolean;
}

/** What signaling tells the media side of one peer. Each goes from one isolate to another, as JSON with Uint8Arrays. */
export type PeerCommand =
  | {
    readonly type: "open";
    readonly roomId: RoomId;
    readonly peerId: PeerId;
    /** Where the server's own feedback comes from. */
    readonly ssrc: number;
    readonly ice: IceCredentials;
    /** Bits per second that the peer may send; left out for any. */
    readonly maxBitrateIn?: number;
    /** Bits per second that it is sent; left out for any. */
    readonly maxBitrateOut?: number;
    /** Microphones of the room that are forwarded at once; left out for any number. Who opens the room says it. */
    readonly loudest?: number;
    /** Whether the peer can be told what it gets; left out where it cannot. */
    readonly tellsQuality?: QualityTelling;
    /** Whether its first packet of media is told; left out where nobody asks. */
    readonly isTraced?: true;
    readonly socket: SocketHandle;
  }
  | { readonly type: "restartIce"; readonly ice: IceCredentials }
  | { readonly type: "sendDtls"; readonly bytes: Uint8Array }
  /** The keys are wiped by whoever takes it. */
  | { readonly type: "connect"; readonly keying: SrtpKeying }
  | { readonly type: "publish"; readonly trackId: TrackId; readonly parameters: ProducerParameters }
  | { readonly type: "unpublish"; readonly mid: string }
  /** Nothing of the track that is published on the m-line is forwarded to anybody from now on, or it is again. */
  | { readonly type: "mute"; readonly mid: string; readonly isMuted: boolean }
  | {
    readonly type: "openSlot";
    readonly mid: string;
    readonly kind: Kind;
    /** Hz. */
    readonly clockRate: number;
    readonly ssrcs: StreamSsrcs;
  }
  | { readonly type: "closeSlot"; readonly mid: string }
  | {
    readonly type: "subscribe";
    readonly trackId: TrackId;
    readonly parameters: ConsumerParameters;
    readonly ssrcs: StreamSsrcs;
  }
  | { readonly type: "unsubscribe"; readonly mid: string }
  /** What the peer wants of a track, whether it receives it yet or not. */
  | { readonly type: "setQuality"; readonly trackId: TrackId; readonly wanted: WantedQuality }
  /** Asks for a picture on each track that has not begun. */
  | { readonly type: "requestKeyFrames" }
  /** Its packets are told by `captured` from now on, under this number, and RTP without payload unless that is wanted. */
  | { readonly type: "capture"; readonly number: number; readonly withPayload: boolean }
  /** So many bytes of `captured` were taken: as many more may be told. */
  | { readonly type: "takeCaptured"; readonly bytes: number }
  | { readonly type: "endCapture" }
  /** The signaling is lost, the peer perhaps not: it stays for a while (rule P14). */
  | { readonly type: "detach" }
  /** There is signaling again. */
  | { readonly type: "attach" }
  /** The peer is told BYE, and its tracks end for the others. DTLS may still say close_notify. */
  | { readonly type: "leave" }
  /** The socket is given back. The last command to a peer. */
  | { readonly type: "close" };

/**
 * What the media of one isolate is told of a room that it shares with others, known to each other by their node numbers of
 * the bus. Each goes from one isolate to another, as JSON.
 */
export type RelayCommand =
  /** A track that is published at node `from`: peers of the room here may subscribe to it. `relay` names it on the bus. */
  | {
    readonly type: "import";
    readonly roomId: RoomId;
    readonly trackId: TrackId;
    readonly peerId: PeerId;
    readonly from: number;
    readonly relay: number;
    readonly parameters: ProducerParameters;
  }
  /** The same as `mute`, of a track that is imported. */
  | { readonly type: "muteImport"; readonly roomId: RoomId; readonly trackId: TrackId; readonly isMuted: boolean }
  /** It is over, or the room has no peers here any more. */
  | { readonly type: "endImport"; readonly roomId: RoomId; readonly trackId: TrackId }
  /** The node is gone, with all that it wanted. What it published ends by `endImport`. */
  | { readonly type: "dropNode"; readonly node: number };

/** Why the media side has given a peer up; `media-lost`: what carried it has failed, by no fault of the peer's own. */
export type MediaEndReason = "transport-failed" | "signaling-lost" | "fault" | "media-lost";

/** What the media side of one peer tells signaling. Each goes from one isolate to another, as JSON with Uint8Arrays. */
export type PeerEvent =
  | { readonly type: "dtlsReceived"; readonly bytes: Uint8Array }
  | { readonly type: "iceCredentialsUsed"; readonly ufrag: string }
  | { readonly type: "addressSelected"; readonly address: RemoteAddress }
  /** The first packet of media has come from the peer or gone to it, soon after it connected. Told where it is traced. */
  | { readonly type: "mediaStarted" }
  /** The peer sends more than it may; every 10 s at most. */
  | { readonly type: "bitrateExceeded" }
  /**
   * Who speaks in the peer's room has changed: told by one of its peers for all of them, also while that one leaves. A few
   * times a second at most.
   */
  | { readonly type: "speakersChanged"; readonly speakers: Speakers }
  /** What the peer gets of its tracks, and why; once a second at most, and where something changed. */
  | { readonly type: "quality"; readonly report: QualityReport }
  /** Somebody receives these simulcast encodings of a track that the peer publishes, by RID, lowest first; no others. */
  | { readonly type: "layersWanted"; readonly trackId: TrackId; readonly active: readonly string[] }
  /** Packets of the peer, some times a second while it is captured. */
  | { readonly type: "captured"; readonly batch: CapturedBatch }
  /** The peer is of no use any more; it is to be left and closed. Told once at most. */
  | { readonly type: "ended"; readonly reason: MediaEndReason; readonly detail: string };

/** What signaling holds of the media side of one peer. */
export interface PeerMedia {
  /** The server's candidate lines without `a=`, as they are at present. */
  readonly candidates: readonly string[];
  /** Throws nothing: a fault comes back as `ended`. */
  send(command: Exclude<PeerCommand, { readonly type: "open" }>): void;
}

/** Takes what the media side tells of one peer. */
export type PeerEventHandler = (event: PeerEvent, nowMs: number) => void;

/** What the media side of a peer begins with, except its socket. */
export type PeerOpening = Omit<Extract<PeerCommand, { readonly type: "open" }>, "type" | "socket">;

/** Makes the media side of a peer, with a socket of its own. Throws NoCapacityError where none can be had. */
export type OpenPeerMedia = (opening: PeerOpening, handleEvent: PeerEventHandler) => PeerMedia;
