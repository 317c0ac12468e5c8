import type {
  OpenPeerMedia,
  PeerCommand,
  PeerEvent,
  PeerEventHandler,
  PeerMedia,
  PeerOpening,
} from "../media/messages.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { IceGenerations } from "../webrtc/ice_generations.ts";
import { type ConnectionObserver, PeerConnection } from "../webrtc/peer_connection.ts";

export interface MediaConnectionOptions {
  readonly openMedia: OpenPeerMedia;
  /** What the media begins with. */
  readonly opening: Omit<PeerOpening, "ssrc" | "ice">;
  readonly dtls: DtlsFactory;
  readonly handshakes: HandshakeLimit;
  readonly random: RandomSource;
  readonly observer: MediaConnectionObserver;
}

/** What the connection itself has no use for; nothing is told after `close`, but who speaks in the room. */
export interface MediaConnectionObserver extends ConnectionObserver {
  readonly handleEvent: PeerEventHandler;
}

/**
 * The media of one participant, and the connection to its client: made when it joins, and anew where a fault of the server
 * has lost it.
 */
export class MediaConnection {
  /** Of the server's own feedback. */
  readonly ssrc: number;
  readonly connection: PeerConnection;
  readonly #media: PeerMedia;
  readonly #observer: MediaConnectionObserver;
  #remoteAddress: RemoteAddress | undefined;
  #closed = false;

  /** Throws NoCapacityError where no media can be had. */
  constructor({ openMedia, opening, dtls, handshakes, random, observer }: MediaConnectionOptions) {
    this.ssrc = random.uint32();
    this.#observer = observer;
    const ice = new IceGenerations(random);
    const begin = { ...opening, ssrc: this.ssrc, ice: ice.local };
    const media = openMedia(begin, (event, nowMs) => this.#handleEvent(event, nowMs));
    this.#media = media;
    this.connection = new PeerConnection({
      dtls,
      handshakes,
      ice,
      candidates: () => media.candidates,
      transport: {
        restartIce: (local) => this.send({ type: "restartIce", ice: local }),
        sendDtls: (bytes) => this.send({ type: "sendDtls", bytes }),
        connect: (keying) => this.send({ type: "connect", keying }),
      },
      observer,
    });
  }

  /** Where its media goes; undefined before ICE has an address. */
  get remoteAddress(): RemoteAddress | undefined {
    return this.#remoteAddress;
  }

  /** Nothing is sent after `close`. */
  send(command: Exclude<PeerCommand, { readonly type: "open" | "close" }>): void {
    if (!this.#closed) this.#media.send(command);
  }

  /** Ends the DTLS association and gives the media back. */
  close(): void {
    if (this.#closed) return;
    try {
      this.connection.close();
    } finally {
      this.#closed = true;
      this.#media.send({ type: "close" });
    }
  }

  #handleEvent(event: PeerEvent, nowMs: number): void {
    // It is about the room, which goes on: the last that is told of a peer that leaves counts as well.
    if (this.#closed && event.type !== "speakersChanged") return;
    switch (event.type) {
      case "dtlsReceived":
        return this.connection.handleDtls(event.bytes, this.#remoteAddress?.hostname ?? "", nowMs);
      case "iceCredentialsUsed":
        return this.connection.handleIceCredentialsUsed(event.ufrag);
      case "addressSelected":
        this.#remoteAddress = event.address;
    }
    this.#observer.handleEvent(event, nowMs);
  }
}
