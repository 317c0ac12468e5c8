import assert from "node:assert/strict";
import type { DatagramHandler, DatagramSocket } from "../../src/io/sockets.ts";
import { MAX_PEER_CONNECTIONS } from "../../src/io/tcp/tcp_peer.ts";
import { MAX_STRANGERS_OF_ONE, PROOF_MS, type TcpCounters } from "../../src/io/tcp/tcp_routes.ts";
import { type RemoteAddress, SLOT_SIZE } from "../../src/webrtc/datagram.ts";
import { FRAME_QUEUE_SIZE } from "../../src/webrtc/frame_queue.ts";
import { DatagramClient, queue, RecordingHandler, stunRequest, UFRAG } from "./datagram_peer.ts";
import { frames } from "./frames.ts";
import { TcpClient } from "./tcp_client.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** More than the kernel's buffers of both sides take. */
const FLOOD_BYTES = 16 * 1024 * 1024;
const DATAGRAM = 1200;

/** Sockets under test, with a TCP port on 127.0.0.1. */
export interface TcpBackend {
  readonly tcpPort: number;
  readonly clock: VirtualClock;
  counters(): TcpCounters;
  /** TCP connections that are open. */
  connectionCount(): number;
  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket;
  flush(): void;
  /** Does what is due at the clock's time. */
  handleTimeout(): void;
  close(): Promise<void>;
}

export interface TcpContractOptions {
  readonly open: () => TcpBackend;
  readonly permissions: Deno.PermissionOptionsObject;
  readonly ignore?: boolean;
}

/** Answers each STUN request as a peer does that finds it valid, unless it is told not to, and keeps all else. */
class AnsweringHandler extends RecordingHandler {
  socket: DatagramSocket | undefined;
  answers = true;
  flush = () => {};

  override handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void {
    if (bytes[0] !== 0) return super.handleDatagram(bytes, length, from);
    if (this.answers && this.socket !== undefined) queue(this.socket, from, 1, 20);
  }

  override endBatch(): void {
    super.endBatch();
    this.flush();
  }
}

interface Peer {
  readonly socket: DatagramSocket;
  readonly handler: AnsweringHandler;
}

interface Setup {
  readonly backend: TcpBackend;
  /** Known by UFRAG. */
  readonly peer: Peer;
  openPeer(ufrag: string): Peer;
  /** A client that has sent nothing. */
  connect(options?: { readonly reads?: boolean }): Promise<TcpClient>;
  /** A client whose request was answered. */
  join(ufrag?: string): Promise<TcpClient>;
}

/** What TCP connections of every backend must do, as tests. */
export function tcpContract(name: string, { open, permissions, ignore = false }: TcpContractOptions): void {
  const contract = (behaviour: string, check: (setup: Setup) => Promise<void>) =>
    Deno.test({ name: `TCP ${name}: ${behaviour}`, permissions, ignore, fn: () => withSetup(open(), check) });

  contract("B192: once a client's request was answered datagrams go both ways, whole and in order", goesBothWays);
  contract("B191: frames arrive whole however the stream is cut, and those that came together are one batch", cuts);
  contract("B192: a first frame that is no request, or to nobody, closes the connection", refusesStrangers);
  contract("B192: a request that its peer does not answer closes the connection", refusesUnanswered);
  contract("B192: a connection over which nothing comes for 10 s is closed, one that was answered is not", expires);
  contract("B191: a frame over 2048 bytes, and endless empty ones, close a connection, and no other", refusesBroken);
  contract("B193: of 32 silent connections of one address the oldest gives way to the next", limitsStrangers);
  contract(
    "B193: of 16 connections of a peer the one that was silent longest gives way to the next",
    limitsConnections,
  );
  contract(
    "B195: a client that takes nothing costs itself old datagrams, each as a whole, and nobody else",
    survivesSlow,
  );
  contract("B194: a peer is reached by UDP and by TCP, each at its own address", goesByBoth);
  contract("B197: what was queued before a peer's close arrives; nothing of its connections is left", closes);
  contract("B197: a client that ends its connection leaves nothing, and sending there is a drop", survivesEnd);
}

