import assert from "node:assert/strict";
import type { DatagramHandler, DatagramSocket } from "../../src/io/sockets.ts";
import { SLOT_SIZE } from "../../src/webrtc/datagram.ts";
import { DatagramClient, queue, RecordingHandler } from "./datagram_peer.ts";
import { randomSeed } from "./random_seed.ts";
import { seededRandom } from "./seeded_random.ts";

const IPV4 = "127.0.0.1";
const IPV6 = "::1";
/** As many as a plain socket's buffer holds, whatever their size. */
const SAFE_BURST = 40;

/** Sockets under test. */
export interface DatagramBackend {
  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket;
  flush(): void;
  /** Until `resume` nothing leaves, as where the kernel's buffer is full. */
  stall(): void;
  resume(): void;
  /** Closes what is still open. */
  close(): Promise<void>;
}

export interface DatagramContractOptions {
  /** Called once for each test. */
  readonly open: (hostname: string) => DatagramBackend;
  readonly permissions: Deno.PermissionOptionsObject;
  /** Where what it needs is not there. */
  readonly ignore?: boolean;
  /** Datagrams that wait at most. */
  readonly queueLength: number;
}

/** One socket, its handler, and a client that it knows. */
interface Setup {
  readonly backend: DatagramBackend;
  readonly socket: DatagramSocket;
  readonly handler: RecordingHandler;
  readonly client: DatagramClient;
}

/** What every socket of a backend must do, as tests. */
export function datagramContract(name: string, options: DatagramContractOptions): void {
  const { open, permissions, ignore = false, queueLength } = options;
  const contract = (behaviour: string, check: (setup: Setup) => Promise<void>, hostname = IPV4) =>
    Deno.test({
      name: `datagrams ${name}: ${behaviour}`,
      permissions,
      ignore,
      fn: () => withSetup(open(hostname), hostname, check),
    });

  for (const [version, hostname] of [["IPv4", IPV4], ["IPv6", IPV6]]) {
    contract(`B150: what a client sends by ${version} is received, and an answer finds it`, answers, hostname);
  }
  contract("B150: a batch ends behind its datagrams, and their bytes stay until then", endsBatches);
  contract("B151: datagrams to one address arrive in their order, whatever their sizes", keepsOrder);
  contract("B151: 64 KiB of datagrams of one size leave by one flush", sendsMany);
  contract("B152: a full queue drops its oldest datagrams for new ones", (setup) => dropsOldest(setup, queueLength));
  contract("B153: a datagram of 2048 bytes is received, a longer one is dropped", dropsLong);
  contract("B153: a datagram that cannot be sent costs itself alone", losesUnsendable);
  contract("B153: a client that is gone, and says so by ICMP, disturbs no other", survivesRefusal);
  contract("B153: garbage of any length from a stranger disturbs no client", survivesGarbage);
  contract("B28: a closed socket takes and gives nothing more, and closes once", closes);
}

async function withSetup(backend: DatagramBackend, hostname: string, check: (setup: Setup) => Promise<void>) {
  const handler = new RecordingHandler();
  const client = new DatagramClient(hostname);
  try {
    const socket = backend.openSocket(hostname, handler);
    const from = await client.greet(socket, handler);
    queue(socket, from, 0);
    backend.flush();
    await client.receive();
    await check({ backend, socket, handler, client });
    socket.close();
  } finally {
    client.close();
    await backend.close();
  }
}

async function answers({ backend, socket, handler, client }: Setup): Promise<void> {
  await client.send(new Uint8Array(77).fill(5), socket.port);
  const [{ bytes, from }] = await handler.take(1);
  assert.deepEqual([bytes.length, bytes[0], from.hostname, from.port], [
    77,
    5,
    client.address.hostname,
    client.address.port,
  ]);
  queue(socket, from, 6, 1200);
  backend.flush();
  const answer = await client.receive();
  assert.deepEqual(answer.bytes, new Uint8Array(1200).fill(6));
  assert.equal(answer.from.port, socket.port);
}

async function endsBatches({ socket, handler, client }: Setup): Promise<void> {
  handler.batches.length = 0;
  for (let i = 0; i < SAFE_BURST; i++) await client.send(new Uint8Array(100 + i).fill(i), socket.port);
  const received = await handler.take(SAFE_BURST);
  assert.deepEqual(received.map(({ bytes }) => bytes), received.map((_, i) => new Uint8Array(100 + i).fill(i)));
  assert.equal(handler.batches.reduce((sum, count) => sum + count, 0), SAFE_BURST, "each batch was ended");
}

