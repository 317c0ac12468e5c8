/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The entry of a media worker: the media of its peers, in a loop that blocks in epoll. */
import { RingBus } from "../../bus/ring_bus.ts";
import { MediaEngine } from "../../media/media_engine.ts";
import type { MediaFigures } from "../../media/media_figures.ts";
import { systemClock } from "../clock.ts";
import { collectStart } from "../collect_start.ts";
import { TICK_MS } from "../media_host.ts";
import { RingReader, RingWriter } from "../message_ring.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { cryptoRandom } from "../random.ts";
import { TimedReceiver } from "../timed_receiver.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { wake } from "./eventfd.ts";
import { handOverBy } from "./hand_over.ts";
import { type Libc, openLibc } from "./libc.ts";
import { takePriority } from "./priority.ts";
import { AttachedSockets } from "./sockets.ts";
import { type AfterSlice, runInSlices, SLICE_MS } from "./time_slices.ts";
import type { TcpHandover } from "./tcp_connection.ts";
import type { FromWorker, ToWorker, WorkerBus, WorkerNotice, WorkerStart } from "./worker_messages.ts";
import { DescriptorLedger, Pulse } from "./worker_state.ts";

const FOREVER = -1;

function post(notice: WorkerNotice): void {
  self.postMessage(notice);
}

/** Runs until it is told to stop. What fails here that is no peer's fault ends the worker, which its owner hears of. */
async function run(start: WorkerStart): Promise<void> {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.reason);
  takePriority(opened.libc, start.nice);
  const ledger = new DescriptorLedger(start.state);
  const libc = recordConnections(opened.libc, ledger);
  const outbound = new RingWriter<FromWorker>(start.fromWorker, () => post({ type: "wake" }));
  const handOver = handOverBy(outbound, start.fromWorker.byteLength, (fd) => libc.call.close(fd));
  const tcpPort = start.tcp && {
    listener: start.tcp.listener,
    handOver: start.tcp.handsOver
      ? (connection: TcpHandover) => {
        ledger.remove(connection.fd);
        handOver(connection);
      }
      : undefined,
  };
  const { wakeFd } = start;
  const sockets = new AttachedSockets(libc, { random: cryptoRandom, blocking: true, tcpPort, wakeFd });
  const { epollFd } = sockets.poller;
  let isReady = false;
  try {
    carryMedia(sockets, start, start.bus && openBus(libc, start.bus), ledger, outbound, () => {
      post({ type: "ready", epollFd });
      isReady = true;
    });
  } catch (error) {
    // UDP sockets and the TCP port are the owner's, and where it has ended this worker connections are as well.
    if (!new Pulse(start.state).isEnded) sockets.tcp?.close();
    // Its owner closes the descriptor that it has been told of.
    if (!isReady) sockets.poller.close();
    throw error;
  }
  await sockets.detach();
  libc.close();
  post({ type: "stopped" });
}

/** TCP connections are opened here: the ledger has them until they are closed. */
function recordConnections(libc: Libc, ledger: DescriptorLedger): Libc {
  const { accept4, close } = libc.call;
  return {
    ...libc,
    call: {
      ...libc.call,
      accept4(...args) {
        const fd = accept4(...args);
        if (fd >= 0) ledger.add(fd);
        return fd;
      },
      close(fd) {
        ledger.remove(fd);
        return close(fd);
      },
    },
  };
}

function openBus(libc: Libc, { node, rings, wakeFds }: WorkerBus): RingBus {
  const one = new Uint8Array(new ArrayBuffer(8));
  return new RingBus({ node, rings, wake: (other) => wake(libc, wakeFds[other], one) });
}