async function withSetup(backend: TcpBackend, check: (setup: Setup) => Promise<void>): Promise<void> {
  const clients: TcpClient[] = [];
  const openPeer = (ufrag: string): Peer => {
    const handler = new AnsweringHandler();
    const socket = backend.openSocket("127.0.0.1", handler);
    handler.socket = socket;
    handler.flush = () => backend.flush();
    socket.claimUfrag(ufrag);
    return { socket, handler };
  };
  const connect = async (options?: { readonly reads?: boolean }) => {
    const client = await TcpClient.connect(backend.tcpPort, options);
    clients.push(client);
    return client;
  };
  const join = async (ufrag = UFRAG) => {
    const client = await connect();
    await client.send(stunRequest(ufrag));
    await client.received.reach(1, "an answer to the request");
    client.received.entries.length = 0;
    return client;
  };
  try {
    await check({ backend, peer: openPeer(UFRAG), openPeer, connect, join });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await backend.close();
  }
  assert.equal(backend.connectionCount(), 0);
}

/** A datagram that is no STUN. */
function media(value: number, length = DATAGRAM): Uint8Array {
  return new Uint8Array(length).fill(value).fill(128, 0, 1);
}

/** Whether the client still gets what its peer sends. */
async function isServed(backend: TcpBackend, { socket, handler }: Peer, client: TcpClient): Promise<void> {
  await client.send(stunRequest(UFRAG), media(9, 50));
  const [{ bytes, from }] = await handler.take(1);
  assert.deepEqual(bytes, media(9, 50));
  queue(socket, from, 77, 33);
  backend.flush();
  await client.received.find((datagram) => datagram.length === 33 && datagram[0] === 77, "what its peer sends");
}

async function goesBothWays({ backend, peer, openPeer, join }: Setup): Promise<void> {
  const other = openPeer("another1");
  const clients = [await join(), await join("another1")];
  for (const [i, { socket, handler }] of [peer, other].entries()) {
    const client = clients[i];
    const lengths = [1, 2, 300, SLOT_SIZE, 1200, 1201];
    await client.send(...lengths.map((length) => media(i, length)));
    const received = await handler.take(lengths.length);
    assert.deepEqual(received.map(({ bytes }) => bytes), lengths.map((length) => media(i, length)));
    const { from } = received[0];
    assert.deepEqual([from.hostname, from.port], [client.address.hostname, client.address.port]);
    for (const length of lengths) queue(socket, from, i, length);
    backend.flush();
    await client.received.reach(lengths.length, "datagrams");
    assert.deepEqual(client.received.entries, lengths.map((length) => new Uint8Array(length).fill(i)));
  }
  assert.equal(backend.connectionCount(), 2);
  assert.deepEqual(backend.counters(), { accepted: 2, refused: 0, expired: 0 });
}

async function cuts({ peer: { handler }, connect }: Setup): Promise<void> {
  const client = await connect();
  const stream = frames([stunRequest(UFRAG), media(1), media(2, 3), media(3, SLOT_SIZE)]);
  for (let at = 0; at < stream.length; at += 7) await client.sendBytes(stream.subarray(at, at + 7));
  assert.deepEqual((await handler.take(3)).map(({ bytes }) => bytes), [media(1), media(2, 3), media(3, SLOT_SIZE)]);
  handler.batches.length = 0;
  await client.send(...Array.from({ length: 200 }, (_, i) => media(i, 20)));
  assert.deepEqual((await handler.take(200)).map(({ bytes }) => bytes[1]), Array.from({ length: 200 }, (_, i) => i));
  assert.equal(handler.batches.reduce((sum, count) => sum + count, 0), 200);
  assert.ok(Math.max(...handler.batches) > 1);
  assert.ok(Math.max(...handler.batches) <= 64);
}

