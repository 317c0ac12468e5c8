import type { FlushList } from "./flush_list.ts";
import type { Poller } from "./poller.ts";

/** Polls in a row before other work of the isolate gets its turn. */
const MAX_ROUNDS = 8;

/** A socket in the loop. Neither method may throw. */
export interface LoopSocket {
  readonly fd: number;
  /** Takes a batch of what waits at the socket. */
  receive(): void;
  /** The kernel takes datagrams again. */
  resume(): void;
}

/**
 * Takes what the sockets received to them, then flushes, once for each poll. It runs by itself as long as there is a
 * socket, and lets the isolate's event loop go on; or, where that may block, its owner polls.
 */
export class SocketLoop {
  readonly #poller: Poller;
  readonly #flushList: FlushList;
  readonly #isDriven: boolean;
  /** By file descriptor. */
  readonly #sockets: (LoopSocket | undefined)[] = [];
  #size = 0;
  #isInRound = false;
  #flushed: (() => void) | undefined;
  #running: Promise<void> | undefined;

  /** `isDriven`: the owner polls, and calls `handleEvents`. */
  constructor(poller: Poller, flushList: FlushList, isDriven = false) {
    this.#isDriven = isDriven;
    this.#poller = poller;
    this.#flushList = flushList;
  }

  /** Throws SocketError where the socket cannot be watched. */
  add(socket: LoopSocket): void {
    this.#poller.add(socket.fd);
    this.#sockets[socket.fd] = socket;
    this.#size++;
    if (!this.#isDriven) this.#running ??= this.#run();
  }

  remove(socket: LoopSocket): void {
    this.#poller.remove(socket.fd);
    this.#sockets[socket.fd] = undefined;
    this.#size--;
    if (this.#size === 0 && !this.#isDriven) this.#poller.wake();
  }

  /** Calls `resume` once the socket takes datagrams. */
  awaitWritable(fd: number): void {
    this.#poller.watchWritable(fd, true);
  }

  /** Calls back at the end of each round. */
  onFlushed(observer: () => void): void {
    this.#flushed = observer;
  }

  /** Sends what is queued: now, or at the end of the round where one is under way, together with what else it causes. */
  flush(): void {
    if (!this.#isInRound) this.#flushList.flush();
  }

  /** One poll of up to `timeoutMs`, and what comes of it; returns the number of events. */
  round(timeoutMs: number): number {
    const count = this.#poller.poll(timeoutMs);
    this.handleEvents(count);
    return count;
  }

  /** Does what comes of a poll that has reported `count` events, then flushes. */
  handleEvents(count: number): void {
    this.#isInRound = true;
    for (let i = 0; i < count; i++) this.#handleEvent(i);
    this.#isInRound = false;
    this.#flushList.flush();
    this.#flushed?.();
  }

  /** Resolves when the last socket is removed and nothing is under way. */
  async ended(): Promise<void> {
    await this.#running;
  }

  #handleEvent(event: number): void {
    const fd = this.#poller.fd(event);
    const socket = this.#sockets[fd];
    if (socket === undefined) return;
    if (this.#poller.isWritable(event)) {
      this.#poller.watchWritable(fd, false);
      socket.resume();
    }
    if (this.#poller.isReadable(event)) socket.receive();
  }

  async #run(): Promise<void> {
    while (this.#size > 0) {
      await this.#poller.wait();
      for (let i = 0; i < MAX_ROUNDS && this.round(0) > 0; i++);
    }
    this.#running = undefined;
  }
}
