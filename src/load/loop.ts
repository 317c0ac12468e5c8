import { bindUdp } from "../io/native/bind_udp.ts";
import { SocketError } from "../io/native/errors.ts";
import { type Libc, openLibc } from "../io/native/libc.ts";
import { Poller } from "../io/native/poller.ts";
import { Outbox } from "./outbox.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { Schedule } from "./schedule.ts";
import { type Alarm, type Clock, openTime } from "./time.ts";

export const LOOPBACK = "127.0.0.1";
const BUFFERS = { receive: 4 * 1024 * 1024, send: 1024 * 1024 };
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;
/**
 * Sockets are looked at so often at most. A datagram that waits here costs nothing, its time is the kernel's, while to
 * wake for each would cost more than the datagram itself where many small streams come at all times.
 */
const GATHER_US = 500;
/** Of the Poller: where so many sockets are readable there may be more. */
const MAX_EVENTS = 64;
/** The longest wait that the alarm is set to. */
const MAX_WAIT_US = 1e6;

/** A socket in the loop. */
export interface Receiver {
  /** Takes `count` datagrams of the batch. */
  receive(batch: ReceiveBatch, count: number, nowUs: number): void;
}

/**
 * The sockets and the clock of this process: one epoll, one receive batch, one outbox. Nothing is allocated for a
 * datagram, and no promise is involved. UDP_GRO stays off: it would hand a whole run of the server's segments (UDP GSO)
 * over as one, which a loopback alone can do. A receiver on another machine gets single datagrams, and so the kernel
 * must segment here as well, at the cost of who sends.
 */
export class LoadLoop {
  readonly clock: Clock;
  readonly schedule = new Schedule();
  readonly outbox: Outbox;
  readonly #hostname: string;
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #alarm: Alarm;
  readonly #batch: ReceiveBatch;
  /** By file descriptor. */
  readonly #receivers: (Receiver | undefined)[] = [];
  /** When there was nothing more to take. */
  #polledUs = 0;

  /** `hostname` is the address of its sockets, an IPv4 one. */
  constructor(hostname: string) {
    this.#hostname = hostname;
    const opened = openLibc();
    if (!opened.ok) throw new Error(opened.reason);
    this.#libc = opened.libc;
    const { clock, alarm } = openTime();
    this.clock = clock;
    this.#alarm = alarm;
    this.#poller = new Poller(this.#libc);
    this.#poller.add(alarm.fd);
    this.#batch = new ReceiveBatch(this.#libc);
    this.outbox = new Outbox(this.#libc);
  }

  /** Opens a UDP socket; what it receives goes to `receiver`. */
  openSocket(receiver: Receiver): { readonly fd: number; readonly port: number } {
    // Beyond net.core.rmem_max, where this process may: what the load itself loses would be taken for the server's loss.
    const { fd, port } = bindUdp(this.#libc, { hostname: this.#hostname, port: 0, buffers: BUFFERS });
    if (this.#setOption(fd, SO_TIMESTAMPNS, 1) < 0) throw new SocketError("SO_TIMESTAMPNS", this.#libc.errno());
    this.#poller.add(fd);
    this.#receivers[fd] = receiver;
    return { fd, port };
  }

  closeSocket(fd: number): void {
    this.#poller.remove(fd);
    this.#receivers[fd] = undefined;
    this.#libc.call.close(fd);
  }

  /** Does what is due, waits for datagrams for up to `maxWaitUs` or until something else is due, and takes them. */
  round(maxWaitUs: number): void {
    const nowUs = this.clock.now();
    this.schedule.run(nowUs);
    const waitUs = Math.min(this.schedule.nextDue - this.clock.now(), maxWaitUs, MAX_WAIT_US);
    const gatherUs = Math.min(this.#polledUs + GATHER_US - nowUs, waitUs);
    if (gatherUs > 0) return this.clock.sleep(gatherUs);
    if (waitUs > 0) this.#alarm.set(waitUs);
    const count = this.#poller.poll(waitUs > 0 ? -1 : 0);
    for (let i = 0; i < count; i++) this.#handleEvent(this.#poller.fd(i));
    if (count < MAX_EVENTS) this.#polledUs = this.clock.now();
  }

  /** Blocks this thread until `endUs`. */
  runUntil(endUs: number): void {
    for (let nowUs = this.clock.now(); nowUs < endUs; nowUs = this.clock.now()) this.round(endUs - nowUs);
  }

  #handleEvent(fd: number): void {
    const receiver = this.#receivers[fd];
    if (receiver === undefined) return;
    const nowUs = this.clock.now();
    // Publishers keep their time, however much there is to receive.
    if (this.schedule.nextDue <= nowUs) this.schedule.run(nowUs);
    const count = this.#batch.receive(fd);
    if (count > 0) receiver.receive(this.#batch, count, nowUs);
  }

  #setOption(fd: number, option: number, value: number): number {
    const bytes = new Int32Array(new ArrayBuffer(4)).fill(value);
    return this.#libc.call.setsockopt(fd, SOL_SOCKET, option, bytes, 4);
  }
}
