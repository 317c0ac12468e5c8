import type { CapturedBatch } from "../media/captured_packets.ts";
import type { PeerMedia } from "../media/messages.ts";
import type { PeerId, RoomId } from "../sfu/types.ts";
import type { CaptureResult } from "./admin_verbs.ts";
import { Capture, type CaptureOptions, checkCapture } from "./capture.ts";
import type { Clock } from "./clock.ts";

/** At once: each costs the isolates that it goes through. */
export const MAX_CAPTURES = 4;

/** The media of one peer, as far as it is captured. */
export interface CapturedPeer {
  handleBatch(batch: CapturedBatch): void;
  /** It is about to be closed. */
  close(): void;
}

/** Who of the peers here is captured, in whichever isolate their media is. */
export class Captures {
  readonly #clock: Clock;
  readonly #unixMs: () => number;
  readonly #peers = new Map<PeerId, CapturablePeer>();
  #running = 0;
  #lastNumber = 0;

  constructor(clock: Clock, unixMs: () => number = Date.now) {
    this.#clock = clock;
    this.#unixMs = unixMs;
  }

  /** There is media of a peer, which hears by `send`. */
  open(roomId: RoomId, peerId: PeerId, send: PeerMedia["send"]): CapturedPeer {
    const peer: CapturablePeer = { roomId, send, capture: undefined };
    this.#peers.set(peerId, peer);
    return {
      handleBatch: (batch) => peer.capture?.handleBatch(batch),
      close: () => {
        peer.capture?.end();
        // Its next media may be there already.
        if (this.#peers.get(peerId) === peer) this.#peers.delete(peerId);
      },
    };
  }

  /** Throws a TypeError for a capture that is too long or too large. */
  start(roomId: RoomId, peerId: PeerId, options: CaptureOptions): CaptureResult {
    checkCapture(options);
    const peer = this.#peers.get(peerId);
    if (peer?.roomId !== roomId) return { problem: "unknown" };
    if (peer.capture !== undefined) return { problem: "capturing" };
    if (this.#running >= MAX_CAPTURES) return { problem: "too-many-captures" };
    this.#running++;
    const { payload = false } = options;
    const { stream } = peer.capture = new Capture({
      ...options,
      number: ++this.#lastNumber,
      comment: `Peer ${peerId} of room ${roomId}, RTP ${payload ? "with" : "without"} payload; addresses are made up`,
      send: peer.send,
      clock: this.#clock,
      unixMs: this.#unixMs,
      ended: () => {
        this.#running--;
        peer.capture = undefined;
      },
    });
    return { stream };
  }
}

/** A peer whose media is here. */
interface CapturablePeer {
  readonly roomId: RoomId;
  readonly send: PeerMedia["send"];
  capture: Capture | undefined;
}
