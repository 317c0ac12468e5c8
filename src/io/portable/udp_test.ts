import assert from "node:assert/strict";
import { UdpSocket } from "./udp.ts";

const LOOPBACK = { net: ["127.0.0.1"] };

/** A plain socket of the test, and the sequence of what it received. */
async function receiveAll(socket: Deno.DatagramConn, count: number): Promise<number[]> {
  const received: number[] = [];
  while (received.length < count) {
    const [bytes] = await socket.receive();
    received.push(bytes[0]);
  }
  return received;
}

function open(handler: ConstructorParameters<typeof UdpSocket>[1] = () => {}): UdpSocket {
  const dirty: UdpSocket[] = [];
  return new UdpSocket("127.0.0.1", handler, (socket) => dirty.push(socket));
}

function plainSocket(): { readonly socket: Deno.DatagramConn; readonly address: Deno.NetAddr } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  return { socket, address: socket.addr as Deno.NetAddr };
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

function queue(socket: UdpSocket, value: number, to: Deno.NetAddr): boolean {
  const slot = socket.slot();
  if (slot === undefined) return false;
  slot.fill(value, 0, 100);
  socket.commit(100, to);
  return true;
}

Deno.test({
  name: "what is queued leaves at the flush, in its order, from the very first datagram on",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const socket = open();
    for (let value = 0; value < 50; value++) queue(socket, value, address);
    socket.flush();
    assert.deepEqual(await receiveAll(other, 50), Array.from({ length: 50 }, (_, value) => value));
    socket.close();
    other.close();
  },
});

Deno.test({
  name: "what is queued while sends are under way leaves too",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const socket = open();
    for (let value = 0; value < 40; value++) {
      queue(socket, value, address);
      socket.flush();
    }
    assert.deepEqual(await receiveAll(other, 40), Array.from({ length: 40 }, (_, value) => value));
    socket.close();
    other.close();
  },
});

Deno.test({
  name: "B43: a full queue gives no slot and counts; it is free again once it was sent",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const socket = open();
    let queued = 0;
    while (queue(socket, 1, address)) queued++;
    assert.equal(queued, 512);
    assert.equal(socket.dropped, 1);
    socket.flush();
    await receiveAll(other, 50);
    while (!queue(socket, 2, address)) await new Promise((resolve) => setTimeout(resolve, 0));
    socket.close();
    other.close();
  },
});

Deno.test({
  name: "B28: what was flushed before the close still leaves, a last close_notify too, and then the port is free",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const socket = open();
    for (let value = 0; value < 40; value++) {
      queue(socket, value, address);
      socket.flush();
    }
    socket.close();
    assert.equal(queue(socket, 40, address), false, "a closed socket takes no more");
    assert.deepEqual(await receiveAll(other, 40), Array.from({ length: 40 }, (_, value) => value));
    await isFree(socket.port);
    other.close();
  },
});

Deno.test({
  name: "an address that cannot be sent to costs its datagram only",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const socket = open();
    queue(socket, 1, { transport: "udp", hostname: "192.0.2.1", port: 9 });
    queue(socket, 2, address);
    socket.flush();
    assert.deepEqual(await receiveAll(other, 1), [2]);
    assert.equal(socket.dropped, 1);
    socket.close();
    other.close();
  },
});

Deno.test({
  name: "what is received goes to the handler with its length and sender, until the socket is closed",
  permissions: LOOPBACK,
  async fn() {
    const { socket: other, address } = plainSocket();
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = open((bytes, length, from) => resolve(`${length} ${bytes[0]} ${from.hostname}:${from.port}`));
    await other.send(new Uint8Array(77).fill(5), { transport: "udp", hostname: "127.0.0.1", port: socket.port });
    assert.equal(await promise, `77 5 127.0.0.1:${address.port}`);
    socket.close();
    socket.close();
    assert.equal(socket.slot(), undefined);
    other.close();
  },
});
