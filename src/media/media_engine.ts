import type { RandomSource } from "../sfu/random.ts";
import { PROBE_AHEAD_MS } from "../sfu/peer.ts";
import { Router } from "../sfu/router.ts";
import { newMediaCounters } from "../sfu/track_counters.ts";
import type { RoomId, TrackId } from "../sfu/types.ts";
import { wipeKeying } from "../webrtc/dtls.ts";
import { Drops } from "../webrtc/drops.ts";
import { messageOf } from "../webrtc/error_message.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import { ForwardMeter } from "./forward_meter.ts";
import { LookTimes } from "./look_times.ts";
import type { MediaBus } from "./media_bus.ts";
import type { MediaFigures } from "./media_figures.ts";
import { MediaPeer, type MediaPeerCommand } from "./media_peer.ts";
import type { DatagramReceiver, MediaSocket } from "./media_socket.ts";
import type { MediaTime } from "./media_time.ts";
import type { PeerCommand, PeerEvent, RelayCommand, SocketHandle } from "./messages.ts";
import { Relays } from "./relays.ts";

/** How late a peer may be looked at that publishes nothing, where what is due for it has come nearer since the last look. */
const MAX_LATE_MS = 250;
/** Commands to one peer that others of its room hear of. */
const OF_ROOM: ReadonlySet<PeerCommand["type"]> = new Set(["publish", "unpublish", "mute", "leave"]);

export interface MediaEngineOptions {
  readonly ciphers: SrtpCipherFactory;
  readonly random: RandomSource;
  /** Whether forwarded packets are padded to equal lengths, as sockets like them that send such runs as one (rule B161). */
  readonly equalizesLengths: boolean;
  /** Begins to receive from a bound socket. */
  readonly attachSocket: (handle: SocketHandle, receiver: DatagramReceiver) => MediaSocket;
  /** Takes what is told of a peer, by the number that its commands come with. */
  readonly emit: (peer: number, event: PeerEvent) => void;
  /** Told when there is the first peer that is probed: `handleProbes` is wanted from `nextProbeMs` on. */
  readonly probing?: () => void;
  /**
   * Carries media between the isolates that share rooms; left out where none are shared. It is received, and flushed, by
   * whoever drives the engine: flushed where sockets are, and sockets behind what was received by it.
   */
  readonly bus?: MediaBus;
  /** As RelaysOptions. */
  readonly relayFaulty?: (trackId: TrackId, detail: string) => void;
}

interface Entry {
  readonly roomId: RoomId;
  readonly router: Router;
  readonly media: MediaPeer;
}

/**
 * The media of all peers of one isolate: what signaling says goes in as commands, what it must know comes out as events.
 * Whether both are in one isolate makes no difference here. Owns no timer.
 */
export class MediaEngine {
  /** Measures the turns of whoever gives the peers what they receive. */
  readonly meter: ForwardMeter;
  readonly #options: MediaEngineOptions;
  readonly #peers = new Map<number, Entry>();
  readonly #routers = new Map<RoomId, Router>();
  /** Those that publish, whose reports and requests have deadlines, or that are captured. */
  readonly #punctual = new Set<MediaPeer>();
  readonly #counters = newMediaCounters();
  /** Of peers that have ended. */
  readonly #drops = new Drops();
  /** Those whose way is probed: their deadlines are finer than ticks. */
  readonly #probed = new Set<MediaPeer>();
  /** Undefined where no room is shared. */
  readonly #relays: Relays | undefined;
  readonly #time: MediaTime = { nowMs: 0 };
  /** The others are looked at when something is due: thousands of them at each tick would cost as much as their media. */
  readonly #looks = new LookTimes<MediaPeer>();

