import { Peer } from "../sfu/peer.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { Router } from "../sfu/router.ts";
import type { MediaCounters } from "../sfu/track_counters.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { PeerTransport, type TransportObserver } from "../webrtc/peer_transport.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import { CaptureTap } from "./capture_tap.ts";
import type { CapturedBatch } from "./captured_packets.ts";
import type { DatagramReceiver, MediaSocket } from "./media_socket.ts";
import type { MediaTime } from "./media_time.ts";
import type { MediaEndReason, PeerCommand, PeerEvent, PeerOpening } from "./messages.ts";

/** Ends a peer whose signaling is lost for so long (rule P14). One that is silent as well may have ended before (B19). */
const DETACHED_LIMIT_MS = 30_000;

/** A first packet that comes later than this after the connection is no part of the join. */
const START_LIMIT_MS = 30_000;
/** It is looked for as often as tells its time to a tenth, and so often at least. */
const START_LOOKS = 10;
const MAX_START_LOOK_MS = 100;

export interface MediaPeerOptions {
  readonly opening: PeerOpening;
  readonly router: Router;
  /** Begins to receive, and gives what it sends by. */
  readonly attach: (receiver: DatagramReceiver) => MediaSocket;
  readonly ciphers: SrtpCipherFactory;
  readonly random: RandomSource;
  readonly equalizesLengths: boolean;
  readonly counters: MediaCounters;
  readonly emit: (event: PeerEvent) => void;
  /** As PeerOptions has it. */
  readonly probing: () => void;
  /** For packets that are captured. */
  readonly time: MediaTime;
  readonly nowMs: number;
}

/** What an open peer can be told. */
export type MediaPeerCommand = Exclude<PeerCommand, { readonly type: "open" | "close" }>;

/** The media side of one peer: its transport, what it publishes and what it receives. A fault ends this peer alone. */
export class MediaPeer implements TransportObserver, DatagramReceiver {
  readonly socket: MediaSocket;
  readonly transport: PeerTransport;
  readonly peer: Peer;
  readonly #emit: (event: PeerEvent) => void;
  /** Since when there is no signaling. */
  #detachedMs = Infinity;
  readonly #isTraced: boolean;
  readonly #time: MediaTime;
  /** Undefined where nobody captures the peer. */
  #capture: CaptureTap | undefined;
  #connectedMs = 0;
  /** When the first packet of media is looked for; Infinity where it need not be. */
  #startLookMs = Infinity;
  #ended = false;

  constructor(options: MediaPeerOptions) {
    const { opening, router, attach, ciphers, random, equalizesLengths, counters, emit, probing, time, nowMs } =
      options;
    const { peerId: id, ssrc, ice, maxBitrateIn, maxBitrateOut, tellsQuality } = opening;
    this.#emit = emit;
    this.#isTraced = opening.isTraced === true;
    this.#time = time;
    this.socket = attach(this);
    this.transport = new PeerTransport({ datagrams: this.socket, ciphers, ice, observer: this, maxBitrateIn, nowMs });
    this.peer = new Peer(router, {
      id,
      ssrc,
      sender: this.transport,
      random,
      equalizesLengths,
      counters,
      maxBitrateOut,
      speakersChanged: (speakers) => emit({ type: "speakersChanged", speakers }),
      report: tellsQuality && ((report) => emit({ type: "quality", report })),
      reportsWhole: tellsQuality === "whole",
      layersWanted: (trackId, active) => emit({ type: "layersWanted", trackId, active }),
      probing,
    });
    this.transport.deliverTo(this.peer);
  }

  /** Whether it has deadlines that are finer than those of peers that receive alone. */
  get isPunctual(): boolean {
    return this.peer.producers.size > 0 || this.#capture !== undefined;
  }

  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void {
    this.#time.nowMs = nowMs;
    try {
      this.transport.handleDatagram(bytes, length, from, nowMs);
    } catch (error) {
      this.#fault(error);
    }
  }

  endBatch(nowMs: number): void {
    try {
      this.transport.endBatch(nowMs);
    } catch (error) {
      this.#fault(error);
    }
  }

  handleCommand(command: MediaPeerCommand, nowMs: number): void {
    try {
      this.#execute(command, nowMs);
    } catch (error) {
      this.#fault(error);
    }
  }

