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
  const sockets = new AttachedSockets(libc, { random: cryptoRandom, blocking: true });
  const { wakeFd, epollFd } = sockets.poller;
  let isReady = false;
  try {
    carryMedia(sockets, start, () => {
      post({ type: "ready", wakeFd, epollFd });
      isReady = true;
    });
  } catch (error) {
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
function carryMedia(sockets: AttachedSockets, { toWorker, fromWorker }: WorkerStart, whenReady: () => void): void {
  const ciphers = chooseCiphers(portableCiphers);
  const inbound = new RingReader<ToWorker>(toWorker);
  const outbound = new RingWriter<FromWorker>(fromWorker, () => post({ type: "wake" }));
  let nowMs = systemClock.now();
  let stopping = false;
  let ssrcs = 0;
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
      stopping = true;
      return;
    }
    engine.handleCommand(message.peer, message.command, nowMs);
    if (message.command.type === "close") outbound.send({ type: "released", peer: message.peer });
  };
  const tick = () => {
    engine.handleTimeout(nowMs);
    const count = engine.ssrcCount;
    if (count === ssrcs) return;
    ssrcs = count;
    outbound.send({ type: "counters", ssrcs });
  };

  whenReady();
  let nextTickMs = nowMs;
  for (;;) {
    inbound.drain(handle);
    if (nowMs >= nextTickMs) {
      nextTickMs = nowMs + TICK_MS;
      tick();
    }
    outbound.flush();
    sockets.flush();
    // What woke it is read: there may be nothing more to wake for.
    if (stopping) break;
    const isIdle = engine.size === 0 && ssrcs === 0 && outbound.waiting === 0;
    const count = sockets.poller.poll(isIdle ? FOREVER : Math.max(0, Math.ceil(nextTickMs - nowMs)));
    nowMs = systemClock.now();
    // Commands first: what a client sends once it is told that something is done must not overtake what does it.
    inbound.drain(handle);
    sockets.loop.handleEvents(count);
  }
  ciphers.close();
}

self.addEventListener("message", async ({ data }: MessageEvent<WorkerStart>) => {
  await run(data);
  self.close();
}, { once: true });