  constructor(options: MediaEngineOptions) {
    this.#options = options;
    this.meter = new ForwardMeter(this.#counters);
    const { bus, equalizesLengths, relayFaulty } = options;
    const whenFaulty = relayFaulty && ((trackId: TrackId, error: unknown) => relayFaulty(trackId, messageOf(error)));
    const findRouter = (roomId: RoomId) => this.#routers.get(roomId);
    this.#relays = bus && new Relays({ bus, findRouter, equalizesLengths, counters: this.#counters, whenFaulty });
  }

  /** Peers that are open. */
  get size(): number {
    return this.#peers.size;
  }

  /** SSRCs that are bound to producers. */
  get ssrcCount(): number {
    let count = 0;
    for (const { peer } of this.#punctual) count += peer.ssrcCount;
    return count;
  }

  /**
   * What was counted until now. Tracks count together, so that their number costs nothing here; what peers have dropped is
   * summed up, some 0.1 us for each.
   */
  gather(): MediaFigures {
    const drops = Object.assign(new Drops(), this.#drops);
    for (const { media } of this.#peers.values()) addDrops(media, drops);
    const { audio, video } = this.#counters;
    return { tracks: { audio: { ...audio }, video: { ...video } }, drops, turns: this.meter.take() };
  }

  /** The media side of a peer; undefined where it is not open. */
  find(peer: number): MediaPeer | undefined {
    return this.#peers.get(peer)?.media;
  }

  /** Takes one command to the peer of this number. A fault is told as `ended`; nothing is thrown. */
  handleCommand(peer: number, command: PeerCommand, nowMs: number): void {
    this.#time.nowMs = nowMs;
    if (command.type === "open") return this.#open(peer, command, nowMs);
    const entry = this.#peers.get(peer);
    if (entry === undefined) {
      if (command.type === "connect") wipeKeying(command.keying);
      return;
    }
    if (command.type === "close") this.#close(peer, entry);
    else this.#execute(entry.media, command, nowMs);
  }

  /** Tracks of other isolates that peers here may receive, and those of peers here that others receive. */
  get relayCount(): number {
    return this.#relays?.size ?? 0;
  }

  /**
   * Takes what there is of other isolates. A track is imported into rooms that have peers here; one that is known already,
   * and an end of one that is not, change nothing. With the last peer of a room all of it ends.
   */
  handleRelayCommand(command: RelayCommand): void {
    this.#relays?.handleCommand(command);
    // Who receives what is muted looks at it at once.
    if (command.type === "muteImport") this.#looks.bringAllForward();
  }

  /** The earliest deadline of all peers and relayed tracks. */
  nextTimeout(): number {
    let next = this.#relays?.nextTimeout() ?? Infinity;
    for (const { media } of this.#peers.values()) next = Math.min(next, media.nextTimeout());
    return next;
  }

  /** Does what is due, of peers that publish nothing up to MAX_LATE_MS late: a fault may have hit them since their last look. */
  handleTimeout(nowMs: number): void {
    this.#time.nowMs = nowMs;
    for (const media of this.#punctual) if (media.nextTimeout() <= nowMs) media.handleTimeout(nowMs);
    this.#looks.handleTimeout(nowMs, lookAt);
    // Behind those who may have begun to receive what comes from there.
    this.#relays?.handleTimeout(nowMs);
  }

  /** When `handleProbes` is wanted, to the millisecond; Infinity as long as nobody is probed. */
  nextProbeMs(): number {
    let next = Infinity;
    for (const media of this.#probed) next = Math.min(next, media.nextProbeMs());
    return next;
  }

  /** Sends what is due of probes. */
  handleProbes(nowMs: number): void {
    for (const media of this.#probed) {
      if (media.nextProbeMs() <= nowMs) media.handleProbes(nowMs);
      if (media.nextProbeMs() <= nowMs + PROBE_AHEAD_MS) continue;
      this.#probed.delete(media);
      this.#looks.bringForward(media);
    }
  }

  #execute(media: MediaPeer, command: MediaPeerCommand, nowMs: number): void {
    media.handleCommand(command, nowMs);
    if (media.isPunctual) this.#punctual.add(media);
    else this.#punctual.delete(media);
    // It may have brought a deadline forward, of this peer or of those who receive from it.
    if (OF_ROOM.has(command.type)) this.#looks.bringAllForward();
    else this.#looks.bringForward(media);
  }

  #open(peer: number, opening: Extract<PeerCommand, { readonly type: "open" }>, nowMs: number): void {
    const { ciphers, random, equalizesLengths, attachSocket, emit } = this.#options;
    let socket: MediaSocket | undefined;
    try {
      const { roomId, loudest } = opening;
      const router = this.#routers.get(roomId) ?? new Router(loudest);
      const media: MediaPeer = new MediaPeer({
        opening,
        router,
        attach(receiver) {
          // For what is thrown behind it.
          socket = attachSocket(opening.socket, receiver);
          return socket;
        },
        ciphers,
        random,
        equalizesLengths,
        counters: this.#counters,
        emit: (event) => emit(peer, event),
        probing: () => this.#probe(media),
        time: this.#time,
        nowMs,
      });
      if (!this.#routers.has(roomId)) this.#relays?.beginRoom(roomId);
      this.#routers.set(roomId, router);
      this.#peers.set(peer, { roomId, router, media });
      this.#looks.add(media);
    } catch (error) {
      socket?.close();
      emit(peer, { type: "ended", reason: "fault", detail: messageOf(error) });
    }
  }

  #probe(media: MediaPeer): void {
    const isFirst = this.#probed.size === 0;
    this.#probed.add(media);
    if (isFirst) this.#options.probing?.();
  }

  #close(peer: number, { roomId, router, media }: Entry): void {
    this.#peers.delete(peer);
    // Its tracks end, as of one that leaves.
    if (this.#punctual.delete(media)) this.#looks.bringAllForward();
    this.#probed.delete(media);
    this.#looks.delete(media);
    media.close();
    media.socket.close();
    addDrops(media, this.#drops);
    if (router.size > 0 || this.#routers.get(roomId) !== router) return;
    this.#relays?.endRoom(roomId);
    this.#routers.delete(roomId);
  }
}

/** Returns when the peer is to be looked at again. */
function lookAt(media: MediaPeer, nowMs: number): number {
  // It is looked at at each tick.
  if (media.isPunctual) return Infinity;
  let nextMs = media.nextTimeout();
  if (nextMs <= nowMs) {
    media.handleTimeout(nowMs);
    nextMs = media.nextTimeout();
  }
  return Math.min(nextMs, Math.ceil(nowMs) + MAX_LATE_MS);
}

function addDrops({ transport, peer, socket }: MediaPeer, drops: Drops): void {
  transport.addDrops(drops);
  drops.noTrack += peer.unknownPackets;
  drops.queueFull += socket.dropped;
}
