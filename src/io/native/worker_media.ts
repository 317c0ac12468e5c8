import { getLogger } from "@logtape/logtape";
import type { PeerEventHandler, PeerOpening, SocketHandle } from "../../media/messages.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { ClaimedUfrags } from "../claimed_ufrags.ts";
import type { Clock } from "../clock.ts";
import { type HostedMedia, type HostFigures, type MediaHost, TICK_MS } from "../media_host.ts";
import { createRing, RingReader, RingWriter } from "../message_ring.ts";
import type { Libc } from "./libc.ts";
import { wake } from "./poller.ts";
import type { SocketBinder } from "./socket_binder.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import { WorkerFigures } from "./worker_figures.ts";
import type { FromWorker, ToWorker, WorkerNotice, WorkerStart, WorkerTcp } from "./worker_messages.ts";

/** Handshakes of 100 peers at once, some 6 kB each. */
const RING_BYTES = 1 << 20;
/** For a worker to close what it has; then it is left to the end of the process. */
const STOP_DEADLINE_MS = 1000;
/** A worker that fails more often in this time is not replaced any more: it would go on so. */
const MAX_FAILURES = 5;
const FAILURE_WINDOW_MS = 60_000;

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
  /** Other code than that of media workers, for tests. */
  readonly url?: URL | undefined;
}

interface WorkerPeer {
  readonly socket: SocketHandle;
  readonly handleEvent: PeerEventHandler;
  readonly ufrags: ClaimedUfrags<number>;
}

/** One media worker from outside: commands and events go by ring. */
export class WorkerMedia implements MediaHost {
  readonly #options: WorkerMediaOptions;
  readonly #peers = new Map<number, WorkerPeer>();
  /** Peers by the ufrags of their present ICE generations. */
  readonly #ufrags = new Map<string, number>();
  readonly #one = new Uint8Array(new ArrayBuffer(8));
  readonly #failuresMs: number[] = [];
  readonly #figures: WorkerFigures;
  #lastPeer = 0;
  #retry: number | undefined;
  #running: RunningWorker;
  /** Why there is no worker and will be none. */
  #failure: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: WorkerMediaOptions) {
    this.#options = options;
    this.#figures = new WorkerFigures(options.clock);
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
    if (this.#closing !== undefined || this.#failure !== undefined) return this.#closeDescriptor(connection.fd);
    this.#send({ to: "tcp", connection });
  }

  get ssrcCount(): number {
    return this.#running.ssrcs;
  }

