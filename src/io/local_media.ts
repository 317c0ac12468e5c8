import { MediaEngine } from "../media/media_engine.ts";
import type { BusFigures } from "../media/media_figures.ts";
import type { MediaBus } from "../media/media_bus.ts";
import type { PeerEvent, PeerEventHandler, PeerOpening, RelayCommand, SocketHandle } from "../media/messages.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { TrackId } from "../sfu/types.ts";
import { messageOf } from "../webrtc/error_message.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";
import type { Clock } from "./clock.ts";
import type { HostedMedia, HostFigures, NodeHost } from "./media_host.ts";
import { logRelayFault } from "./relay_fault.ts";
import type { Sockets } from "./sockets.ts";
import { TimedReceiver } from "./timed_receiver.ts";

/** How media reaches other isolates that have the same rooms. */
export interface LocalBus {
  readonly open: (hooks: LocalBusHooks) => OpenedBus;
}

export interface OpenedBus {
  readonly driver: BusFigures["driver"];
  readonly bus: MediaBus;
}

/** What a bus has of the media that it is for. */
export interface LocalBusHooks {
  /** Milliseconds, of something that has just come. */
  readonly now: () => number;
  /** To be called behind each message, when what came in it was handed over: what that caused leaves. */
  readonly received: () => void;
  readonly sockets: Pick<Sockets, "openNodeSocket" | "flush" | "isBatched">;
  readonly ciphers: SrtpCipherFactory;
}

export interface LocalMediaOptions {
  readonly sockets: Sockets;
  readonly ciphers: SrtpCipherFactory;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Called once all is given back. */
  readonly whenClosed?: () => void;
  /** Left out: its rooms are its own. */
  readonly bus?: LocalBus | undefined;
  /** As MediaEngineOptions; left out, it is logged. */
  readonly relayFaulty?: (trackId: TrackId, detail: string) => void;
}

/** The media of all peers in this isolate: what signaling and media have to say to each other are calls. */
export class LocalMedia implements NodeHost {
  readonly #sockets: Sockets;
  readonly #clock: Clock;
  readonly #engine: MediaEngine;
  readonly #opened: OpenedBus | undefined;
  readonly #whenClosed: () => void;
  readonly #handlers = new Map<number, PeerEventHandler>();
  readonly #handles = new Map<number, SocketHandle>();
  #lastPeer = 0;
  /** Runs while somebody is probed. */
  #probeTimer: number | undefined;
  #closing: Promise<void> | undefined;

  constructor({ sockets, ciphers, clock, random, whenClosed = () => {}, bus, relayFaulty }: LocalMediaOptions) {
    this.#whenClosed = whenClosed;
    this.#sockets = sockets;
    this.#clock = clock;
    this.#opened = bus?.open({
      now: () => this.#receivedMs(),
      received: () => this.flush(),
      sockets,
      ciphers,
    });
    const [receivedMs, flush] = [() => this.#receivedMs(), () => this.flush()];
    this.#engine = new MediaEngine({
      ciphers,
      random,
      equalizesLengths: sockets.segmentation,
      attachSocket: (handle, receiver) => sockets.attachSocket(handle, new TimedReceiver(receiver, receivedMs, flush)),
      emit: (peer, event) => this.#handlers.get(peer)?.(event, clock.now()),
      probing: () => this.#awaitProbe(),
      ...(this.#opened && { bus: this.#opened.bus }),
      relayFaulty: relayFaulty ?? logRelayFault,
    });
    const { meter } = this.#engine;
    sockets.onFlushed(() => {
      const nowMs = clock.now();
      meter.flushed(nowMs);
      meter.end(nowMs);
    });
  }

  get socketCount(): number {
    return this.#handles.size;
  }

  get connectionCount(): number {
    return this.#sockets.tcp?.size ?? 0;
  }

  get needsTicks(): boolean {
    return this.#handles.size > 0 || (this.#sockets.tcp?.needsTicks ?? false);
  }

  get ssrcCount(): number {
    return this.#engine.ssrcCount;
  }

  obstacle(hostname: string): string | undefined {
    try {
      this.#sockets.probe(hostname);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  gather(): Promise<readonly HostFigures[]> {
    const opened = this.#opened;
    const bus = opened && { driver: opened.driver, counters: { ...opened.bus.counters } };
    const figures = { ...this.#engine.gather(), ...(bus && { bus }) };
    return Promise.resolve([{ isUp: true, figures, failures: 0, peers: this.#handles.size }]);
  }

  relay(command: RelayCommand): void {
    this.#engine.handleRelayCommand(command);
  }

  /** It fails with the isolate. */
  onFailure(): void {}

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    const socket = this.#sockets.openSocket(hostname);
    const peer = ++this.#lastPeer;
    let failure: PeerEvent | undefined;
    this.#handlers.set(peer, (event) => failure = event);
    this.#engine.handleCommand(peer, { type: "open", ...opening, socket }, this.#clock.now());
    if (failure?.type === "ended") {
      this.#handlers.delete(peer);
      this.#sockets.closeSocket(socket);
      throw new Error(failure.detail);
    }
    this.#handlers.set(peer, handleEvent);
    this.#handles.set(peer, socket);
    return {
      port: socket.port,
      send: (command) => {
        this.#engine.handleCommand(peer, command, this.#clock.now());
        if (command.type === "close") this.#release(peer);
        // A handshake goes on by itself: nobody else would have it sent.
        if (command.type === "sendDtls") this.flush();
      },
    };
  }

  handleTimeout(nowMs: number): void {
    this.#engine.handleTimeout(nowMs);
    this.#sockets.tcp?.handleTimeout(nowMs);
    this.flush();
  }

  flush(): void {
    this.#opened?.bus.flush();
    this.#sockets.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What is received now begins a turn, or belongs to the present one. */
  #receivedMs(): number {
    const nowMs = this.#clock.now();
    this.#engine.meter.begin(nowMs);
    return nowMs;
  }

  /** Ticks are too far apart for probes. */
  #awaitProbe(): void {
    const nextMs = this.#engine.nextProbeMs();
    if (this.#closing !== undefined || this.#probeTimer !== undefined || nextMs === Infinity) return;
    this.#probeTimer = this.#clock.setTimeout(() => {
      this.#probeTimer = undefined;
      this.#engine.handleProbes(this.#clock.now());
      this.flush();
      this.#awaitProbe();
    }, Math.max(0, nextMs - this.#clock.now()));
  }

  async #close(): Promise<void> {
    if (this.#probeTimer !== undefined) this.#clock.clearTimeout(this.#probeTimer);
    this.#opened?.bus.close();
    await this.#sockets.close();
    this.#whenClosed();
  }

  #release(peer: number): void {
    const handle = this.#handles.get(peer);
    this.#handlers.delete(peer);
    this.#handles.delete(peer);
    if (handle !== undefined) this.#sockets.closeSocket(handle);
  }
}
