/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** The entry of a media worker: the media of its peers, in a loop that blocks in epoll. */
import { MediaEngine } from "../../media/media_engine.ts";
import { systemClock } from "../clock.ts";
import { TICK_MS } from "../media_host.ts";
import { RingReader, RingWriter } from "../message_ring.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { cryptoRandom } from "../random.ts";
import { receiveFor } from "../receive_for.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { handOverBy } from "./hand_over.ts";
import { openLibc } from "./libc.ts";
import { AttachedSockets } from "./sockets.ts";
import type { FromWorker, ToWorker, WorkerNotice, WorkerStart } from "./worker_messages.ts";

const FOREVER = -1;

function post(notice: WorkerNotice): void {
  self.postMessage(notice);
}

/** Runs until it is told to stop. What fails here that is no peer's fault ends the worker, which its owner hears of. */
async function run(start: WorkerStart): Promise<void> {
  const opened = openLibc();
  if (!opened.ok) throw new Error(opened.reason);
  const { libc } = opened;
  const outbound = new RingWriter<FromWorker>(start.fromWorker, () => post({ type: "wake" }));
  const tcpPort = start.tcp && {
    listener: start.tcp.listener,
    handOver: start.tcp.handsOver
      ? handOverBy(outbound, start.fromWorker.byteLength, (fd) => libc.call.close(fd))
      : undefined,
  };
  const sockets = new AttachedSockets(libc, { random: cryptoRandom, blocking: true, tcpPort });
  const { wakeFd, epollFd } = sockets.poller;
  let isReady = false;
  try {
    carryMedia(sockets, start.toWorker, outbound, () => {
      post({ type: "ready", wakeFd, epollFd });
      isReady = true;
    });
  } catch (error) {
    // UDP sockets and the TCP port are the owner's, connections are not.
    sockets.tcp?.close();
    // Its owner closes the descriptors that it has been told of.
    if (!isReady) sockets.poller.close();
    throw error;
  }
  // Its owner closes eventfd and epoll: until it hears of the end it may wake, and must not write to another one's file.
  await sockets.detach();
  libc.close();
  post({ type: "stopped" });
}

/** Blocks until it is told to stop. `whenReady` is called once, when it can be woken. */
function carryMedia(
  sockets: AttachedSockets,
  toWorker: SharedArrayBuffer,
  outbound: RingWriter<FromWorker>,
  whenReady: () => void,
): void {
  const ciphers = chooseCiphers(portableCiphers);
  const inbound = new RingReader<ToWorker>(toWorker);
  let nowMs = systemClock.now();
  let stopping = false;
  let ssrcs = 0;
  let connections = 0;
  const engine = new MediaEngine({
    ciphers: ciphers.ciphers,
    random: cryptoRandom,
    equalizesLengths: sockets.segmentation,
    attachSocket: (handle, receiver) =>
      sockets.attachSocket(handle, receiveFor(receiver, () => nowMs, () => sockets.flush())),
    emit(peer, event) {
      // DTLS is sent again where it is lost; everything else is told once.
      if (event.type === "dtlsReceived") outbound.offer({ type: "peer", peer, event });
      else outbound.send({ type: "peer", peer, event });
    },
  });
  const handle = (message: ToWorker) => {
    if (message.to === "worker") {
      if (message.order === "gather") outbound.send({ type: "figures", figures: engine.gather() });
      else stopping = true;
      return;
    }
    if (message.to === "tcp") return sockets.tcp?.adopt(message.connection);
    engine.handleCommand(message.peer, message.command, nowMs);
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

  whenReady();
  let nextTickMs = nowMs;
  for (;;) {
    inbound.drain(handle);
    if (nowMs >= nextTickMs) {
      nextTickMs = nowMs + TICK_MS;
      tick();
    }
    if (nowMs >= engine.nextProbeMs()) engine.handleProbes(nowMs);
    outbound.flush();
    sockets.flush();
    // What woke it is read: there may be nothing more to wake for.
    if (stopping) break;
    const isIdle = engine.size === 0 && ssrcs + connections + outbound.waiting === 0 && !sockets.tcp?.needsTicks;
    engine.meter.end(systemClock.now());
    const wakeMs = Math.min(nextTickMs, engine.nextProbeMs());
    const count = sockets.poller.poll(isIdle ? FOREVER : Math.max(0, Math.ceil(wakeMs - nowMs)));
    nowMs = systemClock.now();
    engine.meter.begin(nowMs);
    // Commands first: what a client sends once it is told that something is done must not overtake what does it.
    inbound.drain(handle);
    sockets.loop.handleEvents(count);
    engine.meter.flushed(systemClock.now());
  }
  ciphers.close();
}

self.addEventListener("message", async ({ data }: MessageEvent<WorkerStart>) => {
  await run(data);
  self.close();
}, { once: true });
