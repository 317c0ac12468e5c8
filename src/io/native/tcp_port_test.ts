import assert from "node:assert/strict";
import { DatagramClient, queue, RecordingHandler, stunRequest, UFRAG } from "../../../tests/harness/datagram_peer.ts";
import { frame, frames } from "../../../tests/harness/frames.ts";
import { TcpClient } from "../../../tests/harness/tcp_client.ts";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { LIBC_TITLE, openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { tcpContract } from "../../../tests/harness/tcp_contract.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import { until } from "../../../tests/harness/worker_setup.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramSocket } from "../sockets.ts";
import type { Libc } from "./libc.ts";
import { listenTcp } from "./listen_tcp.ts";
import { SocketBinder } from "./socket_binder.ts";
import { AttachedSockets, openNativeSockets } from "./sockets.ts";
import { MAX_HANDED_OVER, type TcpHandover } from "./tcp_connection.ts";

const LOOPBACK = "127.0.0.1";
const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: [LOOPBACK] };

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  tcpContract(`native by ${LIBC_TITLE}, ${shared ? "one UDP port for all peers" : "a UDP port for each peer"}`, {
    ignore,
    permissions,
    open() {
      const clock = new VirtualClock(1000);
      const opened = openNativeSockets({
        random: seededRandom(1),
        libc: testLibc(),
        now: () => clock.now(),
        shared,
        tcp: { hostname: LOOPBACK, port: 0 },
      });
      assert.ok(opened.ok);
      const { sockets } = opened;
      const { tcp, tcpPort } = sockets;
      assert.ok(tcp !== undefined && tcpPort !== undefined);
      return {
        tcpPort,
        clock,
        counters: () => tcp.counters,
        connectionCount: () => tcp.size,
        openSocket: (hostname, handler) => openAttached(sockets, hostname, handler),
        flush: () => sockets.flush(),
        handleTimeout: () => tcp.handleTimeout(clock.now()),
        close: () => sockets.close(),
      };
    },
  });
}

/** Answers whatever comes in 100 bytes at most, and remembers where the newest datagram came from. */
class EchoHandler extends RecordingHandler {
  socket: DatagramSocket | undefined;
  from: RemoteAddress | undefined;
  count = 0;
  flush = () => {};

  override handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.from = from;
    this.count++;
    if (this.socket !== undefined) queue(this.socket, from, bytes[0], Math.min(length, 100));
  }

  override endBatch(): void {
    this.flush();
  }
}

/** A peer that echoes, at a TCP port by this C library. */
function openEcho(libc: Libc, clock = new VirtualClock(1000)) {
  const opened = openNativeSockets({
    random: seededRandom(1),
    libc,
    now: () => clock.now(),
    tcp: { hostname: LOOPBACK, port: 0 },
  });
  assert.ok(opened.ok);
  const { sockets } = opened;
  const handler = new EchoHandler();
  const socket = openAttached(sockets, LOOPBACK, handler);
  handler.socket = socket;
  handler.flush = () => sockets.flush();
  socket.claimUfrag(UFRAG);
  const { tcp, tcpPort } = sockets;
  assert.ok(tcp !== undefined && tcpPort !== undefined);
  return { sockets, socket, handler, tcp, tcpPort, clock };
}

Deno.test({
  name: "B197: sockets that are closed give back the TCP port and every descriptor, of strangers as well",
  ignore,
  permissions,
  async fn() {
    const before = openDescriptors();
    const { sockets, tcp, tcpPort } = openEcho(testLibc());
    const clients = [await TcpClient.connect(tcpPort), await TcpClient.connect(tcpPort)];
    await clients[0].send(stunRequest(UFRAG));
    await clients[0].received.reach(1, "an answer");
    await until(() => tcp.size === 2, "both are accepted");
    await Promise.all([sockets.close(), sockets.close()]);
    for (const client of clients) {
      await client.ended;
      await client.close();
    }
    assert.deepEqual(openDescriptors(), before);
    Deno.listen({ hostname: LOOPBACK, port: tcpPort }).close();
  },
});

