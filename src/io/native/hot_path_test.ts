import assert from "node:assert/strict";
import { queue } from "../../../tests/harness/datagram_peer.ts";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import type { DatagramHandler } from "../sockets.ts";
import { bindUdp } from "./bind_udp.ts";
import { FlushList } from "./flush_list.ts";
import { SocketLoop } from "./loop.ts";
import { Poller } from "./poller.ts";
import { ReceiveBatch } from "./receive_batch.ts";
import { SendBatch } from "./send_batch.ts";
import { SlotPool } from "./slot_pool.ts";
import type { SocketContext } from "./socket_context.ts";
import { UdpSocket } from "./udp_socket.ts";

const BURST = 32;
const BURSTS = 100;
const BUFFERS = { receive: 256 * 1024, send: 256 * 1024 };

/** Sends each datagram back to where it came from, and counts. */
class Echo implements DatagramHandler {
  count = 0;
  readonly to: RemoteAddress = { hostname: "127.0.0.1", port: 0 };
  socket: UdpSocket | undefined;

  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    this.count++;
    if (this.socket !== undefined) queue(this.socket, from, bytes[0], length);
  }

  endBatch(): void {}
}

Deno.test({
  name: "B158: a datagram is received, answered and sent without an allocation",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  async fn() {
    const libc = testLibc();
    const flushList = new FlushList();
    const poller = new Poller(libc);
    const loop = new SocketLoop(poller, flushList);
    const context: SocketContext = {
      libc,
      loop,
      flushList,
      received: new ReceiveBatch(libc),
      sent: new SendBatch(libc),
      pool: new SlotPool(libc, 1024),
      segmentation: true,
      hashSeed: 1,
    };
    const open = (hostname: string, handler: DatagramHandler) =>
      new UdpSocket(context, bindUdp(libc, { hostname, port: 0, buffers: BUFFERS }), handler, () => {});
    const [echo, counter] = [new Echo(), new Echo()];
    const [server, client] = [open("0.0.0.0", echo), open("127.0.0.1", counter)];
    echo.socket = server;
    const to = { hostname: "127.0.0.1", port: server.port };
    const growth: number[] = [];
    for (let round = 0; round < 20; round++) {
      const before = Deno.memoryUsage().heapUsed;
      for (let burst = 0; burst < BURSTS; burst++) {
        for (let i = 0; i < BURST; i++) queue(client, to, i, 1000 + (i >> 3));
        loop.flush();
        server.receive();
        loop.flush();
        client.receive();
      }
      growth.push(Deno.memoryUsage().heapUsed - before);
    }
    assert.equal(counter.count, 20 * BURSTS * BURST);
    // A round in which the collector or the compiler was at work says nothing.
    assert.ok(growth.filter((bytes) => bytes >= 0 && bytes < BURSTS * BURST).length >= 5, `${growth}`);
    server.close();
    client.close();
    await loop.ended();
    poller.close();
    libc.close();
  },
});