  nextTimeout(): number {
    if (this.#ended) return Infinity;
    const own = Math.min(this.#startLookMs, this.#detachedMs + DETACHED_LIMIT_MS);
    const capture = this.#capture === undefined ? Infinity : this.#capture.nextTimeout();
    return Math.min(this.transport.nextTimeout(), this.peer.nextTimeout(), own, capture);
  }

  handleTimeout(nowMs: number): void {
    try {
      if (nowMs >= this.#detachedMs + DETACHED_LIMIT_MS) return this.#end("signaling-lost", "");
      this.#lookForStart(nowMs);
      this.#capture?.handleTimeout(nowMs);
      this.transport.handleTimeout(nowMs);
      if (!this.#ended) this.peer.handleTimeout(nowMs);
    } catch (error) {
      this.#fault(error);
    }
  }

  /** When `handleProbes` has something to do. */
  nextProbeMs(): number {
    return this.#ended ? Infinity : this.peer.nextProbeMs();
  }

  handleProbes(nowMs: number): void {
    try {
      if (!this.#ended) this.peer.handleProbes(nowMs);
    } catch (error) {
      this.#fault(error);
    }
  }

  /** Nothing is sent or told afterwards. Where a fault kept the peer from leaving it leaves now, without a word to it. */
  close(): void {
    this.#ended = true;
    this.transport.close();
    this.peer.close();
  }

  dtlsReceived(bytes: Uint8Array): void {
    this.#emit({ type: "dtlsReceived", bytes });
  }

  iceCredentialsUsed(ufrag: string): void {
    this.#emit({ type: "iceCredentialsUsed", ufrag });
  }

  addressSelected({ hostname, port, transport }: RemoteAddress, nowMs: number): void {
    const address = transport === "tcp" ? { hostname, port, transport } : { hostname, port };
    this.#emit({ type: "addressSelected", address });
    if (this.transport.connected) this.peer.handleRouteChange(nowMs);
  }

  bitrateExceeded(): void {
    this.#emit({ type: "bitrateExceeded" });
  }

  transportFailed(reason: string): void {
    this.#end("transport-failed", reason);
  }

  #execute(command: MediaPeerCommand, nowMs: number): void {
    const { transport, peer } = this;
    switch (command.type) {
      case "restartIce":
        return transport.restartIce(command.ice);
      case "sendDtls":
        return transport.sendDtls(command.bytes);
      case "connect":
        transport.connect(command.keying);
        if (this.#isTraced) this.#connectedMs = this.#startLookMs = nowMs;
        return peer.requestKeyFrames(nowMs);
      case "publish":
        return void peer.publish(command.trackId, command.parameters);
      case "unpublish":
        return peer.unpublish(command.mid);
      case "mute":
        return peer.mute(command.mid, command.isMuted);
      case "openSlot":
        return peer.openSlot(command.mid, command.kind, command.clockRate, command.ssrcs);
      case "closeSlot":
        return peer.closeSlot(command.mid);
      case "subscribe":
        return void peer.subscribe(command.trackId, command.parameters, command.ssrcs, nowMs);
      case "unsubscribe":
        return peer.unsubscribe(command.mid);
      case "setQuality":
        return peer.setQuality(command.trackId, command.wanted, nowMs);
      case "requestKeyFrames":
        return peer.requestKeyFrames(nowMs);
      case "capture":
        return this.#beginCapture(command);
      case "takeCaptured":
        return this.#capture?.allow(command.bytes);
      case "endCapture":
        return this.#endCapture(nowMs);
      case "detach":
        this.#detachedMs = nowMs;
        return;
      case "attach":
        this.#detachedMs = Infinity;
        return peer.tellAgain();
      case "leave":
        this.#ended = true;
        return peer.close();
    }
  }

  #beginCapture({ number, withPayload }: Extract<PeerCommand, { readonly type: "capture" }>): void {
    const emit = (batch: CapturedBatch) => this.#emit({ type: "captured", batch });
    this.#capture = this.transport.tap = new CaptureTap({ number, withPayload, time: this.#time, emit });
  }

  /** What was captured until now is told. */
  #endCapture(nowMs: number): void {
    this.#capture?.end(nowMs);
    this.#capture = this.transport.tap = undefined;
  }

  /** By the tick, up to 25 ms late and later up to 125: nobody's packets are to pay for it. */
  #lookForStart(nowMs: number): void {
    if (nowMs < this.#startLookMs) return;
    const waitedMs = nowMs - this.#connectedMs;
    this.#startLookMs = nowMs + Math.min(waitedMs / START_LOOKS, MAX_START_LOOK_MS);
    const hasStarted = this.peer.hasMedia;
    if (hasStarted) this.#emit({ type: "mediaStarted" });
    if (hasStarted || waitedMs >= START_LIMIT_MS) this.#startLookMs = Infinity;
  }

  #fault(error: unknown): void {
    this.#end("fault", messageOf(error));
  }

  #end(reason: MediaEndReason, detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#emit({ type: "ended", reason, detail });
  }
}