Deno.test({
  name: "B199: where the process has no descriptor for a connection the port waits a second, and goes on",
  ignore,
  permissions,
  async fn() {
    const real = testLibc();
    let isExhausted = true;
    let refusals = 0;
    const accept4: Libc["call"]["accept4"] = (...given) => {
      if (isExhausted) refusals++;
      return isExhausted ? -1 : real.call.accept4(...given);
    };
    const libc: Libc = { ...real, call: { ...real.call, accept4 }, errno: () => isExhausted ? 24 : real.errno() };
    const { sockets, tcp, tcpPort, clock, handler, socket } = openEcho(libc);
    const client = await TcpClient.connect(tcpPort);
    await client.send(stunRequest(UFRAG));
    await until(() => refusals > 0, "it is tried");
    isExhausted = false;
    const udp = new DatagramClient();
    for (let i = 0; i < 5; i++) {
      await udp.send(stunRequest(UFRAG), socket.port);
      await udp.receive();
    }
    assert.deepEqual(
      [refusals, handler.count, tcp.size, tcp.needsTicks],
      [1, 5, 0, true],
      "others are served meanwhile",
    );
    clock.advance(999);
    tcp.handleTimeout(clock.now());
    assert.equal(tcp.needsTicks, true);
    clock.advance(1);
    tcp.handleTimeout(clock.now());
    await client.received.reach(1, "an answer");
    assert.equal(tcp.needsTicks, false);
    await client.close();
    udp.close();
    await sockets.close();
  },
});

Deno.test({
  name: "B195: what is queued for a connection leaves at the flush, by one call of the kernel",
  ignore,
  permissions,
  async fn() {
    const real = testLibc();
    let calls = 0;
    const sendmsg: Libc["call"]["sendmsg"] = (...given) => {
      calls++;
      return real.call.sendmsg(...given);
    };
    const { sockets, socket, handler, tcpPort } = openEcho({ ...real, call: { ...real.call, sendmsg } });
    const client = await TcpClient.connect(tcpPort);
    await client.send(stunRequest(UFRAG));
    await client.received.reach(1, "an answer");
    assert.equal(calls, 1);
    assert.ok(handler.from);
    for (let i = 0; i < 100; i++) queue(socket, handler.from, i, 1000 + i);
    assert.equal(calls, 1);
    sockets.flush();
    assert.equal(calls, 2);
    await client.received.reach(101, "datagrams");
    await client.close();
    await sockets.close();
  },
});

/** Sockets whose loop runs when the test says so. */
function openDriven(handOver?: (connection: TcpHandover) => void) {
  const libc = testLibc();
  const listener = listenTcp(libc, { hostname: LOOPBACK, port: 0 });
  const tcpPort = { listener: listener.fd, handOver };
  const sockets = new AttachedSockets(libc, { random: seededRandom(1), blocking: true, tcpPort });
  const binder = new SocketBinder(libc, { random: seededRandom(1) });
  const openPeer = (ufrag: string) => {
    const handler = new EchoHandler();
    handler.socket = sockets.attachSocket(binder.openSocket(LOOPBACK), handler);
    handler.socket.claimUfrag(ufrag);
    return handler;
  };
  return {
    libc,
    port: listener.port,
    openPeer,
    tcp: sockets.tcp,
    /** One poll, and what comes of it. */
    turn: (timeoutMs: number) => sockets.loop.handleEvents(sockets.poller.poll(timeoutMs)),
    async close() {
      await sockets.close();
      binder.close();
      libc.call.close(listener.fd);
      libc.close();
    },
  };
}

