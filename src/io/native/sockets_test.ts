import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { datagramContract } from "../../../tests/harness/datagram_contract.ts";
import { DatagramClient, queue, RecordingHandler, stunRequest, UFRAG } from "../../../tests/harness/datagram_peer.ts";
import {
  answeringSends,
  LIBC_TITLE,
  openDescriptors,
  testLibc,
  WITH_LIBC,
} from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import { EAGAIN } from "./errors.ts";
import { type NativeSocketOptions, type NativeSockets, openNativeSockets } from "./sockets.ts";

const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: ["127.0.0.1", "[::1]"] };
const NATIVE = `native by ${LIBC_TITLE}`;
const LOOPBACK = "127.0.0.1";

function open(options: Partial<NativeSocketOptions> = {}): NativeSockets {
  const opened = openNativeSockets({ random: seededRandom(1), ...options });
  assert.ok(opened.ok);
  return opened.sockets;
}

/** Sockets whose kernel can be made to take nothing. */
function openStallable(options: Partial<NativeSocketOptions>) {
  let isStalled = false;
  const libc = answeringSends(testLibc(), () => isStalled ? -EAGAIN : undefined);
  const sockets = open({ ...options, libc });
  return {
    openSocket: (hostname: string, handler: DatagramHandler) => openAttached(sockets, hostname, handler),
    flush: () => sockets.flush(),
    stall: () => void (isStalled = true),
    resume: () => void (isStalled = false),
    close: () => sockets.close(),
  };
}

datagramContract(`${NATIVE}, a port for each peer`, {
  ignore,
  permissions,
  queueLength: 512,
  open: () => openStallable({}),
});

datagramContract(`${NATIVE} without GSO`, {
  ignore,
  permissions,
  queueLength: 512,
  open: () => openStallable({ segmentation: false }),
});

