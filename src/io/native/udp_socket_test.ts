import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { DatagramClient, queue, RecordingHandler } from "../../../tests/harness/datagram_peer.ts";
import { answeringSends, type SendCall, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { Libc } from "./libc.ts";
import { BATCH_LENGTH } from "./receive_batch.ts";
import { type NativeSockets, openNativeSockets } from "./sockets.ts";

const LOOPBACK = "127.0.0.1";
const SOL_SOCKET = 1;
const SO_NO_CHECK = 11;

const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: [LOOPBACK] };

function open(libc: Libc): NativeSockets {
  const opened = openNativeSockets({ random: seededRandom(1), libc });
  assert.ok(opened.ok);
  return opened.sockets;
}

/** A C library that tells of each sendmmsg, and the file descriptor of it. */
function watched(libc: Libc): { readonly libc: Libc; readonly calls: SendCall[] } {
  const calls: SendCall[] = [];
  return { calls, libc: answeringSends(libc, (call) => void calls.push(call)) };
}

function messages(calls: SendCall[]): number[][] {
  return calls.splice(0).map((call) => call.messages.map(({ datagrams }) => datagrams));
}

Deno.test({
  name: "B151: runs leave as one message each, in one call",
  ignore,
  permissions,
  async fn() {
    const { libc, calls } = watched(testLibc());
    const sockets = open(libc);
    const socket = openAttached(sockets, LOOPBACK, new RecordingHandler());
    const clients = [new DatagramClient(), new DatagramClient()];
    for (const { address } of clients) for (let i = 0; i < 20; i++) queue(socket, address, i, 1200);
    sockets.flush();
    for (const client of clients) {
      assert.deepEqual(
        (await client.receiveAll(20)).map(({ bytes }) => bytes[0]),
        Array.from({ length: 20 }, (_, i) => i),
      );
      client.close();
    }
    assert.deepEqual(messages(calls), [[20, 20]]);
    await sockets.close();
  },
});

Deno.test({
  name: "B151: a kernel that refuses to segment costs no datagram, and is asked once for each address",
  ignore,
  permissions,
  async fn() {
    const real = testLibc();
    const { libc, calls } = watched(real);
    const sockets = open(libc);
    const socket = openAttached(sockets, LOOPBACK, new RecordingHandler());
    const client = new DatagramClient();
    queue(socket, client.address, 9);
    sockets.flush();
    await client.receive();
    // Linux segments for sockets with a checksum only, and says EINVAL to others (udp_send_skb).
    const one = new Int32Array(new ArrayBuffer(4)).fill(1);
    assert.equal(real.call.setsockopt(calls[0].fd, SOL_SOCKET, SO_NO_CHECK, one, 4), 0);
    calls.length = 0;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) queue(socket, client.address, i, 1000);
      sockets.flush();
      assert.deepEqual((await client.receiveAll(5)).map(({ bytes }) => bytes[0]), [0, 1, 2, 3, 4]);
    }
    assert.deepEqual(messages(calls), [[5], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]);
    assert.equal(socket.dropped, 0);
    client.close();
    await sockets.close();
  },
});

/** A C library whose recvmmsg gives one datagram at a time, as where they arrive one after the other. */
function hesitant(libc: Libc): { readonly libc: Libc; readonly calls: () => number } {
  let calls = 0;
  const recvmmsg: Libc["call"]["recvmmsg"] = (fd, headers, _count, flags, timeout) => {
    calls++;
    return libc.call.recvmmsg(fd, headers, 1, flags, timeout);
  };
  return { libc: { ...libc, call: { ...libc.call, recvmmsg } }, calls: () => calls };
}

