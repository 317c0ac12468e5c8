import assert from "node:assert/strict";
import { systemClock } from "../../src/io/clock.ts";
import type { HostedMedia, MediaHost } from "../../src/io/media_host.ts";
import type { Libc } from "../../src/io/native/libc.ts";
import { type BindPlan, SocketBinder } from "../../src/io/native/socket_binder.ts";
import { WORKER_URL, WorkerMedia } from "../../src/io/native/worker_media.ts";
import type { PeerEvent, PeerOpening } from "../../src/media/messages.ts";
import { consumerParameters, videoProducer } from "./engine.ts";
import { DEADLINE_MS, Journal } from "./journal.ts";
import { DTLS_HELLO } from "./keyed_dtls.ts";
import { openingOf, testKeying } from "./media_setup.ts";
import { openDescriptors, testLibc, WITH_LIBC } from "./native_libc.ts";
import { buildRtp, parseRtp, VP8_KEY_FRAME } from "./rtp_builder.ts";
import { seededRandom } from "./seeded_random.ts";
import { UdpTestClient } from "./udp_test_client.ts";

const LOOPBACK = "127.0.0.1";
const SOURCES = [new URL("../../src/", import.meta.url), new URL("./", import.meta.url)];
/** What a subscriber receives a track under, if nothing else is said. */
const SSRC = 7000;
const CHECK_INTERVAL_MS = 50;
const IDLE_WORKER = new URL("data:text/javascript,self.onmessage = () => {}; self.postMessage(0);");

/** Options of tests that start a media worker, whose code is read when it starts. */
export const WITH_WORKER = {
  permissions: { ...WITH_LIBC.permissions, net: [LOOPBACK], read: SOURCES },
  ignore: WITH_LIBC.ignore,
};

export interface WorkerSetupOptions extends Omit<BindPlan, "random"> {
  /** When one that hangs is broken off. */
  readonly limitMs?: number;
  /** Other code than that of media workers. */
  readonly url?: URL;
  readonly createBinder?: (libc: Libc, plan: BindPlan) => SocketBinder;
}

/** A peer whose media is in a worker, and its client. */
export interface WorkerPeer extends HostedMedia {
  readonly opening: PeerOpening;
  readonly udp: UdpTestClient;
  readonly events: Journal<PeerEvent>;
}

export interface WorkerSetup {
  readonly media: WorkerMedia;
  /** Undefined without one. */
  readonly tcpPort: number | undefined;
  /** Opens a peer and its client; nothing is connected. */
  open(roomId?: string): WorkerPeer;
  /** How many workers were started until now. */
  starts(): number;
}

/** Checks a media worker, and that it leaves no descriptor open. */
export async function withWorker(
  check: (setup: WorkerSetup) => Promise<void>,
  { url = WORKER_URL, limitMs, createBinder = (libc, plan) => new SocketBinder(libc, plan), ...plan }:
    WorkerSetupOptions = {},
): Promise<void> {
  const before = await idleDescriptors();
  const libc = testLibc();
  const binder = createBinder(libc, { random: seededRandom(1), ...plan });
  let starts = 0;
  const media = new WorkerMedia({
    libc,
    clock: systemClock,
    binder,
    limitMs,
    tcp: binder.listener && { listener: binder.listener.fd, handsOver: false },
    get url() {
      starts++;
      return url;
    },
  });
  const { open, closeClients } = peerOpener(media);
  try {
    await check({ media, tcpPort: binder.listener?.port, open, starts: () => starts });
  } finally {
    await closeClients();
    await media.close();
  }
  await descriptorsAreBack(before);
}

/** Opens peers with their clients. */
export function peerOpener(media: MediaHost) {
  const peers: WorkerPeer[] = [];
  const open = (roomId?: string): WorkerPeer => {
    const opening = openingOf(peers.length + 1, roomId);
    const events = new Journal<PeerEvent>();
    const hosted = media.openPeer(LOOPBACK, opening, (event) => events.add(event));
    const peer = { ...hosted, opening, events, udp: new UdpTestClient(hosted.port) };
    peers.push(peer);
    return peer;
  };
  return { open, closeClients: () => Promise.all(peers.map(({ udp }) => udp.close())) };
}

/** Resolves when no more descriptors are open than `before`: the thread of a worker closes its own as it ends. */
export async function descriptorsAreBack(before: number): Promise<void> {
  await until(() => openDescriptors().length <= before, "every descriptor is given back");
}

