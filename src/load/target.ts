import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Publisher } from "./publisher.ts";
import type { VideoRate } from "./requests.ts";
import type { Room } from "./room.ts";
import type { Subscriber } from "./subscriber.ts";
import type { IncomingOptions, IncomingTrack } from "./incoming_track.ts";
import type { LoadLoop } from "./loop.ts";
import type { Turns } from "./turns.ts";

/** What a target has of the load that it is of. */
export interface LoadSurroundings {
  readonly loop: LoadLoop;
  readonly turns: Turns;
  readonly ciphers: SrtpCipherFactory;
}

/** What a publisher publishes. */
export interface Media {
  readonly video: VideoRate | null;
  readonly audio: boolean;
  /** Whether the video has several encodings. */
  readonly simulcast?: boolean;
}

/** A subscriber that is to join, and what it needs to begin. */
export interface Joining {
  readonly subscriber: Subscriber;
  /** Makes what it receives on one m-line. */
  track(options: IncomingOptions): IncomingTrack;
  /** To be called when a packet of each track has come. */
  begun(): void;
}

/** A kind of server that the load plays its peers against. */
export interface ServerTarget {
  /** Resolves when the publisher sends. */
  publish(publisher: Publisher, room: Room, media: Media): Promise<void>;
  /** Resolves when the subscriber can receive; of every track of the room. */
  subscribe(joining: Joining, room: Room): Promise<void>;
  /** Resolves when the peer can receive; it publishes sound and pictures besides, of which none is sent. */
  meet(joining: Joining, room: Room): Promise<void>;
  /** Tells the server that the peer leaves. */
  leave(peer: Endpoint): Promise<void>;
  /** Tells the server that all are gone. */
  close(): Promise<void>;
}
