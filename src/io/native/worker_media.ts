import { getLogger } from "@logtape/logtape";
import type { PeerEventHandler, PeerOpening, RelayCommand, SocketHandle } from "../../media/messages.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { ClaimedUfrags } from "../claimed_ufrags.ts";
import type { Clock } from "../clock.ts";
import { FailureLimit } from "../failure_limit.ts";
import { type HostedMedia, type HostFigures, type NodeHost, TICK_MS } from "../media_host.ts";
import { createRing, RingReader, RingWriter } from "../message_ring.ts";
import { logRelayFault } from "../relay_fault.ts";
import { Watchdog } from "../watchdog.ts";
import { WorkerFigures } from "../worker_figures.ts";
import { openEventfd, wake } from "./eventfd.ts";
import type { Libc } from "./libc.ts";
import { niceValue } from "./priority.ts";
import type { SocketBinder } from "./socket_binder.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import { closeDescriptors, type RunningWorker, takeBackConnections } from "./running_worker.ts";
import { SLICE_LIMIT_MS } from "./time_slices.ts";
import type { FromWorker, ToWorker, WorkerBus, WorkerNotice, WorkerStart, WorkerTcp } from "./worker_messages.ts";
import { createWorkerState, DescriptorLedger, Pulse } from "./worker_state.ts";

/** Handshakes of 100 peers at once, some 6 kB each. */
const RING_BYTES = 1 << 20;
/** For a worker to close what it has; then it is left to the end of the process. */
const STOP_DEADLINE_MS = 1000;

const log = getLogger(["switchboard", "media"]);

/** The code of media workers. */
export const WORKER_URL = new URL("./media_worker.ts", import.meta.url);

export interface WorkerMediaOptions {
  readonly libc: Libc;
  readonly clock: Clock;
  /** Opens the sockets that the worker is lent; closed with this. */
  readonly binder: SocketBinder;
  /** Left out: peers have UDP alone. */
  readonly tcp?: WorkerTcp | undefined;
  /** Takes a connection that may be for a peer of another worker, with its descriptor. */
  readonly route?: ((connection: TcpHandover) => void) | undefined;
  /** The eventfd that wakes the worker and its successors, open until this is closed; left out, there is an own one. */
  readonly wakeFd?: number | undefined;
  /** Left out: it shares no rooms. */
  readonly bus?: WorkerBus | undefined;
  /** When a worker that hangs is broken off; left out, when nobody is there any more who would miss it. */
  readonly limitMs?: number | undefined;
  /** Other code than that of media workers, for tests. */
  readonly url?: URL | undefined;
}

interface WorkerPeer {
  readonly socket: SocketHandle;
  readonly handleEvent: PeerEventHandler;
  readonly ufrags: ClaimedUfrags<number>;
}

/** One media worker from outside: commands and events go by ring. */
export class WorkerMedia implements NodeHost {
  readonly #options: WorkerMediaOptions;
  readonly #peers = new Map<number, WorkerPeer>();
  /** Peers by the ufrags of their present ICE generations. */
  readonly #ufrags = new Map<string, number>();
  readonly #one = new Uint8Array(new ArrayBuffer(8));
  readonly #failures = new FailureLimit();
  readonly #figures: WorkerFigures;
  /** Wakes the worker, and its successors as well. */
  readonly #wakeFd: number;
  /** Of this thread when the first worker was started. */
  readonly #nice: number;
  readonly #watchdog: Watchdog;
  /** What workers that hang have open, to be closed once they are no more. */
  readonly #left = new Map<RunningWorker, () => void>();
  #whenFailed = () => {};
  #lastPeer = 0;
  #retry: number | undefined;
  #running: RunningWorker;
  /** Why there is no worker and will be none. */
  #failure: string | undefined;
  #closing: Promise<void> | undefined;

