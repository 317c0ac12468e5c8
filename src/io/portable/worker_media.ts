import { getLogger } from "@logtape/logtape";
import type { PeerEventHandler, PeerOpening, RelayCommand, SocketHandle } from "../../media/messages.ts";
import type { Clock } from "../clock.ts";
import { FailureLimit } from "../failure_limit.ts";
import type { HostedMedia, HostFigures, NodeHost } from "../media_host.ts";
import { logRelayFault } from "../relay_fault.ts";
import { Watchdog } from "../watchdog.ts";
import { WorkerFigures } from "../worker_figures.ts";
import type { FromPortableWorker, PortableWorkerStart, ToPortableWorker } from "./worker_messages.ts";

/** For a worker to close what it has; then it is left to the end of the process. */
const STOP_DEADLINE_MS = 1000;

const log = getLogger(["switchboard", "media"]);

/** The code of portable media workers. */
export const WORKER_URL = new URL("./media_worker.ts", import.meta.url);

export interface PortableWorkerOptions extends PortableWorkerStart {
  readonly clock: Clock;
  /** Other code than that of portable media workers, for tests. */
  readonly url?: URL | undefined;
}

interface RunningWorker {
  readonly worker: Worker;
  readonly stopped: PromiseWithResolvers<void>;
  /** Opened by it, for peers to come. */
  readonly free: SocketHandle[];
  beats: number;
  ssrcs: number;
  /** Why it has no sockets for peers; undefined where it opens them. */
  problem: string | undefined;
  /** It has stopped or failed. */
  isOver: boolean;
}

/** One portable media worker from outside: commands and events are messages. */
export class PortableWorkerMedia implements NodeHost {
  readonly #options: PortableWorkerOptions;
  readonly #peers = new Map<number, PeerEventHandler>();
  readonly #figures: WorkerFigures;
  readonly #watchdog: Watchdog;
  readonly #failures = new FailureLimit();
  #whenFailed = () => {};
  #lastPeer = 0;
  #running: RunningWorker;
  /** Why there is no worker and will be none. */
  #failure: string | undefined;
  #closing: Promise<void> | undefined;
  readonly #started = Promise.withResolvers<void>();

  constructor(options: PortableWorkerOptions) {
    this.#options = options;
    const { clock } = options;
    this.#figures = new WorkerFigures(clock);
    this.#watchdog = new Watchdog({
      clock,
      beats: () => this.#running.beats,
      wake: () => this.#send({ to: "worker", order: "beat" }),
      hung: () => this.#fail(this.#running, "it does not answer"),
    });
    this.#running = this.#start();
  }

  /** Resolves once the first worker takes peers, or cannot. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  get socketCount(): number {
    return this.#peers.size;
  }

  /** There is no TCP port that workers could share. */
  get connectionCount(): number {
    return 0;
  }

  get ssrcCount(): number {
    return this.#running.ssrcs;
  }

  /** The worker keeps the time of its peers. */
  get needsTicks(): boolean {
    return false;
  }

  obstacle(): string | undefined {
    if (this.#failure !== undefined) return `the media worker does not run: ${this.#failure}`;
    const { free, problem } = this.#running;
    return free.length > 0 ? undefined : problem ?? "the media worker has no socket ready for a peer";
  }

  async gather(): Promise<readonly HostFigures[]> {
    const told = this.#isOver
      ? this.#figures.withoutWorker
      : await this.#figures.gather(() => this.#send({ to: "worker", order: "gather" }));
    return [{ ...told, peers: this.#peers.size }];
  }

  relay(command: RelayCommand): void {
    this.#send({ to: "relay", command });
  }

  onFailure(handler: () => void): void {
    this.#whenFailed = handler;
  }

  openPeer(_hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
    const running = this.#running;
    const socket = running.free.shift();
    if (this.#isOver || socket === undefined) throw new Error(this.obstacle() ?? "the media worker is closed");
    const peer = ++this.#lastPeer;
    this.#peers.set(peer, handleEvent);
    this.#watchdog.start();
    this.#send({ to: "peer", peer, command: { type: "open", ...opening, socket } });
    return {
      port: socket.port,
      // What a worker that has failed knew, its successor does not.
      send: (command) => {
        if (running === this.#running) this.#send({ to: "peer", peer, command });
      },
    };
  }

  handleTimeout(): void {}

  /** Messages need no help. */
  flush(): void {}

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
    this.#figures.close();
    const { worker, stopped } = this.#running;
    worker.postMessage({ to: "worker", order: "stop" } satisfies ToPortableWorker);
    const timer = this.#options.clock.setTimeout(stopped.resolve, STOP_DEADLINE_MS);
    await stopped.promise;
    this.#options.clock.clearTimeout(timer);
    worker.terminate();
  }

  #send(message: ToPortableWorker): void {
    if (!this.#isOver) this.#running.worker.postMessage(message);
  }

  #start(): RunningWorker {
    const worker = new Worker(this.#options.url ?? WORKER_URL, { type: "module", name: "media" });
    const stopped = Promise.withResolvers<void>();
    const running: RunningWorker = {
      worker,
      stopped,
      free: [],
      beats: 0,
      ssrcs: 0,
      problem: "the media worker has not started yet",
      isOver: false,
    };
    worker.onmessage = ({ data }: MessageEvent<FromPortableWorker>) => this.#handle(running, data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(running, event.message);
    };
    const { hostname, node, busPrefix } = this.#options;
    worker.postMessage({ hostname, node, busPrefix } satisfies PortableWorkerStart);
    return running;
  }

  #handle(running: RunningWorker, message: FromPortableWorker): void {
    if (running.isOver) return;
    // Whatever it says, it goes on.
    running.beats++;
    switch (message.type) {
      case "peer":
        return this.#peers.get(message.peer)?.(message.event, this.#options.clock.now());
      case "released":
        this.#peers.delete(message.peer);
        if (this.#peers.size === 0) this.#watchdog.stop();
        return;
      case "sockets":
        running.problem = undefined;
        this.#failures.handleStart();
        running.free.push(...message.handles);
        return this.#started.resolve();
      case "noSockets":
        running.problem = message.reason;
        return this.#started.resolve();
      case "figures":
        return this.#figures.handleAnswer(message.figures);
      case "counters":
        running.ssrcs = message.ssrcs;
        return;
      case "relayFaulty":
        return logRelayFault(message.trackId, message.detail);
      case "stopped":
        running.isOver = true;
        running.stopped.resolve();
    }
  }

  /** A fault that is no peer's. Its peers end, and another worker takes over. */
  #fail(running: RunningWorker, reason: string): void {
    if (running.isOver) return;
    running.isOver = true;
    running.worker.terminate();
    running.stopped.resolve();
    this.#started.resolve();
    if (this.#closing !== undefined) return;
    log.error("a media worker has failed, and its peers with it: {reason}", { reason });
    this.#watchdog.stop();
    this.#figures.handleFailure();
    const handlers = [...this.#peers.values()];
    this.#peers.clear();
    const nowMs = this.#options.clock.now();
    if (!this.#failures.allowsAnother(nowMs)) this.#failure = reason;
    else this.#running = this.#start();
    this.#whenFailed();
    const detail = `the media worker has failed: ${reason}`;
    for (const handleEvent of handlers) handleEvent({ type: "ended", reason: "media-lost", detail }, nowMs);
  }
}
