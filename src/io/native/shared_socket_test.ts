import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { DatagramClient, queue, RecordingHandler, stunRequest } from "../../../tests/harness/datagram_peer.ts";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { randomSeed } from "../../../tests/harness/random_seed.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import type { RemoteAddress } from "../../webrtc/datagram.ts";
import { StunMessage } from "../../webrtc/stun.ts";
import type { DatagramSocket } from "../sockets.ts";
import { TAKEOVER_MS } from "./peer_addresses.ts";
import { type NativeSockets, openNativeSockets } from "./sockets.ts";

const LOOPBACK = "127.0.0.1";

const { ignore } = WITH_LIBC;
const permissions = { ...WITH_LIBC.permissions, net: [LOOPBACK] };

interface Peer {
  readonly socket: DatagramSocket;
  readonly handler: RecordingHandler;
}

async function withPort(
  check: (sockets: NativeSockets, open: (ufrag?: string) => Peer, clock: VirtualClock) => Promise<void>,
) {
  const clock = new VirtualClock(1000);
  const opened = openNativeSockets({
    random: seededRandom(1),
    shared: { hostname: LOOPBACK, port: 0 },
    libc: testLibc(),
    now: () => clock.now(),
  });
  assert.ok(opened.ok);
  const { sockets } = opened;
  await check(sockets, (ufrag) => {
    const handler = new RecordingHandler();
    const socket = openAttached(sockets, LOOPBACK, handler);
    if (ufrag !== undefined) socket.claimUfrag(ufrag);
    return { socket, handler };
  }, clock);
  await sockets.close();
}

/** A STUN request of the client to this ufrag, which the peer answers. */
async function check(client: DatagramClient, { socket, handler }: Peer, ufrag: string): Promise<RemoteAddress> {
  await client.send(stunRequest(ufrag), socket.port);
  const [{ from }] = await handler.take(1);
  queue(socket, from, 0);
  return from;
}

/** What the peer gets when the client sends one datagram that is no STUN. */
async function passes(client: DatagramClient, { socket, handler }: Peer, value: number): Promise<void> {
  await client.send(new Uint8Array(20).fill(value), socket.port);
  assert.equal((await handler.take(1))[0].bytes[0], value);
}

Deno.test({
  name: "B156: clients are told apart by the ufrag of their STUN requests, and by their address afterwards",
  ignore,
  permissions,
  fn: () =>
    withPort(async (_, open, clock) => {
      const peers = ["ufragOne", "ufragTwo"].map((ufrag) => ({ ufrag, ...open(ufrag), client: new DatagramClient() }));
      assert.equal(peers[0].socket.port, peers[1].socket.port);
      for (const peer of peers) await check(peer.client, peer, peer.ufrag);
      for (const [i, peer] of peers.entries()) await passes(peer.client, peer, 200 + i);
      // Another client of the first peer, and the first client's request to the other peer.
      const second = new DatagramClient();
      await check(second, peers[0], "ufragOne");
      await passes(second, peers[0], 210);
      clock.advance(TAKEOVER_MS);
      await check(second, peers[1], "ufragTwo");
      await passes(second, peers[1], 211);
      await passes(peers[0].client, peers[0], 212);
      for (const { client, handler } of peers) {
        assert.deepEqual(handler.received, []);
        client.close();
      }
      second.close();
    }),
});

Deno.test({
  name: "B179: a request from a peer's address to another one is answered, and takes over only what was silent for 7 s",
  ignore,
  permissions,
  fn: () =>
    withPort(async (sockets, open, clock) => {
      const [victim, other] = [open("ufragOne"), open("ufragTwo")];
      const client = new DatagramClient();
      // What comes from there to the other is, for all that the port knows, spoofed.
      const request = async () => {
        await check(client, other, "ufragTwo");
        sockets.flush();
        assert.equal((await client.receive()).bytes.length, 100, "the answer");
      };
      await check(client, victim, "ufragOne");
      sockets.flush();
      await client.receive();
      await request();
      await passes(client, victim, 200);
      for (let i = 0; i < 3; i++) {
        clock.advance(TAKEOVER_MS - 1);
        await request();
        await passes(client, victim, 201 - 50 * (i % 2));
      }
      clock.advance(TAKEOVER_MS - 1);
      // Who comes there new begins by DTLS: it is no sign of who was there before.
      await passes(client, victim, 22);
      clock.advance(1);
      await request();
      await passes(client, other, 203);
      assert.deepEqual([victim.handler.received, other.handler.received], [[], []]);
      client.close();
    }),
});

Deno.test({
  name: "B156: what was not answered leaves no route; strangers and unknown ufrags reach nobody",
  ignore,
  permissions,
  fn: () =>
    withPort(async (sockets, open) => {
      const peer = open("ufragOne");
      const [client, stranger] = [new DatagramClient(), new DatagramClient()];
      await stranger.send(stunRequest("ufragOne"), peer.socket.port);
      await peer.handler.take(1);
      await stranger.send(new Uint8Array(20).fill(128), peer.socket.port);
      await stranger.send(stunRequest("ufragXXX"), peer.socket.port);
      await stranger.send(stunRequest("ufragOne").fill(0, 4, 8), peer.socket.port);
      await check(client, peer, "ufragOne");
      assert.deepEqual(peer.handler.received, []);
      assert.equal(sockets.counters.unrouted, 3);
      client.close();
      stranger.close();
    }),
});