datagramContract(`${NATIVE}, one port for all peers`, {
  ignore,
  permissions,
  queueLength: 4096,
  open: (hostname) => openStallable({ shared: { hostname, port: 0 } }),
});

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B157: ${shared ? "a shared port gives" : "sockets give"} back every file descriptor, and the port`,
    ignore,
    permissions,
    async fn() {
      const before = openDescriptors();
      const sockets = open({ shared });
      const handler = new RecordingHandler();
      const peers = Array.from({ length: 20 }, () => openAttached(sockets, LOOPBACK, handler));
      assert.ok(openDescriptors().length > before.length);
      for (const peer of peers.slice(0, 10)) peer.close();
      if (!shared) {
        const again = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: peers[0].port });
        again.close();
      }
      await sockets.close();
      assert.deepEqual(openDescriptors(), before);
      Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: peers[19].port }).close();
    },
  });
}

for (const shared of [undefined, { hostname: LOOPBACK, port: 0 }]) {
  Deno.test({
    name: `B175: sockets${shared ? " with a shared port" : ""} that are closed again leave alone what was opened since`,
    ignore,
    permissions,
    async fn() {
      const sockets = open({ shared });
      openAttached(sockets, LOOPBACK, new RecordingHandler());
      await Promise.all([sockets.close(), sockets.close()]);
      const later = Array.from({ length: 8 }, () => new DatagramClient());
      const before = openDescriptors();
      await sockets.close();
      assert.deepEqual(openDescriptors(), before);
      for (const client of later) client.close();
    },
  });
}

Deno.test({
  name: "B157: without sockets nothing keeps the process alive, and new ones work",
  ignore,
  permissions,
  async fn() {
    const sockets = open();
    const client = new DatagramClient();
    for (let i = 0; i < 3; i++) {
      const handler = new RecordingHandler();
      const socket = openAttached(sockets, LOOPBACK, handler);
      await client.send(Uint8Array.of(i), socket.port);
      assert.equal((await handler.take(1))[0].bytes[0], i);
      socket.close();
    }
    client.close();
    await sockets.close();
  },
});

for (const [hostname, shared] of [["0.0.0.0", false], ["::", false], ["0.0.0.0", true], ["::", true]] as const) {
  Deno.test({
    name: `B154: bound to ${hostname}${shared ? ", shared" : ""}, an answer leaves from the address that was addressed`,
    ignore,
    permissions,
    async fn() {
      const sockets = open(shared ? { shared: { hostname, port: 0 } } : {});
      const handler = new RecordingHandler();
      const socket = openAttached(sockets, hostname, handler);
      socket.claimUfrag(UFRAG);
      const others = open();
      const answers = new RecordingHandler();
      const client = openAttached(others, LOOPBACK, answers);
      for (const addressed of ["127.0.0.2", "127.0.0.1", "127.0.0.2", "127.1.2.3"]) {
        queueBytes(client, stunRequest(UFRAG), { hostname: addressed, port: socket.port });
        others.flush();
        const [{ from }] = await handler.take(1);
        assert.equal(from.hostname, LOOPBACK, "IPv4 is shown as such");
        queue(socket, from, 1);
        queue(socket, { hostname: from.hostname, port: from.port }, 2);
        sockets.flush();
        for (const answer of await answers.take(2)) assert.equal(answer.from.hostname, addressed);
      }
      await others.close();
      await sockets.close();
    },
  });
}

function queueBytes(socket: DatagramSocket, bytes: Uint8Array, to: RemoteAddress): void {
  socket.slot()?.set(bytes);
  socket.commit(bytes.length, to);
}

Deno.test({
  name: "bound to ::, IPv6 and IPv4 clients are served by one socket",
  ignore,
  permissions,
  async fn() {
    const sockets = open();
    const handler = new RecordingHandler();
    const socket = openAttached(sockets, "::", handler);
    for (const hostname of ["::1", LOOPBACK]) {
      const client = new DatagramClient(hostname);
      const from = await client.greet(socket, handler);
      assert.equal(from.hostname, hostname);
      for (let i = 0; i < 30; i++) queue(socket, from, i, 1200);
      sockets.flush();
      assert.deepEqual(
        (await client.receiveAll(30)).map(({ bytes }) => bytes[0]),
        Array.from({ length: 30 }, (_, i) => i),
      );
      client.close();
    }
    assert.equal(socket.dropped, 0);
    await sockets.close();
  },
});

Deno.test({
  name: "B150: datagrams that came together are one batch, and what they cause leaves after it",
  ignore,
  permissions,
  async fn() {
    const calls: number[] = [];
    const libc = answeringSends(testLibc(), ({ messages }) => {
      calls.push(messages.length);
      return undefined;
    });
    const sockets = open({ libc });
    const handler = new RecordingHandler();
    const answering = {
      handleDatagram(bytes: Uint8Array, length: number, from: { hostname: string; port: number }) {
        handler.handleDatagram(bytes, length, from);
        queue(socket, from, bytes[0], 100 + bytes[0]);
        sockets.flush();
      },
      endBatch: () => handler.endBatch(),
    };
    const socket = openAttached(sockets, LOOPBACK, answering);
    const source = openAttached(sockets, LOOPBACK, new RecordingHandler());
    for (let i = 0; i < 100; i++) queue(source, { hostname: LOOPBACK, port: socket.port }, i, 50);
    sockets.flush();
    await handler.take(100);
    assert.deepEqual(handler.batches, [64, 36]);
    await sockets.close();
    assert.deepEqual(calls, [2, 64, 36], "first what the source sent, 100 of one size, then each batch's answers");
  },
});

Deno.test({
  name: "B155: each port of a range is given once, others' are left out, and one more is refused by a typed error",
  ignore,
  permissions,
  async fn() {
    // Below the ports that the system gives to whoever wants any.
    const port = 10_002 + 5 * (Deno.pid % 4000);
    const taken = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port });
    const ports = { min: port - 2, max: port + 2 };
    const sockets = open({ ports });
    const handler = new RecordingHandler();
    const given = Array.from({ length: 4 }, () => openAttached(sockets, LOOPBACK, handler));
    assert.deepEqual(given.map((socket) => socket.port).sort(), [port - 2, port - 1, port + 1, port + 2]);
    assert.throws(() => openAttached(sockets, LOOPBACK, handler), { name: "NoFreePortError" });
    given[1].close();
    assert.equal(openAttached(sockets, LOOPBACK, handler).port, given[1].port, "a port that was given back");
    taken.close();
    await sockets.close();
  },
});

Deno.test({
  name: "B159: what was opened is told, with the buffers that the kernel granted",
  ignore,
  permissions,
  async fn() {
    const sockets = open({ buffers: { receive: 64 * 1024, send: 32 * 1024 } });
    assert.match(
      sockets.description,
      /^\/.*libc\.so\.6, UDP GSO, a UDP port for each peer, buffers of 64 kB to receive and 32 kB to send$/,
    );
    const shared = open({ shared: { hostname: LOOPBACK, port: 0 }, segmentation: false });
    assert.match(shared.description, /no UDP GSO, UDP port \d+ for all peers/);
    await sockets.close();
    await shared.close();
  },
});

Deno.test({
  name: "B159: a shared port that is taken, and an address that is none, are told as a reason, and leave nothing open",
  ignore,
  permissions,
  async fn() {
    const sockets = open({ shared: { hostname: LOOPBACK, port: 0 } });
    const { port } = openAttached(sockets, LOOPBACK, new RecordingHandler());
    const before = openDescriptors();
    const random = seededRandom(1);
    const taken = openNativeSockets({ random, shared: { hostname: LOOPBACK, port } });
    assert.ok(!taken.ok);
    assert.equal(taken.reason, `UDP port ${port} of 127.0.0.1 cannot be had: EADDRINUSE`);
    const foreign = openNativeSockets({ random, shared: { hostname: "192.0.2.99", port: 0 } });
    assert.equal(foreign.ok || foreign.reason, "UDP port 0 of 192.0.2.99 cannot be had: EADDRNOTAVAIL");
    const name = openNativeSockets({ random, shared: { hostname: "example.org", port: 0 } });
    assert.equal(name.ok || name.reason, "example.org is no IP address");
    assert.deepEqual(openDescriptors(), before);
    await sockets.close();
  },
});

Deno.test({
  name: "B159: without the permission for FFI there is a reason and nobody is asked",
  permissions: "none",
  fn() {
    const opened = openNativeSockets({ random: seededRandom(1) });
    assert.ok(!opened.ok);
    if (Deno.build.os === "linux") assert.match(opened.reason, /^FFI is not allowed: --allow-ffi=\/usr\/lib/);
  },
});
