import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { datagramContract } from "../../../tests/harness/datagram_contract.ts";
import { DatagramClient, queue } from "../../../tests/harness/datagram_peer.ts";
import type { DatagramHandler } from "../sockets.ts";
import { PortableSockets } from "./sockets.ts";
import { UdpSocket } from "./udp.ts";

const LOOPBACK = { net: ["127.0.0.1"] };
const IGNORE: DatagramHandler = { handleDatagram() {}, endBatch() {} };

datagramContract("portable", {
  permissions: { net: ["127.0.0.1", "[::1]"] },
  queueLength: 512,
  open() {
    const sockets = new PortableSockets();
    let isStalled = false;
    const flush = () => {
      if (!isStalled) sockets.flush();
    };
    return {
      openSocket: (hostname, handler) => openAttached(sockets, hostname, handler),
      flush,
      stall: () => isStalled = true,
      resume() {
        isStalled = false;
        flush();
      },
      close: () => sockets.close(),
    };
  },
});

function open(): UdpSocket {
  const socket = new UdpSocket("127.0.0.1", () => {});
  socket.attach(IGNORE);
  return socket;
}

/** What `count` datagrams hold that the client receives. */
async function values(client: DatagramClient, count: number): Promise<number[]> {
  return (await client.receiveAll(count)).map(({ bytes }) => bytes[0]);
}

/** Waits until the port can be bound. */
async function isFree(port: number): Promise<void> {
  for (;;) {
    try {
      return Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port }).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

Deno.test({
  name: "B151: what is queued leaves at the flush, in its order, from the very first datagram on",
  permissions: LOOPBACK,
  async fn() {
    const client = new DatagramClient();
    const socket = open();
    for (let value = 0; value < 50; value++) queue(socket, client.address, value);
    socket.flush();
    assert.deepEqual(await values(client, 50), Array.from({ length: 50 }, (_, value) => value));
    socket.close();
    client.close();
  },
});

Deno.test({
  name: "B151: what is queued while sends are under way leaves too",
  permissions: LOOPBACK,
  async fn() {
    const client = new DatagramClient();
    const socket = open();
    for (let value = 0; value < 40; value++) {
      queue(socket, client.address, value);
      socket.flush();
    }
    assert.deepEqual(await values(client, 40), Array.from({ length: 40 }, (_, value) => value));
    socket.close();
    client.close();
  },
});

Deno.test({
  name: "B28: what was flushed before the close still leaves, a last close_notify too, and then the port is free",
  permissions: LOOPBACK,
  async fn() {
    const client = new DatagramClient();
    const socket = open();
    for (let value = 0; value < 40; value++) {
      queue(socket, client.address, value);
      socket.flush();
    }
    socket.close();
    assert.equal(queue(socket, client.address, 40), false, "a closed socket takes no more");
    assert.deepEqual(await values(client, 40), Array.from({ length: 40 }, (_, value) => value));
    await isFree(socket.port);
    client.close();
  },
});

Deno.test({
  name: "an address that cannot be sent to costs its datagram only",
  permissions: LOOPBACK,
  async fn() {
    const client = new DatagramClient();
    const socket = open();
    queue(socket, { hostname: "192.0.2.1", port: 9 }, 1);
    queue(socket, client.address, 2);
    socket.flush();
    assert.deepEqual(await values(client, 1), [2]);
    assert.equal(socket.dropped, 1);
    socket.close();
    client.close();
  },
});
