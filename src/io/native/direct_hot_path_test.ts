import assert from "node:assert/strict";
import { assertAllocatesLess } from "../../../tests/harness/heap_growth.ts";
import { needsOf } from "../../../tests/harness/native_library.ts";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { DirectBus } from "../../bus/direct_bus.ts";
import { NodeKeyPair } from "../../bus/direct_keys.ts";
import { portableCiphers } from "../portable/cipher.ts";
import { bindUdp } from "./bind_udp.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { ChunkPool } from "./chunk_pool.ts";
import { FlushList } from "./flush_list.ts";
import { GNUTLS, openGnuTls } from "./gnutls_cipher.ts";
import { SocketLoop } from "./loop.ts";
import { NODE_BUFFERS, NodeUdpSocket } from "./node_socket.ts";
import { Poller } from "./poller.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";

const LOOPBACK = "127.0.0.1";
const ROOM = "room";
const TO_OTHER = 1 << 1;
const FRAMES = 64;
const BURSTS = 50;
const ROUNDS = 30;
const HEAD_LENGTH = 8;

const gnuTls = needsOf(GNUTLS);

Deno.test({
  name: `B472: a frame crosses from node to node, sealed and opened, without an allocation (${gnuTls.title})`,
  permissions: { ffi: [...WITH_LIBC.permissions.ffi, ...gnuTls.permissions.ffi] },
  ignore: WITH_LIBC.ignore || gnuTls.ignore,
  fn() {
    const libc = testLibc();
    const poller = new Poller(libc);
    const flushList = new FlushList();
    const loop = new SocketLoop(poller, flushList, true);
    const choice = chooseCiphers(portableCiphers, [openGnuTls]);
    const context = {
      libc,
      loop,
      flushList,
      received: new ReceiveBatch(libc),
      sent: new SendBatch(libc),
      pool: new ChunkPool(libc, 64),
      segmentation: true,
      hashSeed: 1,
      now: () => 0,
    };
    const random = seededRandom(1);
    const nodes = ["a", "b"].map((name) => {
      const bound = bindUdp(libc, { hostname: LOOPBACK, port: 0, buffers: NODE_BUFFERS });
      const socket: NodeUdpSocket = new NodeUdpSocket(context, bound, {
        handleDatagram: (bytes, length) => bus.handleDatagram(bytes, length),
        endBatch: () => bus.endBatch(),
      }, () => {});
      const bus: DirectBus = new DirectBus({ node: 0, socket, ciphers: choice.ciphers, random, now: () => 0 });
      return { name, socket, bus, keyPair: new NodeKeyPair() };
    });
    const [a, b] = nodes;
    for (const [self, other] of [[a, b], [b, a]]) {
      const keys = self.keyPair.agree(self.name, { name: other.name, publicKey: other.keyPair.publicKey });
      const address = self.socket.resolve({ hostname: LOOPBACK, port: other.socket.port });
      assert.ok(keys && address);
      self.bus.openPeer(1, { name: other.name, keys, addresses: [address] });
    }
    const receive = () => {
      loop.flush();
      a.socket.receive();
      b.socket.receive();
    };
    while (!a.bus.isUp(1) || !b.bus.isUp(1)) receive();

    const head = new Uint8Array(HEAD_LENGTH);
    const body = new Uint8Array(new ArrayBuffer(2048));
    assertAllocatesLess(FRAMES * BURSTS, ROUNDS, () => {
      for (let burst = 0; burst < BURSTS; burst++) {
        for (let i = 0; i < FRAMES; i++) a.bus.send(ROOM, TO_OTHER, head, HEAD_LENGTH, body, 0, 900 + 5 * (i & 31));
        a.bus.flush();
        receive();
        receive();
      }
    });
    assert.equal(b.bus.counters.framesReceived + b.bus.counters.lost, ROUNDS * BURSTS * FRAMES);
    assert.equal(b.bus.counters.lost, 0);
    for (const { bus } of nodes) bus.close();
    choice.close();
    poller.close();
    libc.close();
  },
});