async function keepsOrder({ backend, socket, client }: Setup): Promise<void> {
  const seed = randomSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 10; round++) {
    const lengths = Array.from({ length: SAFE_BURST }, () => [1, 2, 500, 1200, 1201][random.uint32() % 5]);
    lengths.forEach((length, i) => queue(socket, client.address, i, length));
    backend.flush();
    const received = await client.receiveAll(SAFE_BURST);
    assert.deepEqual(received.map(({ bytes }) => bytes), lengths.map((n, i) => new Uint8Array(n).fill(i)), `${seed}`);
  }
  assert.equal(socket.dropped, 0);
}

async function sendsMany({ backend, socket, client }: Setup): Promise<void> {
  for (let i = 0; i < 64; i++) queue(socket, client.address, i, 1024);
  backend.flush();
  assert.deepEqual((await client.receiveAll(64)).map(({ bytes }) => [bytes.length, bytes[0]]), range(64, 1024));
}

async function dropsOldest({ backend, socket, client }: Setup, queueLength: number): Promise<void> {
  backend.stall();
  for (let i = 0; i < queueLength + 300; i++) assert.ok(queue(socket, client.address, i, 1 + (i >> 8)));
  assert.equal(socket.dropped, 300);
  backend.resume();
  const { bytes } = await client.receive();
  assert.deepEqual([bytes.length, bytes[0]], [1 + (300 >> 8), 300 & 255], "the oldest that was kept");
}

async function dropsLong({ socket, handler, client }: Setup): Promise<void> {
  for (const length of [SLOT_SIZE, SLOT_SIZE + 1, 9000, 60_000, 3]) {
    await client.send(new Uint8Array(length), socket.port);
  }
  assert.deepEqual((await handler.take(2)).map(({ bytes }) => bytes.length), [SLOT_SIZE, 3]);
}

async function losesUnsendable({ backend, socket, client }: Setup): Promise<void> {
  queue(socket, client.address, 1);
  for (let i = 0; i < 3; i++) queue(socket, { hostname: IPV4, port: 0 }, 2);
  queue(socket, client.address, 3);
  backend.flush();
  assert.deepEqual((await client.receiveAll(2)).map(({ bytes }) => bytes[0]), [1, 3]);
  assert.equal(socket.dropped, 3);
}

async function survivesRefusal({ backend, socket, handler, client }: Setup): Promise<void> {
  const gone = new DatagramClient();
  gone.close();
  for (let i = 0; i < 5; i++) {
    queue(socket, gone.address, i);
    backend.flush();
    await client.send(new Uint8Array(10).fill(i), socket.port);
    const [{ bytes, from }] = await handler.take(1);
    queue(socket, from, bytes[0]);
    backend.flush();
    assert.equal((await client.receive()).bytes[0], i);
  }
}

async function survivesGarbage({ socket, handler, client }: Setup): Promise<void> {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const stranger = new DatagramClient();
  for (let i = 0; i < 300; i++) {
    const garbage = Uint8Array.from({ length: random.uint32() % 2200 }, () => random.uint32());
    if (i % 2 === 0) {
      garbage.set(garbage.subarray(0, 20).map((byte, at) => [0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42][at] ?? byte));
    }
    await stranger.send(garbage, socket.port);
    if (i % SAFE_BURST !== 0) continue;
    await client.send(new Uint8Array(7).fill(9), socket.port);
    while (!(await handler.take(1)).some(({ from }) => from.port === client.address.port));
  }
  stranger.close();
  assert.equal(socket.dropped, 0, `seed ${seed}`);
}

async function closes({ backend, socket, handler, client }: Setup): Promise<void> {
  for (let i = 0; i < SAFE_BURST; i++) queue(socket, client.address, i);
  backend.flush();
  socket.close();
  socket.close();
  assert.equal(socket.slot(), undefined);
  assert.deepEqual((await client.receiveAll(SAFE_BURST)).map(({ bytes }) => [bytes.length, bytes[0]]), range(40, 100));
  await client.send(new Uint8Array(5), socket.port);
  assert.deepEqual(handler.received, []);
}

/** What `count` datagrams of one length hold, each its own number. */
function range(count: number, length: number): number[][] {
  return Array.from({ length: count }, (_, i) => [length, i]);
}
