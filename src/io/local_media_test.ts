import assert from "node:assert/strict";
import { consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { DTLS_HELLO } from "../../tests/harness/keyed_dtls.ts";
import { openingOf, testKeying } from "../../tests/harness/media_setup.ts";
import { MemoryDatagrams } from "../../tests/harness/memory_datagrams.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { TestClient } from "../../tests/harness/test_client.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { FORWARD_BOUNDS_MS } from "../media/forward_meter.ts";
import type { PeerEvent, SocketHandle } from "../media/messages.ts";
import { LocalMedia } from "./local_media.ts";
import { portableCiphers } from "./portable/cipher.ts";
import type { DatagramHandler, DatagramSocket, Sockets, TcpConnections } from "./sockets.ts";

const LOOPBACK = "127.0.0.1";

class FakeSocket extends MemoryDatagrams implements DatagramSocket {
  readonly port: number;
  readonly #log: string[];

  constructor(port: number, log: string[]) {
    super();
    this.port = port;
    this.#log = log;
  }

  override close(): void {
    this.#log.push(`${this.port} is detached`);
  }
}

/** Sockets that write down what they are asked. */
class FakeSockets implements Sockets {
  readonly segmentation = false;
  readonly isBatched = false;
  tcp: TcpConnections | undefined;
  readonly log: string[] = [];
  readonly attached: { readonly socket: FakeSocket; readonly handler: DatagramHandler }[] = [];
  openFailure: Error | undefined;
  attachFailure: Error | undefined;
  #lastPort = 5000;
  #flushed = () => {};

  openSocket(hostname: string): SocketHandle {
    if (this.openFailure !== undefined) throw this.openFailure;
    const port = ++this.#lastPort;
    this.log.push(`${port} is opened at ${hostname}`);
    return { id: port, port, family: "ipv4", isWildcard: false, isShared: false };
  }

  attachSocket({ port }: SocketHandle, handler: DatagramHandler): DatagramSocket {
    if (this.attachFailure !== undefined) throw this.attachFailure;
    const socket = new FakeSocket(port, this.log);
    this.attached.push({ socket, handler });
    return socket;
  }

  openNodeSocket(): never {
    throw new Error("there are no other nodes here");
  }

  closeSocket({ port }: SocketHandle): void {
    this.log.push(`${port} is closed`);
  }

  probe(): void {
    if (this.openFailure !== undefined) throw this.openFailure;
  }

  onFlushed(observer: () => void): void {
    this.#flushed = observer;
  }

  flush(): void {
    this.log.push("flush");
    this.#flushed();
  }

  close(): Promise<void> {
    this.log.push("close");
    return Promise.resolve();
  }
}

function setUp() {
  const sockets = new FakeSockets();
  const clock = new VirtualClock();
  const media = new LocalMedia({
    sockets,
    ciphers: portableCiphers,
    clock,
    random: seededRandom(1),
    whenClosed: () => void sockets.log.push("ciphers are closed"),
  });
  /** Opens a peer with its client; nothing is connected. */
  const open = (number: number) => {
    const events: { readonly event: PeerEvent; readonly nowMs: number }[] = [];
    const opening = openingOf(number);
    const hosted = media.openPeer(LOOPBACK, opening, (event, nowMs) => void events.push({ event, nowMs }));
    const { socket, handler } = sockets.attached[sockets.attached.length - 1];
    const client = new TestClient((bytes, from) => {
      handler.handleDatagram(bytes, bytes.length, from);
      handler.endBatch();
    });
    return { ...hosted, opening, events, client, socket };
  };
  const take = () => sockets.log.splice(0);
  return { media, sockets, clock, open, take };
}

Deno.test({
  name: "a peer gets a socket of the address, and tells the port; its close gives it back, once it is detached",
  permissions: "none",
  fn() {
    const { media, open, take } = setUp();
    const [one, two] = [open(1), open(2)];
    assert.deepEqual([one.port, two.port, media.socketCount], [5001, 5002, 2]);
    assert.deepEqual(take(), ["5001 is opened at 127.0.0.1", "5002 is opened at 127.0.0.1"]);
    one.send({ type: "leave" });
    assert.equal(media.socketCount, 2, "it may still say something");
    one.send({ type: "close" });
    one.send({ type: "close" });
    assert.deepEqual(take(), ["5001 is detached", "5001 is closed"]);
    assert.equal(media.socketCount, 1);
  },
});

Deno.test({
  name: "B192: the time of TCP connections is kept without peers too, and they are counted",
  permissions: "none",
  fn() {
    const { media, sockets } = setUp();
    assert.deepEqual([media.connectionCount, media.needsTicks], [0, false]);
    const times: number[] = [];
    const tcp = { size: 3, needsTicks: true, handleTimeout: (nowMs: number) => void times.push(nowMs) };
    sockets.tcp = tcp;
    assert.deepEqual([media.connectionCount, media.needsTicks], [3, true]);
    media.handleTimeout(25);
    assert.deepEqual(times, [25]);
    tcp.needsTicks = false;
    assert.equal(media.needsTicks, false);
  },
});

Deno.test({
  name: "B44: a peer that gets no socket is refused by what the system says, and leaves nothing",
  permissions: "none",
  fn() {
    const { media, sockets, open, take } = setUp();
    sockets.openFailure = new Error("EMFILE");
    assert.throws(() => open(1), { message: "EMFILE" });
    assert.deepEqual([take(), media.socketCount], [[], 0]);
  },
});

Deno.test({
  name: "B44: a peer whose socket cannot be attached is refused, gives it back, and is told nothing",
  permissions: "none",
  fn() {
    const { media, sockets, open, take } = setUp();
    sockets.attachFailure = new Error("epoll_ctl: ENOMEM");
    const events: PeerEvent[] = [];
    assert.throws(() => media.openPeer(LOOPBACK, openingOf(1), (event) => void events.push(event)), {
      message: "epoll_ctl: ENOMEM",
    });
    assert.deepEqual(take(), ["5001 is opened at 127.0.0.1", "5001 is closed"]);
    assert.deepEqual([media.socketCount, events], [0, []]);
    sockets.attachFailure = undefined;
    open(1);
    assert.equal(media.socketCount, 1);
  },
});

Deno.test({
  name: "what the media side tells comes at once, with the time, to the peer's own handler, and not after its close",
  permissions: "none",
  fn() {
    const { clock, open } = setUp();
    const [one, two] = [open(1), open(2)];
    clock.advance(70);
    one.client.connect(one.opening.ice);
    assert.deepEqual(one.events, [
      { event: { type: "iceCredentialsUsed", ufrag: one.opening.ice.ufrag }, nowMs: 70 },
      { event: { type: "addressSelected", address: one.client.address }, nowMs: 70 },
      { event: { type: "dtlsReceived", bytes: DTLS_HELLO }, nowMs: 70 },
    ]);
    assert.deepEqual(two.events, []);
    one.send({ type: "close" });
    one.client.connect(one.opening.ice);
    assert.equal(one.events.length, 3);
  },
});

Deno.test({
  name: "what datagrams cause leaves at the end of their batch; of commands a handshake's alone is not left to a flush",
  permissions: "none",
  fn() {
    const { media, open, take } = setUp();
    const { client, opening, send, socket } = open(1);
    take();
    client.check(opening.ice);
    assert.deepEqual(take(), ["flush"]);
    socket.take();
    send({ type: "connect", keying: testKeying() });
    assert.deepEqual(take(), []);
    send({ type: "sendDtls", bytes: DTLS_HELLO });
    assert.deepEqual([take(), socket.take().map(({ bytes }) => bytes)], [["flush"], [DTLS_HELLO]]);
    media.flush();
    assert.deepEqual(take(), ["flush"]);
  },
});

Deno.test({
  name: "P15: deadlines are met when the time comes, and what they cause leaves",
  permissions: "none",
  fn() {
    const { media, open, take } = setUp();
    const { events } = open(1);
    take();
    media.handleTimeout(29_999);
    assert.equal(events.length, 0);
    media.handleTimeout(30_000);
    assert.deepEqual(events.map(({ event }) => event.type), ["ended"]);
    assert.deepEqual(take(), ["flush", "flush"]);
  },
});

Deno.test({
  name: "peers of one room are forwarded to each other, and the SSRCs that are bound are counted",
  permissions: "none",
  fn() {
    const { media, open } = setUp();
    const [publisher, subscriber] = [open(1), open(2)];
    for (const { client, opening, send } of [publisher, subscriber]) {
      client.connect(opening.ice);
      send({ type: "connect", keying: testKeying() });
    }
    publisher.send({ type: "publish", trackId: "track", parameters: videoProducer() });
    const ssrcs = { ssrc: 7000, rtxSsrc: undefined };
    subscriber.send({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs });
    subscriber.send({ type: "requestKeyFrames" });
    subscriber.socket.take();
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    assert.deepEqual(subscriber.socket.take().map(({ bytes }) => subscriber.client.open(bytes)?.kind), ["rtp"]);
    assert.equal(media.ssrcCount, 1);
    publisher.send({ type: "leave" });
    assert.equal(media.ssrcCount, 0);
  },
});

Deno.test({
  name: "B142: the ciphers are closed when no socket is left that could use them",
  permissions: "none",
  async fn() {
    const { media, take } = setUp();
    await media.close();
    assert.deepEqual(take(), ["close", "ciphers are closed"]);
  },
});

Deno.test({
  name:
    "B258: forward latency is measured from the receipt of a batch to behind its flush, and batches that forward nothing not",
  permissions: "none",
  async fn() {
    const { media, clock, sockets, open } = setUp();
    const [publisher, subscriber] = [open(1), open(2)];
    for (const { client, opening, send } of [publisher, subscriber]) {
      client.connect(opening.ice);
      send({ type: "connect", keying: testKeying() });
    }
    publisher.send({ type: "publish", trackId: "track", parameters: videoProducer() });
    const ssrcs = { ssrc: 7000, rtxSsrc: undefined };
    subscriber.send({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs });
    subscriber.send({ type: "requestKeyFrames" });
    // The kernel takes its time.
    const { flush } = FakeSockets.prototype;
    sockets.flush = function () {
      clock.advance(3);
      flush.call(this);
    };
    const gather = async () => (await media.gather())[0].figures.turns;
    assert.equal((await gather()).forwarding.sumMs, 0);
    for (let sequenceNumber = 1; sequenceNumber <= 2; sequenceNumber++) {
      publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, payload: VP8_KEY_FRAME }));
    }
    publisher.client.check(publisher.opening.ice);
    const { forwarding, busyMs, longestTurnMs } = await gather();
    assert.deepEqual([forwarding.sumMs, busyMs, longestTurnMs], [6, 9, 3]);
    assert.equal(forwarding.counts[FORWARD_BOUNDS_MS.indexOf(5)], 2);
    assert.equal((await gather()).longestTurnMs, 0);
  },
});

Deno.test({
  name: "B263: a peer for which there would be no socket is told as an obstacle, and to ask leaves none",
  permissions: "none",
  fn() {
    const { media, sockets, take } = setUp();
    assert.equal(media.obstacle(LOOPBACK), undefined);
    sockets.openFailure = new Error("EMFILE");
    assert.equal(media.obstacle(LOOPBACK), "EMFILE");
    assert.deepEqual([take(), media.socketCount], [[], 0]);
  },
});