Deno.test({
  name: "B156: requests of the ICE generation before reach the peer after a restart, and the newest four are kept",
  ignore,
  permissions,
  fn: () =>
    withPort(async (sockets, open) => {
      const peer = open();
      const client = new DatagramClient();
      for (let i = 0; i < 6; i++) peer.socket.claimUfrag(`ufrag00${i}`);
      for (const i of [5, 2]) await check(client, peer, `ufrag00${i}`);
      const late = new DatagramClient();
      await late.send(stunRequest("ufrag001"), peer.socket.port);
      await check(client, peer, "ufrag003");
      assert.equal(sockets.counters.unrouted, 1);
      client.close();
      late.close();
    }),
});

Deno.test({
  name: "B44, B157: a peer that closes leaves no route, and its neighbours stay",
  ignore,
  permissions,
  fn: () =>
    withPort(async (sockets, open) => {
      const [gone, stays] = [open("ufragOne"), open("ufragTwo")];
      const [client, other] = [new DatagramClient(), new DatagramClient()];
      const from = await check(client, gone, "ufragOne");
      await check(other, stays, "ufragTwo");
      gone.socket.close();
      gone.socket.close();
      gone.socket.claimUfrag("ufragOne");
      assert.equal(queue(gone.socket, from, 1), false);
      gone.socket.commit(5, from);
      await client.send(new Uint8Array(20).fill(128), stays.socket.port);
      await client.send(stunRequest("ufragOne"), stays.socket.port);
      await passes(other, stays, 200);
      assert.equal(sockets.counters.unrouted, 2);
      assert.deepEqual(gone.handler.received, []);
      const next = open("ufragOne");
      await check(client, next, "ufragOne");
      await passes(client, next, 201);
      client.close();
      other.close();
    }),
});

Deno.test({
  name: "B150: each peer that got a datagram of a batch gets its end, once",
  ignore,
  permissions,
  fn: () =>
    withPort(async (_, open) => {
      const peers = ["ufragOne", "ufragTwo"].map((ufrag) => ({ ufrag, ...open(ufrag), client: new DatagramClient() }));
      const idle = open("ufragSix");
      for (const peer of peers) await check(peer.client, peer, peer.ufrag);
      for (const { handler } of peers) handler.batches.length = 0;
      for (let i = 0; i < 10; i++) {
        for (const { client, socket } of peers) await client.send(Uint8Array.of(200), socket.port);
      }
      for (const { handler, client } of peers) {
        await handler.take(10);
        assert.equal(handler.batches.reduce((sum, count) => sum + count, 0), 10);
        client.close();
      }
      assert.deepEqual(idle.handler.batches, []);
    }),
});

Deno.test({
  name: "a slot that another peer has asked for since is not sent for the first",
  ignore,
  permissions,
  fn: () =>
    withPort(async (sockets, open) => {
      const [one, two] = [open("ufragOne"), open("ufragTwo")];
      const client = new DatagramClient();
      one.socket.slot()?.fill(1, 0, 100);
      two.socket.slot()?.fill(2, 0, 100);
      one.socket.commit(100, client.address);
      two.socket.commit(100, client.address);
      sockets.flush();
      assert.equal((await client.receive()).bytes[0], 2);
      assert.deepEqual([one.socket.dropped, two.socket.dropped], [1, 0]);
      client.close();
    }),
});

Deno.test({
  name: "B45, B156: a stranger's datagrams reach a peer only as requests to its ufrag, and move no client",
  ignore,
  permissions,
  fn: () =>
    withPort(async (_, open) => {
      const seed = randomSeed();
      const random = seededRandom(seed);
      const peer = open("ufragOne");
      const [client, stranger] = [new DatagramClient(), new DatagramClient()];
      const strange: Uint8Array[] = [];
      await check(client, peer, "ufragOne");
      for (let i = 0; i < 400; i++) {
        const bytes = random.uint32() % 2 === 0
          ? stunRequest("ufragOne")
          : Uint8Array.from({ length: random.uint32() % 100 }, () => random.uint32());
        for (let k = random.uint32() % 4; k > 0 && bytes.length > 0; k--) {
          bytes[random.uint32() % bytes.length] ^= random.uint32();
        }
        await stranger.send(bytes.subarray(0, bytes.length - random.uint32() % 2), peer.socket.port);
        if (i % 20 !== 0) continue;
        await client.send(new Uint8Array(20).fill(200), peer.socket.port);
        strange.push(...await takeUntil(peer, client));
      }
      await client.send(new Uint8Array(20).fill(201), peer.socket.port);
      strange.push(...await takeUntil(peer, client));
      assert.ok(strange.length > 0 && strange.every((bytes) => requests(bytes, "ufragOne")), `seed ${seed}`);
      client.close();
      stranger.close();
    }),
});

/** What comes from others until the client's next datagram. */
async function takeUntil({ handler }: Peer, { address }: DatagramClient): Promise<Uint8Array[]> {
  const others: Uint8Array[] = [];
  for (;;) {
    const [{ bytes, from }] = await handler.take(1);
    if (from.port === address.port) return others;
    others.push(bytes);
  }
}

function requests(bytes: Uint8Array, ufrag: string): boolean {
  const message = new StunMessage();
  return message.parse(bytes, bytes.length) && message.isAddressedTo(ufrag);
}