  obstacle(hostname: string): string | undefined {
    if (this.#failure !== undefined) return `the media worker does not run: ${this.#failure}`;
    if (this.#running.wakeFd === undefined) return "the media worker has not started yet";
    try {
      this.#options.binder.probe(hostname);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async gather(): Promise<readonly HostFigures[]> {
    if (this.#failure !== undefined || this.#closing !== undefined) return [this.#figures.withoutWorker];
    return [await this.#figures.gather(() => this.#send({ to: "worker", order: "gather" }))];
  }

  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    if (this.#failure !== undefined) throw new Error(`the media worker does not run: ${this.#failure}`);
    const socket = this.#options.binder.openSocket(hostname);
    const peer = ++this.#lastPeer;
    const running = this.#running;
    const ufrags = new ClaimedUfrags(this.#ufrags, peer);
    ufrags.claim(opening.ice.ufrag);
    this.#peers.set(peer, { socket, handleEvent, ufrags });
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
    if (commands.waiting === 0 || this.#closing !== undefined || this.#failure !== undefined) return;
    this.#retry ??= this.#options.clock.setTimeout(() => {
      this.#retry = undefined;
      this.flush();
    }, TICK_MS);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
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
    // One that did not stop has its eventfd still, yet there is no way to write to it.
    running.wakeFd = undefined;
    binder.close();
    libc.close();
  }

  #send(message: ToWorker): void {
    this.#running.commands.send(message);
    this.flush();
  }

  #start(): RunningWorker {
    const [toWorker, fromWorker] = [createRing(RING_BYTES), createRing(RING_BYTES)];
    const worker = new Worker(this.#options.url ?? WORKER_URL, { type: "module", name: "media" });
    const events = new RingReader<FromWorker>(fromWorker);
    const running: RunningWorker = {
      worker,
      toWorker,
      events,
      commands: new RingWriter<ToWorker>(toWorker, () => this.#wakeSoon(running)),
      stopped: Promise.withResolvers<void>(),
      wakeFd: undefined,
      epollFd: undefined,
      waking: false,
      ssrcs: 0,
      connections: 0,
      failed: false,
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerNotice>) => {
      if (data.type === "stopped") {
        this.#takeBack(running);
        this.#closeDescriptors(running);
        return running.stopped.resolve();
      }
      if (data.type === "ready") {
        running.wakeFd = data.wakeFd;
        running.epollFd = data.epollFd;
        // That it has failed since may be heard before.
        if (running.failed) this.#closeDescriptors(running);
        this.#wake(running);
      }
      events.drain((message) => this.#handle(running, message));
      running.commands.flush();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#handleDeath(running, event.message);
    };
    worker.postMessage({ toWorker, fromWorker, tcp: this.#options.tcp } satisfies WorkerStart);
    return running;
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
      this.#wake(running);
    });
  }

  #wake({ wakeFd }: RunningWorker): void {
    if (wakeFd !== undefined) wake(this.#options.libc, wakeFd, this.#one);
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
    entry.ufrags.clear();
    this.#options.binder.closeSocket(entry.socket);
  }

  /** A fault that is no peer's. Its peers end, and another worker takes over; not where the first one did not even start. */
  #handleDeath(running: RunningWorker, reason: string): void {
    const hasRun = running.wakeFd !== undefined;
    running.failed = true;
    this.#closeDescriptors(running);
    this.#takeBack(running);
    running.stopped.resolve();
    if (this.#closing !== undefined || running !== this.#running) return;
    log.error("a media worker has failed, and its peers with it: {reason}", { reason });
    this.#figures.handleFailure();
    const nowMs = this.#options.clock.now();
    this.#failuresMs.push(nowMs);
    const isHopeless = !hasRun || this.#failuresMs.filter((ms) => ms > nowMs - FAILURE_WINDOW_MS).length > MAX_FAILURES;
    if (isHopeless) this.#failure = reason;
    else this.#running = this.#start();
    for (const [peer, { handleEvent }] of [...this.#peers]) {
      handleEvent({ type: "ended", reason: "fault", detail: `the media worker has failed: ${reason}` }, nowMs);
      this.#release(peer);
    }
  }

  /** Connections that were on their way to or from a worker when it ended have no other owner. */
  #takeBack({ toWorker, commands, events }: RunningWorker): void {
    if (this.#options.tcp === undefined) return;
    events.drain((message) => {
      if (message.type === "connection") this.#route(message.connection);
    });
    const unread = new RingReader<ToWorker>(toWorker);
    for (let isEmpty = false; !isEmpty; commands.flush()) {
      isEmpty = commands.waiting === 0;
      unread.drain((message) => {
        if (message.to === "tcp") this.#closeDescriptor(message.connection.fd);
      });
    }
  }

  #closeDescriptor(fd: number): void {
    this.#options.libc.call.close(fd);
  }

  /** A worker leaves its descriptors open: whoever writes to one closes it. */
  #closeDescriptors(running: RunningWorker): void {
    for (const fd of [running.wakeFd, running.epollFd]) if (fd !== undefined) this.#closeDescriptor(fd);
    running.wakeFd = undefined;
    running.epollFd = undefined;
  }
}

interface RunningWorker {
  readonly worker: Worker;
  readonly toWorker: SharedArrayBuffer;
  readonly events: RingReader<FromWorker>;
  readonly commands: RingWriter<ToWorker>;
  readonly stopped: PromiseWithResolvers<void>;
  /** Known once it runs. */
  wakeFd: number | undefined;
  epollFd: number | undefined;
  /** It is about to be woken. */
  waking: boolean;
  ssrcs: number;
  connections: number;
  failed: boolean;
}
