import assert from "node:assert/strict";
import { queue, stunRequest, UFRAG } from "../../../tests/harness/datagram_peer.ts";
import { assertAllocatesLess } from "../../../tests/harness/heap_growth.ts";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramHandler, DatagramSocket } from "../sockets.ts";
import { bindUdp } from "./bind_udp.ts";
import { FlushList } from "./flush_list.ts";
import { SocketLoop } from "./loop.ts";
import { Poller } from "./poller.ts";
import { BATCH_LENGTH, ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";
import { SharedSocket } from "./shared_socket.ts";
import { ChunkPool } from "./chunk_pool.ts";
import type { SocketContext } from "./socket_context.ts";
import { UdpSocket } from "./udp_socket.ts";

const BURST = 32;
const BURSTS = 100;
const ROUNDS = 20;
/** Three batches of a shared port. */
const BACKLOG = 192;
const BUFFERS = { receive: 256 * 1024, send: 256 * 1024 };

/** Sends each datagram back to where it came from, and counts. */
class Echo implements DatagramHandler {
  count = 0;
  readonly to: RemoteAddress = { hostname: "127.0.0.1", port: 0 };
  socket: DatagramSocket | undefined;

  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.count++;
    if (this.socket !== undefined) queue(this.socket, from, bytes[0], length);
  }

  endBatch(): void {}
}

interface Fixture {
  readonly context: SocketContext;
  /** Opens a socket with a port of its own. */
  open(hostname: string, handler: DatagramHandler): UdpSocket;
}

async function withContext(check: (fixture: Fixture) => void): Promise<void> {
  const libc = testLibc();
  const flushList = new FlushList();
  let nowMs = 0;
  const poller = new Poller(libc);
  const loop = new SocketLoop(poller, flushList);
  const context: SocketContext = {
    libc,
    loop,
    flushList,
    received: new ReceiveBatch(libc),
    sent: new SendBatch(libc),
    pool: new ChunkPool(libc, 32),
    segmentation: true,
    hashSeed: 1,
    now: () => nowMs += 0.1,
  };
  const open = (hostname: string, handler: DatagramHandler) =>
    new UdpSocket(context, bindUdp(libc, { hostname, port: 0, buffers: BUFFERS }), handler, () => {});
  check({ context, open });
  await loop.ended();
  poller.close();
  libc.close();
}

Deno.test({
  name: "B158: a datagram is received, answered and sent without an allocation",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withContext(({ context: { loop }, open }) => {
      const [echo, counter] = [new Echo(), new Echo()];
      const [server, client] = [open("0.0.0.0", echo), open("127.0.0.1", counter)];
      echo.socket = server;
      const to = { hostname: "127.0.0.1", port: server.port };
      assertAllocatesLess(BURSTS * BURST, ROUNDS, () => {
        for (let burst = 0; burst < BURSTS; burst++) {
          for (let i = 0; i < BURST; i++) queue(client, to, i, 1000 + (i >> 3));
          loop.flush();
          server.receive();
          loop.flush();
          client.receive();
        }
      });
      assert.equal(counter.count, ROUNDS * BURSTS * BURST);
      server.close();
      client.close();
    }),
});

Deno.test({
  name: "B158, B178: a backlog of several batches at a shared port is received and answered without an allocation",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withContext(({ context, open }) => {
      const { libc, loop } = context;
      const bound = bindUdp(libc, { hostname: "127.0.0.1", port: 0, buffers: BUFFERS });
      const shared = new SharedSocket(context, bound);
      const [echo, counter] = [new Echo(), new Echo()];
      const [peer, client] = [shared.open(echo), open("127.0.0.1", counter)];
      echo.socket = peer;
      const to = { hostname: "127.0.0.1", port: bound.port };
      const request = stunRequest(UFRAG);
      peer.claimUfrag(UFRAG);
      client.slot()?.set(request);
      client.commit(request.length, to);
      loop.flush();
      shared.receive();
      loop.flush();
      client.receive();
      assert.equal(counter.count, 1, "now its address is known");
      assertAllocatesLess(BURSTS * BACKLOG, ROUNDS, () => {
        for (let burst = 0; burst < BURSTS; burst++) {
          for (let i = 0; i < BACKLOG; i++) queue(client, to, 128, 100 + (i >> 3));
          loop.flush();
          shared.receive();
          loop.flush();
          for (let i = 0; i < BACKLOG; i += BATCH_LENGTH) client.receive();
        }
      });
      assert.equal(counter.count, 1 + ROUNDS * BURSTS * BACKLOG);
      shared.close();
      client.close();
      libc.call.close(bound.fd);
    }),
});