  /** Throws SocketError where there is no descriptor left. */
  constructor(options: WorkerMediaOptions) {
    this.#options = options;
    const { clock, libc } = options;
    this.#figures = new WorkerFigures(clock);
    this.#wakeFd = options.wakeFd ?? openEventfd(libc);
    this.#nice = niceValue(libc);
    this.#watchdog = new Watchdog({
      clock,
      beats: () => this.#running.pulse.beats,
      wake: () => this.#wake(),
      hung: () => this.#handleHang(this.#running),
    });
    this.#running = this.#start();
  }

  get socketCount(): number {
    return this.#peers.size;
  }

  get connectionCount(): number {
    return this.#running.connections;
  }

  /** Whether the ufrag is that of a peer here. */
  hasUfrag(ufrag: string): boolean {
    return this.#ufrags.has(ufrag);
  }

  /** Gives the worker a connection, with its descriptor. */
  adopt(connection: TcpHandover): void {
    if (this.#isOver) return this.#closeDescriptor(connection.fd);
    this.#send({ to: "tcp", connection });
  }

  get ssrcCount(): number {
    return this.#running.ssrcs;
  }

  obstacle(hostname: string): string | undefined {
    if (this.#failure !== undefined) return `the media worker does not run: ${this.#failure}`;
    if (this.#running.epollFd === undefined) return "the media worker has not started yet";
    try {
      this.#options.binder.probe(hostname);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async gather(): Promise<readonly HostFigures[]> {
    const told = this.#isOver
      ? this.#figures.withoutWorker
      : await this.#figures.gather(() => this.#send({ to: "worker", order: "gather" }));
    return [{ ...told, peers: this.#peers.size }];
  }

  relay(command: RelayCommand): void {
    if (!this.#isOver) this.#send({ to: "relay", command });
  }

  onFailure(handler: () => void): void {
    this.#whenFailed = handler;
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    if (this.#failure !== undefined) throw new Error(`the media worker does not run: ${this.#failure}`);
    const socket = this.#options.binder.openSocket(hostname);
    const peer = ++this.#lastPeer;
    const running = this.#running;
    const ufrags = new ClaimedUfrags(this.#ufrags, peer);
    ufrags.claim(opening.ice.ufrag);
    this.#peers.set(peer, { socket, handleEvent, ufrags });
    this.#watch();
    this.#send({ to: "peer", peer, command: { type: "open", ...opening, socket } });
    return {
      port: socket.port,
      send: (command) => {
        if (command.type === "restartIce" && this.#peers.has(peer)) ufrags.claim(command.ice.ufrag);
        // What a worker that has failed knew, its successor does not.
        if (running === this.#running && this.#failure === undefined) this.#send({ to: "peer", peer, command });
      },
    };
  }

  /** The worker keeps the time of its peers. */
  get needsTicks(): boolean {
    return false;
  }

  handleTimeout(): void {
    this.flush();
  }

  /** Where the ring is full, again after a while: the worker does not tell that there is room. */
  flush(): void {
    const { commands } = this.#running;
    commands.flush();
    if (commands.waiting === 0 || this.#isOver) return;
    this.#retry ??= this.#options.clock.setTimeout(() => {
      this.#retry = undefined;
      this.flush();
    }, TICK_MS);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** There is no worker that takes anything. */
  get #isOver(): boolean {
    return this.#closing !== undefined || this.#failure !== undefined;
  }

  async #close(): Promise<void> {
    this.#watchdog.stop();
    if (this.#retry !== undefined) this.#options.clock.clearTimeout(this.#retry);
    this.#figures.close();
    const running = this.#running;
    const { commands, stopped, worker } = running;
    const { clock, binder, libc } = this.#options;
    commands.send({ to: "worker", order: "stop" });
    const timer = clock.setTimeout(stopped.resolve, STOP_DEADLINE_MS);
    await stopped.promise;
    clock.clearTimeout(timer);
    worker.terminate();
    running.isOver = true;
    running.pulse.end();
    this.#bury(running);
    for (const bury of this.#left.values()) bury();
    if (this.#options.wakeFd === undefined) this.#closeDescriptor(this.#wakeFd);
    binder.close();
    libc.close();
  }

  #send(message: ToWorker): void {
    this.#running.commands.send(message);
    this.flush();
  }

  #start(): RunningWorker {
    const [toWorker, fromWorker, state] = [createRing(RING_BYTES), createRing(RING_BYTES), createWorkerState()];
    const worker = new Worker(this.#options.url ?? WORKER_URL, { type: "module", name: "media" });
    const events = new RingReader<FromWorker>(fromWorker);
    const running: RunningWorker = {
      worker,
      toWorker,
      events,
      commands: new RingWriter<ToWorker>(toWorker, () => this.#wakeSoon(running)),
      stopped: Promise.withResolvers<void>(),
      pulse: new Pulse(state),
      ledger: new DescriptorLedger(state),
      epollFd: undefined,
      waking: false,
      ssrcs: 0,
      connections: 0,
      isOver: false,
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerNotice>) => {
      if (data.type === "stopped") {
        running.isOver = true;
        this.#bury(running);
        return running.stopped.resolve();
      }
      if (data.type === "ready") {
        running.epollFd = data.epollFd;
        this.#failures.handleStart();
        // That it has failed since may be heard before.
        if (running.isOver) this.#bury(running);
        this.#watch();
      }
      events.drain((message) => this.#handle(running, message));
      running.commands.flush();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#handleDeath(running, event.message);
    };
    const { tcp, bus, limitMs = SLICE_LIMIT_MS } = this.#options;
    const [wakeFd, nice] = [this.#wakeFd, this.#nice];
    worker.postMessage({ toWorker, fromWorker, state, limitMs, wakeFd, nice, tcp, bus } satisfies WorkerStart);
    return running;
  }

  /** Where there is somebody who would miss it, once it runs. */
  #watch(): void {
    if (this.#peers.size > 0 && this.#running.epollFd !== undefined && !this.#isOver) this.#watchdog.start();
  }

  /**
   * Behind the present task, so that all it has to say is said. Woken at the first command the worker, which has the
   * processor first (rule B185), would wait again before the second one is written.
   */
  #wakeSoon(running: RunningWorker): void {
    if (running.waking) return;
    running.waking = true;
    queueMicrotask(() => {
      running.waking = false;
      if (!running.isOver) this.#wake();
    });
  }

  #wake(): void {
    wake(this.#options.libc, this.#wakeFd, this.#one);
  }

  #handle(running: RunningWorker, message: FromWorker): void {
    switch (message.type) {
      case "peer":
        return this.#peers.get(message.peer)?.handleEvent(message.event, this.#options.clock.now());
      case "released":
        return this.#release(message.peer);
      case "connection":
        return this.#route(message.connection);
      case "figures":
        return running === this.#running ? this.#figures.handleAnswer(message.figures) : undefined;
      case "counters":
        running.ssrcs = message.ssrcs;
        running.connections = message.connections;
        return;
      case "relayFaulty":
        logRelayFault(message.trackId, message.detail);
    }
  }

  #route(connection: TcpHandover): void {
    const { route } = this.#options;
    if (route === undefined || this.#closing !== undefined) this.#closeDescriptor(connection.fd);
    else route(connection);
  }

  #release(peer: number): void {
    const entry = this.#peers.get(peer);
    if (entry === undefined) return;
    this.#peers.delete(peer);
    if (this.#peers.size === 0) this.#watchdog.stop();
    entry.ufrags.clear();
    this.#options.binder.closeSocket(entry.socket);
  }

  /** A fault that is no peer's; of one that hangs, that it has been broken off. */
  #handleDeath(running: RunningWorker, reason: string): void {
    if (!running.isOver) return this.#fail(running, reason, (bury) => bury());
    this.#left.get(running)?.();
    this.#left.delete(running);
  }

  /** It breaks itself off after a while (see runInSlices): what it has open may not be closed before. */
  #handleHang(running: RunningWorker): void {
    running.pulse.end();
    this.#fail(running, "it does not answer", (bury) => void this.#left.set(running, bury));
  }

  /** Its peers end, and another worker takes over; not where the first one did not even start. */
  #fail(running: RunningWorker, reason: string, whenGone: (bury: () => void) => void): void {
    const peers = running === this.#running ? [...this.#peers.values()] : [];
    running.isOver = true;
    running.stopped.resolve();
    whenGone(() => {
      this.#bury(running);
      for (const { socket } of peers) this.#options.binder.closeSocket(socket);
    });
    if (this.#closing !== undefined || running !== this.#running) return;
    log.error("a media worker has failed, and its peers with it: {reason}", { reason });
    this.#watchdog.stop();
    this.#figures.handleFailure();
    this.#peers.clear();
    this.#ufrags.clear();
    const nowMs = this.#options.clock.now();
    if (!this.#failures.allowsAnother(nowMs)) this.#failure = reason;
    else this.#running = this.#start();
    this.#whenFailed();
    const detail = `the media worker has failed: ${reason}`;
    for (const { handleEvent } of peers) handleEvent({ type: "ended", reason: "media-lost", detail }, nowMs);
  }

  /** Closes what a worker that is no more has left open, and takes back what was on its way. */
  #bury(running: RunningWorker): void {
    closeDescriptors(running, (fd) => this.#closeDescriptor(fd));
    if (this.#options.tcp === undefined) return;
    takeBackConnections(running, (connection) => this.#route(connection), (fd) => this.#closeDescriptor(fd));
  }

  #closeDescriptor(fd: number): void {
    this.#options.libc.call.close(fd);
  }
}