Deno.test({
  name: "B184: what arrives behind a packet that does not end its frame is of the same batch",
  ignore,
  permissions,
  async fn() {
    const { libc, calls } = hesitant(testLibc());
    const sockets = open(libc);
    const handler = new RecordingHandler();
    const client = new DatagramClient();
    const handle = sockets.openSocket(LOOPBACK);
    const [begins, ends, report] = [[0x80, 96, 1], [0x80, 0x80 | 96, 2], [0x80, 201, 3]];
    const frames = [[begins, begins, begins, ends], [ends], [report], [begins, ends], [report], [begins]];
    for (const bytes of frames.flat()) await client.send(Uint8Array.from(bytes), handle.port);
    const socket = sockets.attachSocket(handle, handler);
    const received = await handler.take(frames.flat().length);
    assert.deepEqual(received.map(({ bytes }) => [...bytes]), frames.flat());
    assert.deepEqual(handler.batches, frames.map((frame) => frame.length));
    assert.equal(calls(), received.length + 1, "only behind the last one nothing came");
    socket.close();
    sockets.closeSocket(handle);
    client.close();
    await sockets.close();
  },
});

Deno.test({
  name: "B184: a batch ends where its slots are full, whether or not the frame does",
  ignore,
  permissions,
  async fn() {
    const sockets = open(testLibc());
    const handler = new RecordingHandler();
    const client = new DatagramClient();
    const handle = sockets.openSocket(LOOPBACK);
    const count = 2 * BATCH_LENGTH + 1;
    for (let i = 0; i < count; i++) await client.send(Uint8Array.of(0x80, 96, i), handle.port);
    const socket = sockets.attachSocket(handle, handler);
    const received = await handler.take(count);
    assert.deepEqual(received.map(({ bytes }) => bytes[2]), Array.from({ length: count }, (_, i) => i));
    assert.deepEqual(handler.batches, [BATCH_LENGTH, BATCH_LENGTH, 1]);
    socket.close();
    sockets.closeSocket(handle);
    client.close();
    await sockets.close();
  },
});

Deno.test({
  name: "a datagram from a known address comes with the object of the one before",
  ignore,
  permissions,
  async fn() {
    const sockets = open(testLibc());
    const handler = new RecordingHandler();
    const socket = openAttached(sockets, LOOPBACK, handler);
    const client = new DatagramClient();
    const senders: RemoteAddress[] = [];
    for (let i = 0; i < 4; i++) {
      await client.send(new Uint8Array(1), socket.port);
      const [{ from }] = await handler.take(1);
      senders.push(from);
      if (i === 1) queue(socket, from, 1);
    }
    assert.notEqual(senders[0], senders[1], "a stranger's address is not kept");
    assert.deepEqual([senders[2] === senders[1], senders[3] === senders[1]], [true, true]);
    client.close();
    await sockets.close();
  },
});

Deno.test({
  name: "B153: datagrams that were cut short are counted",
  ignore,
  permissions,
  async fn() {
    const sockets = open(testLibc());
    const handler = new RecordingHandler();
    const socket = openAttached(sockets, LOOPBACK, handler);
    const client = new DatagramClient();
    for (const length of [3000, 2049, 100]) await client.send(new Uint8Array(length), socket.port);
    assert.equal((await handler.take(1))[0].bytes.length, 100);
    assert.deepEqual(sockets.counters, { refused: 2, unrouted: 0, errors: 0 });
    client.close();
    await sockets.close();
  },
});

Deno.test({
  name: "a handler that closes its socket, or another one, in the middle of a batch gets nothing more",
  ignore,
  permissions,
  async fn() {
    const sockets = open(testLibc());
    const client = new DatagramClient();
    let [datagrams, ends] = [0, 0];
    const socket = openAttached(sockets, LOOPBACK, {
      handleDatagram() {
        datagrams++;
        socket.close();
        other.close();
      },
      endBatch: () => void ends++,
    });
    const handler = new RecordingHandler();
    const other = openAttached(sockets, LOOPBACK, new RecordingHandler());
    const last = openAttached(sockets, LOOPBACK, handler);
    for (const { port } of [socket, socket, other, last]) await client.send(new Uint8Array(1), port);
    await handler.take(1);
    assert.deepEqual([datagrams, ends], [1, 0]);
    client.close();
    await sockets.close();
  },
});
