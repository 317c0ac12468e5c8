/** Identifies a peer in its room; made by the server, never reused. */
export type PeerId = string;
/** Identifies a published track in its room; made by the server, never reused. */
export type TrackId = string;
export type RoomId = string;

export type Kind = "audio" | "video";

/** What a track shows or plays. Camera and microphone of a peer share a msid stream, screen and its sound another. */
export type Source = "camera" | "microphone" | "screen" | "screenAudio";

/** A published track as the other peers of the room learn of it. */
export interface TrackInfo {
  readonly id: TrackId;
  readonly kind: Kind;
  readonly source: Source;
}

/** Somebody who speaks. */
export interface Speaker {
  readonly peerId: PeerId;
  /** How loud: 0 (silence) to 1 (full scale, 0 dBov), linear; as it was when it was told. */
  readonly level: number;
}

/** Who speaks in a room. Goes from one isolate to another as JSON. */
export interface Speakers {
  /** Who spoke last above all others; left out until somebody has, and once that peer has left. */
  readonly dominant?: PeerId;
  /** Who speaks now, the dominant one first, then the loudest first. */
  readonly active: readonly Speaker[];
}

/** One codec as negotiated on one m-line. */
export interface Codec {
  /** Lower case, as in `video/vp8`. */
  readonly mimeType: string;
  /** Hz; also the rate of the RTP timestamp. */
  readonly clockRate: number;
  /** Audio only. */
  readonly channels?: number;
  /** The payload type (0-127) that this side of the m-line uses. */
  readonly payloadType: number;
  /** The payload type of its retransmissions (RTX, RFC 4588) on this side; undefined where there are none. */
  readonly rtxPayloadType?: number;
  /**
   * The payload type of packets that carry earlier ones as well (RED, RFC 2198) on this side; undefined where there are
   * none.
   */
  readonly redPayloadType?: number;
  /** Whether that one stands before the codec's own in the offer. */
  readonly prefersRed?: boolean;
  /** Whether lost packets may be asked for one by one (generic NACK, RFC 4585 section 6.2.1). */
  readonly nack?: boolean;
  /**
   * How a key frame is asked for: by PLI (RFC 4585 section 6.3.1), or by FIR (RFC 5104 section 4.3.1) where that alone was
   * negotiated. Undefined where neither was, and of audio.
   */
  readonly keyFrameRequest?: "pli" | "fir";
  /** Format parameters as the offer gives them, without the payload type; empty where there are none. */
  readonly fmtp: string;
}

/** A negotiated header extension (RFC 8285): its URI and the id (1-255) that this side uses. */
export interface HeaderExtension {
  readonly uri: string;
  readonly id: number;
  /** As this side answers it, where it is not for both directions: the other side only sends it. */
  readonly direction?: "recvonly";
}

/** What the m-line of a publisher settled. */
export interface ProducerParameters {
  readonly mid: string;
  readonly kind: Kind;
  readonly source: Source;
  readonly codec: Codec;
  readonly headerExtensions: readonly HeaderExtension[];
  /** SSRCs that the offer announces for the track; may be empty, then the MID extension or the payload type tells. */
  readonly ssrcs: readonly number[];
  /** What the offer announces for retransmissions of the track. */
  readonly fidGroups?: readonly FidGroup[];
  /** With simulcast, lowest first; then `ssrcs` and `fidGroups` are those of all of them. */
  readonly encodings?: readonly EncodingParameters[];
}

/** What the offer says of one encoding of a track (RFC 8853). */
export interface EncodingParameters {
  /** RFC 8851. */
  readonly rid?: string;
  /** May be empty: then the RID extension tells. */
  readonly ssrcs: readonly number[];
  readonly fidGroups?: readonly FidGroup[];
}

/** What is known elsewhere of an encoding that does not come here. */
export interface EncodingFacts {
  /** Whether its publisher sends it. */
  readonly isActive: boolean;
  /** Pixels; 0 where they are not known. */
  readonly width: number;
  readonly height: number;
  /** 0 where it is not known. */
  readonly bitsPerSecond: number;
}

/** A stream of retransmissions (RFC 4588) with the one that it repairs (RFC 5576 section 4.2). */
export interface FidGroup {
  readonly ssrc: number;
  readonly rtxSsrc: number;
}

/** What the m-line of a subscriber settled. */
export interface ConsumerParameters {
  readonly mid: string;
  readonly codec: Codec;
  readonly headerExtensions: readonly HeaderExtension[];
}

/** A track that a subscriber may take. */
export interface PublishedTrack extends TrackInfo {
  readonly peerId: PeerId;
  readonly codec: Codec;
  /** Of its simulcast encodings, as the offer has them; left out where it has one, or they have none. */
  readonly rids?: readonly string[];
}

/** What a subscriber receives one track under. */
export interface StreamSsrcs {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined where the subscriber takes none. */
  readonly rtxSsrc: number | undefined;
}