Deno.test({
  name: "B158: datagrams of a TCP connection are received, answered and sent without an allocation",
  ignore,
  permissions,
  async fn() {
    const { port, openPeer, turn, close } = openDriven();
    const handler = openPeer(UFRAG);
    const client = await TcpClient.connect(port);
    await client.send(stunRequest(UFRAG));
    const stream = frames(new Array<Uint8Array>(250).fill(new Uint8Array(300).fill(128)));
    const growth: number[] = [];
    for (let count = 1; count < 40_000; count += 1000) {
      await until(() => client.received.entries.length === count, "all echoes", () => turn(0));
      for (let i = 0; i < 4; i++) await client.sendBytes(stream);
      const before = Deno.memoryUsage().heapUsed;
      while (handler.count < count + 1000) turn(1000);
      growth.push(Deno.memoryUsage().heapUsed - before);
    }
    // For 1000 datagrams, in 19 turns or more, each of which allocates something. A round in which the collector or the
    // compiler was at work says nothing.
    assert.ok(growth.filter((bytes) => bytes >= 0 && bytes < 4000).length >= 5, `${growth}`);
    await client.close();
    await close();
  },
});

Deno.test({
  name: "B193: a hundred clients behind one address, whose requests have come before any had its turn, are all taken",
  ignore,
  permissions,
  async fn() {
    const { port, openPeer, tcp, turn, close } = openDriven();
    const ufrags = Array.from({ length: 10 }, (_, i) => `ufragOf${i}`);
    for (const ufrag of ufrags) openPeer(ufrag);
    const clients: TcpClient[] = [];
    for (let i = 0; i < 100; i++) {
      const client = await TcpClient.connect(port);
      await client.send(stunRequest(ufrags[i % 10]));
      clients.push(client);
    }
    await until(() => tcp?.counters.accepted === 100 && tcp.routes.strangerCount === 0, "all are taken", () => turn(0));
    await until(() => clients.every(({ received }) => received.entries.length === 1), "answers", () => turn(0));
    assert.deepEqual([tcp?.size, tcp?.counters.refused], [100, 0]);
    await Promise.all(clients.map((client) => client.close()));
    await close();
  },
});

Deno.test({
  name: "B227: a connection for an unknown peer is handed over with what it has sent, unless that is more than 8 kB",
  ignore,
  permissions,
  async fn() {
    const handedOver: TcpHandover[] = [];
    const { libc, port, tcp, turn, close } = openDriven((connection) => handedOver.push(connection));
    const request = stunRequest("nobodyXX");
    const room = MAX_HANDED_OVER - frame(request).length;
    for (const [length, handed, refused] of [[room, 1, 0], [room + 1, 1, 1]] as const) {
      const bytes = Uint8Array.of(...frame(request), ...new Uint8Array(length).fill(1));
      const client = await TcpClient.connect(port);
      await client.sendBytes(bytes);
      await until(
        () => handedOver.length + (tcp?.counters.refused ?? 0) === handed + refused,
        "its end",
        () => turn(0),
      );
      assert.deepEqual([handedOver.length, tcp?.counters.refused, tcp?.size], [handed, refused, 0]);
      if (refused === 0) {
        assert.deepEqual([handedOver[0].ufrag, handedOver[0].received], ["nobodyXX", bytes]);
        libc.call.close(handedOver[0].fd);
      }
      await client.ended;
      await client.close();
    }
    await close();
  },
});

Deno.test({
  name: "B228: one turn takes 16 kB of a connection, however much waits there",
  ignore,
  permissions,
  async fn() {
    const { port, openPeer, turn, close } = openDriven();
    const handler = openPeer(UFRAG);
    const client = await TcpClient.connect(port);
    await client.send(stunRequest(UFRAG));
    await until(() => handler.count === 1, "the connection is the peer's", () => turn(0));
    const datagram = new Uint8Array(62).fill(128);
    await client.sendBytes(frames(new Array<Uint8Array>(1000).fill(datagram)));
    const taken: number[] = [];
    await until(() => handler.count === 1001, "all are taken", () => {
      const before = handler.count;
      turn(0);
      taken.push(handler.count - before);
    });
    // What is left of a frame is taken with its end.
    assert.ok(Math.max(...taken) <= 16 * 1024 / 64 + 1, `${taken}`);
    await client.close();
    await close();
  },
});