/** How many descriptors are open once a worker has come and gone: the runtime keeps some of its first one. */
export async function idleDescriptors(): Promise<number> {
  const worker = new Worker(IDLE_WORKER, { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  const busy = openDescriptors().length;
  worker.terminate();
  await until(() => openDescriptors().length < busy, "the worker's descriptors are given back");
  return openDescriptors().length;
}

/** Waits, turn by turn, for what is told by nobody. `meanwhile` is done at each turn. */
export async function until(condition: () => boolean, what: string, meanwhile: () => void = () => {}): Promise<void> {
  const endMs = systemClock.now() + DEADLINE_MS;
  while (!condition()) {
    assert.ok(systemClock.now() < endMs, `in vain: ${what}`);
    meanwhile();
    await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, 0));
  }
}

/** Opens a peer and takes it through ICE and the handshake; resolves when all commands until here are carried out. */
export async function connect(open: WorkerSetup["open"], roomId?: string): Promise<WorkerPeer> {
  const peer = open(roomId);
  await check(peer);
  peer.udp.client.hello();
  await peer.events.find(({ type }) => type === "dtlsReceived", "a DTLS datagram");
  peer.send({ type: "connect", keying: testKeying() });
  await carriedOut(peer);
  return peer;
}

/** Checks the connection until that is answered, as clients do: the worker may not know the peer yet. */
async function check({ udp: { client, received }, opening }: WorkerPeer): Promise<void> {
  let nextMs = systemClock.now();
  const isAnswered = () => received.entries.some(({ kind }) => kind === "stun");
  await until(isAnswered, "an answer to a connectivity check", () => {
    if (systemClock.now() < nextMs) return;
    nextMs += CHECK_INTERVAL_MS;
    client.check(opening.ice);
  });
}

/** Resolves when the commands to this worker until here are carried out: the client then gets the last one's datagram. */
export async function carriedOut({ send, udp }: WorkerPeer): Promise<void> {
  const isDtls = ({ kind }: { readonly kind: string }) => kind === "dtls";
  let before = udp.received.entries.filter(isDtls).length;
  send({ type: "sendDtls", bytes: DTLS_HELLO });
  await udp.received.find((datagram) => isDtls(datagram) && before-- === 0, "the DTLS datagram");
}

export function publish({ send }: WorkerPeer, trackId = "track"): void {
  send({ type: "publish", trackId, parameters: videoProducer() });
}

/** Each subscription of a peer needs an SSRC of its own, and an m-line. It begins at once, as behind an offer. */
export function subscribe({ send }: WorkerPeer, trackId = "track", ssrc = SSRC, mid = consumerParameters().mid): void {
  const parameters = { ...consumerParameters(), mid };
  send({ type: "subscribe", trackId, parameters, ssrcs: { ssrc, rtxSsrc: undefined } });
  send({ type: "requestKeyFrames" });
}

/** Sends a picture of the published track, and waits until the subscriber has it, under this SSRC. */
export async function forwards(
  publisher: WorkerPeer,
  { udp: { received } }: WorkerPeer,
  sequenceNumber: number,
  ssrc = SSRC,
): Promise<void> {
  let before = received.entries.length;
  publisher.udp.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, payload: VP8_KEY_FRAME }));
  const { plain } = await received.find(({ kind }) => before-- <= 0 && kind === "rtp", "a forwarded packet");
  assert.equal(parseRtp(plain).ssrc, ssrc);
}

/** A publisher and its subscriber, connected; a picture has come through. */
export async function connectPair(
  open: WorkerSetup["open"],
  roomId?: string,
): Promise<readonly [publisher: WorkerPeer, subscriber: WorkerPeer]> {
  const [publisher, subscriber] = await Promise.all([connect(open, roomId), connect(open, roomId)]);
  publish(publisher);
  subscribe(subscriber);
  await carriedOut(subscriber);
  await forwards(publisher, subscriber, 1);
  return [publisher, subscriber];
}

/** Waits until the peer is told its end; once, or this fails. */
export async function ended({ events }: WorkerPeer): Promise<{ readonly reason: string; readonly detail: string }> {
  const isEnd = (event: PeerEvent) => event.type === "ended";
  const end = await events.find(isEnd, "the peer's end");
  assert.equal(events.entries.filter(isEnd).length, 1);
  assert.ok(end.type === "ended");
  return end;
}