/** Blocks until it is told to stop. `whenReady` is called once, when it takes commands. */
function carryMedia(
  sockets: AttachedSockets,
  { toWorker, state, limitMs }: WorkerStart,
  bus: RingBus | undefined,
  ledger: DescriptorLedger,
  outbound: RingWriter<FromWorker>,
  whenReady: () => void,
): void {
  const ciphers = chooseCiphers(portableCiphers);
  const inbound = new RingReader<ToWorker>(toWorker);
  const pulse = new Pulse(state);
  let nowMs = systemClock.now();
  let nextTickMs = nowMs;
  let stopping = false;
  let ssrcs = 0;
  let connections = 0;
  const receivedMs = () => nowMs;
  const flush = () => {
    // A turn may be long where many peers have sent much: it goes on all the same.
    pulse.beat();
    sockets.flush();
  };
  const engine = new MediaEngine({
    ciphers: ciphers.ciphers,
    random: cryptoRandom,
    equalizesLengths: sockets.segmentation,
    ...(bus && { bus }),
    attachSocket: (handle, receiver) => sockets.attachSocket(handle, new TimedReceiver(receiver, receivedMs, flush)),
    emit(peer, event) {
      // DTLS is sent again where it is lost; everything else is told once.
      if (event.type === "dtlsReceived") outbound.offer({ type: "peer", peer, event });
      else outbound.send({ type: "peer", peer, event });
    },
    relayFaulty: (trackId, detail) => outbound.send({ type: "relayFaulty", trackId, detail }),
  });
  const gather = (): MediaFigures => ({
    ...engine.gather(),
    ...(bus !== undefined && { bus: { driver: "ring", counters: { ...bus.counters } } }),
  });
  const handle = (message: ToWorker) => {
    // There may be many of them.
    pulse.beat();
    if (message.to === "worker") {
      if (message.order === "gather") outbound.send({ type: "figures", figures: gather() });
      else stopping = true;
      return;
    }
    if (message.to === "tcp") {
      ledger.add(message.connection.fd);
      return sockets.tcp?.adopt(message.connection);
    }
    if (message.to === "relay") return engine.handleRelayCommand(message.command);
    engine.handleCommand(message.peer, message.command, nowMs);
    // What is wanted of other workers from now on is told with the tick: who waits for a picture need not wait for it.
    if (bus !== undefined && message.command.type === "subscribe") nextTickMs = nowMs;
    if (message.command.type === "close") outbound.send({ type: "released", peer: message.peer });
  };
  const tick = () => {
    engine.handleTimeout(nowMs);
    sockets.tcp?.handleTimeout(nowMs);
    const [ssrcsNow, connectionsNow] = [engine.ssrcCount, sockets.tcp?.size ?? 0];
    if (ssrcsNow === ssrcs && connectionsNow === connections) return;
    ssrcs = ssrcsNow;
    connections = connectionsNow;
    outbound.send({ type: "counters", ssrcs, connections });
  };

  /** Sockets that have something. */
  let events = 0;
  const wait = (waitMs: number) => {
    engine.meter.end(systemClock.now());
    events = sockets.poller.poll(waitMs);
    nowMs = systemClock.now();
    engine.meter.begin(nowMs);
  };
  /** Returns whether there is more on the bus. */
  const receive = (): boolean => {
    // Commands first: what a client sends once it is told that something is done must not overtake what does it.
    inbound.drain(handle);
    // Before the sockets, which send what comes of both.
    const hasMore = bus?.poll(nowMs) ?? false;
    sockets.loop.handleEvents(events);
    bus?.flush();
    engine.meter.flushed(systemClock.now());
    return hasMore;
  };
  const act = () => {
    inbound.drain(handle);
    if (nowMs >= nextTickMs) {
      nextTickMs = nowMs + TICK_MS;
      tick();
    }
    if (nowMs >= engine.nextProbeMs()) engine.handleProbes(nowMs);
    outbound.flush();
    bus?.flush();
    sockets.flush();
  };
  const slice = (): AfterSlice => {
    const endMs = nowMs + SLICE_MS;
    while (nowMs < endMs) {
      pulse.beat();
      const hasMore = receive();
      act();
      // What woke it is read: there may be nothing more to wake for.
      if (stopping) return "end";
      const isIdle = engine.size === 0 && ssrcs + connections + outbound.waiting === 0 && !sockets.tcp?.needsTicks;
      if (isIdle && !hasMore) return "wait";
      // One that was ended meanwhile, as too slow, must not take what wakes its successor.
      pulse.beat();
      wait(hasMore ? 0 : Math.max(0, Math.ceil(Math.min(nextTickMs, engine.nextProbeMs()) - nowMs)));
    }
    return "more";
  };

  collectStart();
  nowMs = systemClock.now();
  whenReady();
  engine.meter.begin(nowMs);
  runInSlices(slice, () => wait(FOREVER), limitMs);
  bus?.close();
  ciphers.close();
}

self.addEventListener("message", async ({ data }: MessageEvent<WorkerStart>) => {
  await run(data);
  self.close();
}, { once: true });