async function refusesStrangers({ backend, peer, connect, join }: Setup): Promise<void> {
  const client = await join();
  const wrongCookie = stunRequest(UFRAG).fill(0, 4, 8);
  const firsts = [
    media(1),
    wrongCookie,
    stunRequest("nobodyXX"),
    Uint8Array.of(0),
    stunRequest(UFRAG).fill(0x11, 1, 2),
  ];
  for (const first of firsts) {
    const stranger = await connect();
    await stranger.send(first, stunRequest(UFRAG));
    await stranger.ended;
    assert.deepEqual(stranger.received.entries, []);
  }
  const { refused } = backend.counters();
  assert.equal(refused, firsts.length);
  await isServed(backend, peer, client);
  assert.equal(backend.connectionCount(), 1);
}

async function refusesUnanswered({ backend, peer, connect, join }: Setup): Promise<void> {
  const client = await join();
  peer.handler.answers = false;
  const stranger = await connect();
  await stranger.send(stunRequest(UFRAG), media(1));
  await stranger.ended;
  assert.deepEqual([stranger.received.entries, backend.counters().refused], [[], 1]);
  peer.handler.answers = true;
  await isServed(backend, peer, client);
  assert.deepEqual(peer.handler.received, [], "what came behind the request reached nobody");
}

async function expires({ backend, peer, connect, join }: Setup): Promise<void> {
  const client = await join();
  const silent = await connect();
  const slow = await connect();
  await slow.sendBytes(Uint8Array.of(0));
  // Whoever is served after them, was accepted after them.
  await join();
  backend.clock.advance(PROOF_MS - 1);
  backend.handleTimeout();
  assert.equal(backend.connectionCount(), 4);
  backend.clock.advance(1);
  backend.handleTimeout();
  await Promise.all([silent.ended, slow.ended]);
  assert.deepEqual([backend.connectionCount(), backend.counters().expired], [2, 2]);
  await isServed(backend, peer, client);
}

async function refusesBroken({ backend, peer, join }: Setup): Promise<void> {
  const client = await join();
  for (const bytes of [Uint8Array.of(8, 1, 128), new Uint8Array(2 * 65)]) {
    const broken = await join();
    await broken.sendBytes(bytes);
    await broken.ended;
  }
  assert.equal(backend.counters().refused, 2);
  await client.sendBytes(new Uint8Array(2 * 64));
  await isServed(backend, peer, client);
}

async function limitsStrangers({ backend, peer, connect, join }: Setup): Promise<void> {
  const client = await join();
  const strangers: TcpClient[] = [];
  for (let i = 0; i < MAX_STRANGERS_OF_ONE + 1; i++) strangers.push(await connect());
  await strangers[0].ended;
  assert.equal(backend.counters().refused, 1);
  await strangers[1].send(stunRequest(UFRAG));
  await strangers[1].received.reach(1, "an answer to the request");
  await isServed(backend, peer, client);
  assert.equal(backend.connectionCount(), 1 + MAX_STRANGERS_OF_ONE);
}

async function limitsConnections({ backend, peer, join }: Setup): Promise<void> {
  const clients: TcpClient[] = [];
  for (let i = 0; i < MAX_PEER_CONNECTIONS; i++) clients.push(await join());
  await isServed(backend, peer, clients[0]);
  const another = await join();
  await clients[1].ended;
  for (const client of [clients[0], clients[2], another]) await isServed(backend, peer, client);
  assert.equal(backend.connectionCount(), MAX_PEER_CONNECTIONS);
}

