import { SocketError } from "./errors.ts";
import { openEventfd, wake } from "./eventfd.ts";
import type { Libc } from "./libc.ts";
import { NativeMemory } from "./memory.ts";

/** Events that one call reports at most; the others come with the next. */
const MAX_EVENTS = 64;
/** struct epoll_event is packed on x86-64 alone. */
const EVENT_WORDS = Deno.build.arch === "x86_64" ? 3 : 4;
const EVENT_DATA = EVENT_WORDS - 2;

const EPOLLIN = 0x1;
const EPOLLOUT = 0x4;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const CLOSE_ON_EXEC = 0x80000;

/** Watches sockets by epoll(7), level-triggered. An eventfd(2) among them ends a wait. */
export class Poller {
  readonly #libc: Libc;
  readonly epollFd: number;
  /** The eventfd: 8 bytes written to it, from whichever isolate, wake. */
  readonly wakeFd: number;
  readonly #events: NativeMemory;
  /** The one event of `wait`, which another thread writes. */
  readonly #waited: NativeMemory;
  readonly #change: NativeMemory;
  readonly #counter = new Uint8Array(new ArrayBuffer(8));
  readonly #ownsWakeFd: boolean;
  #closed = false;

  /** `wakeFd` is another one's eventfd; without it there is an own one. Throws SocketError where there is no descriptor. */
  constructor(libc: Libc, wakeFd?: number) {
    this.#libc = libc;
    this.#ownsWakeFd = wakeFd === undefined;
    this.#events = new NativeMemory(libc, 4 * EVENT_WORDS * MAX_EVENTS);
    this.#waited = new NativeMemory(libc, 4 * EVENT_WORDS);
    this.#change = new NativeMemory(libc, 4 * EVENT_WORDS);
    this.epollFd = libc.call.epoll_create1(CLOSE_ON_EXEC);
    if (this.epollFd < 0) throw new SocketError("epoll is not available", libc.errno());
    try {
      this.wakeFd = wakeFd ?? openEventfd(libc);
    } catch (error) {
      libc.call.close(this.epollFd);
      throw error;
    }
    try {
      this.add(this.wakeFd);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Reports from now on when the socket has something to read. Throws SocketError. */
  add(fd: number): void {
    if (this.#control(EPOLL_CTL_ADD, fd, EPOLLIN) < 0) throw new SocketError("epoll_ctl", this.#libc.errno());
  }

  /** Whether it is also reported that the socket takes datagrams. */
  watchWritable(fd: number, writable: boolean): void {
    this.#control(EPOLL_CTL_MOD, fd, writable ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Waits up to `timeoutMs`, -1 for as long as it takes, blocking this thread; returns the number of events. */
  poll(timeoutMs: number): number {
    const count = this.#libc.call.epoll_wait(this.epollFd, this.#events.pointer, MAX_EVENTS, timeoutMs);
    for (let i = 0; i < count; i++) {
      if (this.fd(i) === this.wakeFd) this.#libc.call.read(this.wakeFd, this.#counter, 8n);
    }
    return Math.max(count, 0);
  }

  /** The socket that an event of the last `poll` is about; perhaps one that was not added, then it is to be ignored. */
  fd(event: number): number {
    return this.#events.words[event * EVENT_WORDS + EVENT_DATA];
  }

  /** An error is read like a datagram. */
  isReadable(event: number): boolean {
    return (this.#events.words[event * EVENT_WORDS] & ~EPOLLOUT) !== 0;
  }

  isWritable(event: number): boolean {
    return (this.#events.words[event * EVENT_WORDS] & EPOLLOUT) !== 0;
  }

  /** Resolves when `poll` has something to report, or by mistake. This thread is not blocked. */
  async wait(): Promise<void> {
    await this.#libc.call.epollWaitAside(this.epollFd, this.#waited.pointer, 1, -1);
  }

  /** Ends a wait that is under way, or else the next. */
  wake(): void {
    wake(this.#libc, this.wakeFd, this.#counter);
  }

  /** Not while a wait is under way, nor where another isolate closes the descriptors. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ownsWakeFd) this.#libc.call.close(this.wakeFd);
    this.#libc.call.close(this.epollFd);
  }

  #control(operation: number, fd: number, events: number): number {
    this.#change.words[0] = events;
    this.#change.words[EVENT_DATA] = fd;
    return this.#libc.call.epoll_ctl(this.epollFd, operation, fd, this.#change.bytes);
  }
}