async function survivesSlow({ backend, peer, openPeer, connect, join }: Setup): Promise<void> {
  const other = openPeer("another1");
  const served = await join("another1");
  const slow = await connect({ reads: false });
  await slow.send(stunRequest(UFRAG), media(1));
  const [{ from }] = await peer.handler.take(1);
  await served.send(media(1));
  const [{ from: toServed }] = await other.handler.take(1);
  const count = Math.ceil(FLOOD_BYTES / DATAGRAM);
  for (let number = 0; number < count; number++) {
    const slot = peer.socket.slot();
    assert.ok(slot);
    new DataView(slot.buffer, slot.byteOffset).setUint32(0, number);
    peer.socket.commit(DATAGRAM, from);
    if (number % 50 !== 0) continue;
    queue(other.socket, toServed, 5);
    backend.flush();
    await served.received.reach(1 + number / 50, "what the other peer sends, meanwhile");
  }
  backend.flush();
  assert.ok(peer.socket.dropped > FRAME_QUEUE_SIZE / DATAGRAM, `${peer.socket.dropped} were dropped`);
  assert.equal(other.socket.dropped, 0);
  slow.startReading();
  const numberOf = (datagram: Uint8Array) => new DataView(datagram.buffer).getUint32(0);
  await slow.received.find(
    (datagram) => datagram.length === DATAGRAM && numberOf(datagram) === count - 1,
    "the newest",
  );
  const numbers = slow.received.entries.filter(({ length }) => length === DATAGRAM).map(numberOf);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  assert.equal(numbers.length + peer.socket.dropped, count);
}

async function goesByBoth({ backend, peer: { socket, handler }, connect }: Setup): Promise<void> {
  const tcp = await connect();
  await tcp.send(stunRequest(UFRAG), media(1));
  const [{ from: overTcp }] = await handler.take(1);
  const udp = new DatagramClient();
  await udp.send(stunRequest(UFRAG), socket.port);
  await udp.send(media(2), socket.port);
  await udp.receive();
  const [{ bytes, from: overUdp }] = await handler.take(1);
  assert.deepEqual(bytes, media(2));
  tcp.received.entries.length = 0;
  for (let i = 0; i < 20; i++) queue(socket, i % 2 === 0 ? overTcp : overUdp, i);
  backend.flush();
  const values = (await udp.receiveAll(10)).map(({ bytes }) => bytes[0]);
  assert.deepEqual(values, Array.from({ length: 10 }, (_, i) => 2 * i + 1));
  await tcp.received.reach(10, "datagrams");
  assert.deepEqual(tcp.received.entries.map((datagram) => datagram[0]), values.map((value) => value - 1));
  assert.equal(socket.dropped, 0);
  udp.close();
}

async function closes({ backend, peer, openPeer, join, connect }: Setup): Promise<void> {
  const other = openPeer("another1");
  const served = await join("another1");
  const [first, second] = [await join(), await join()];
  await second.send(media(1));
  const [{ from }] = await peer.handler.take(1);
  for (let i = 0; i < 40; i++) queue(peer.socket, from, i);
  backend.flush();
  queue(peer.socket, from, 40);
  peer.socket.close();
  peer.socket.close();
  await Promise.all([first.ended, second.ended]);
  assert.deepEqual(second.received.entries.map((datagram) => datagram[0]), Array.from({ length: 41 }, (_, i) => i));
  assert.equal(backend.connectionCount(), 1);
  const late = await connect();
  await late.send(stunRequest(UFRAG));
  await late.ended;
  await served.send(media(2));
  assert.equal((await other.handler.take(1)).length, 1);
}

async function survivesEnd({ backend, peer, join }: Setup): Promise<void> {
  const [stays, leaves] = [await join(), await join()];
  await leaves.send(media(1));
  const [{ from }] = await peer.handler.take(1);
  await leaves.close();
  while (backend.connectionCount() > 1) await isServed(backend, peer, stays);
  for (let i = 0; i < 3; i++) queue(peer.socket, from, i);
  backend.flush();
  assert.equal(peer.socket.dropped, 3);
  await isServed(backend, peer, stays);
}
