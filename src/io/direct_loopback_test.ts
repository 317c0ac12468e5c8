import assert from "node:assert/strict";
import { sendFrame } from "../../tests/harness/bus_journal.ts";
import { connectNodes, type LoopbackNode, openLoopbackNode, until } from "../../tests/harness/direct_loopback.ts";
import { DatagramClient } from "../../tests/harness/datagram_peer.ts";
import { answeringSends, type SendCall, testLibc, WITH_LIBC } from "../../tests/harness/native_libc.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { readUint32, writeUint32 } from "../rtp/bytes.ts";
import type { Libc } from "./native/libc.ts";
import { openNativeSockets } from "./native/sockets.ts";
import { portableCiphers } from "./portable/cipher.ts";
import { PortableSockets } from "./portable/sockets.ts";
import type { Sockets } from "./sockets.ts";

const ROOM = "room";
const TO_OTHER = 1 << 1;
const FRAMES = 100_000;
const FRAME_LENGTH = 120;
const A_BURST = 500;

const NET = { net: ["127.0.0.1", "[::1]"] };

interface Setup {
  readonly a: LoopbackNode;
  readonly b: LoopbackNode;
  readonly sockets: readonly Sockets[];
}

function openNative(libc: Libc): Sockets {
  const opened = openNativeSockets({ random: seededRandom(1), libc });
  assert.ok(opened.ok);
  return opened.sockets;
}

const BACKENDS = [
  {
    backend: "portable",
    permissions: NET,
    ignore: false,
    hostnames: ["::1"],
    open: () => new PortableSockets(),
  },
  {
    backend: "native",
    permissions: { ...WITH_LIBC.permissions, ...NET },
    ignore: WITH_LIBC.ignore,
    hostnames: ["::1", "::"],
    open: () => openNative(testLibc()),
  },
] as const;

/** Two nodes that hear each other, each with sockets of its own. */
async function withNodes(
  openSockets: () => Sockets,
  test: (setup: Setup) => Promise<void>,
  hostname?: string,
): Promise<void> {
  const sockets = [openSockets(), openSockets()];
  const [a, b] = sockets.map((each, i) =>
    openLoopbackNode(each, portableCiphers, `node-${i}`, `node-${1 - i}`, hostname)
  );
  try {
    await connectNodes(a, b);
    await test({ a, b, sockets });
  } finally {
    for (const { path } of [a, b]) path.close();
    for (const each of sockets) await each.close();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

for (const { backend, permissions, ignore, hostnames, open } of BACKENDS) {
  Deno.test({
    name: `B470: ${backend}: by real sockets 100,000 frames come in order, and each that does not come is counted`,
    permissions,
    ignore,
    fn: () =>
      withNodes(open, async ({ a, b, sockets: [socketsOfA] }) => {
        const frame = new Uint8Array(FRAME_LENGTH);
        for (let i = 0; i < FRAMES; i++) {
          writeUint32(frame, 0, i);
          assert.ok(sendFrame(a.path.bus, ROOM, TO_OTHER, frame));
          // As many at once as a burst of key frames; now and then far more than what may wait.
          if (i % (i % 20_000 < 10_000 ? A_BURST : 20 * A_BURST) !== 0) continue;
          a.path.bus.flush();
          socketsOfA.flush();
          await nextTurn();
        }
        a.path.bus.flush();
        socketsOfA.flush();
        const { counters } = b.path.bus;
        await until(
          () => counters.framesReceived + counters.lost >= FRAMES,
          `${counters.framesReceived} came, ${counters.lost} are lost`,
        );
        assert.equal(counters.framesReceived + counters.lost, FRAMES);
        assert.ok(counters.framesReceived > FRAMES / 10, `${counters.framesReceived} came`);
        const numbers = b.journal.frames.map(({ bytes }) => readUint32(bytes, 0));
        assert.equal(numbers.length, counters.framesReceived);
        assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), "in order");
        assert.ok(b.journal.frames.every(({ bytes }) => bytes.length === FRAME_LENGTH), "whole");
        const { strangers, stale, forged, malformed } = b.path.bus.datagrams;
        assert.deepEqual([stale, forged, malformed], [0, 0, 0]);
        // What a said before b knew it.
        assert.ok(strangers <= 1);
      }),
  });

  for (const hostname of hostnames) {
    Deno.test({
      name: `B470: ${backend}: nodes that are bound to ${hostname} reach each other`,
      permissions,
      ignore,
      fn: () =>
        withNodes(open, async ({ a, b, sockets }) => {
          sendFrame(a.path.bus, ROOM, TO_OTHER, "frame");
          a.path.bus.flush();
          sockets[0].flush();
          await until(() => b.journal.frames.length > 0, "the frame comes");
          assert.deepEqual(b.journal.textsOf(1), ["frame"]);
        }, hostname),
    });
  }

  Deno.test({
    name: `B464: ${backend}: datagrams of any length from a stranger are not answered, and disturb nothing`,
    permissions,
    ignore,
    fn: () =>
      withNodes(open, async ({ a, b, sockets: [socketsOfA] }) => {
        const stranger = new DatagramClient();
        const answer = stranger.receive().then(() => true, () => false);
        for (const length of [0, 1, 39, 40, 1232, 2048, 2049, 9000, 60_000]) {
          await stranger.send(new Uint8Array(length).fill(0x53), b.path.port);
          sendFrame(a.path.bus, ROOM, TO_OTHER, `behind ${length}`);
          a.path.bus.flush();
          socketsOfA.flush();
        }
        await until(() => b.journal.frames.length === 9, "all frames come");
        assert.equal(b.path.bus.counters.lost, 0);
        assert.ok(b.path.isUp(a.name));
        stranger.close();
        assert.equal(await answer, false);
      }),
  });

  Deno.test({
    name: `B471: ${backend}: a port that another one has is told at once, and is free again when the path is closed`,
    permissions,
    ignore,
    async fn() {
      const sockets = [open(), open()];
      const handler = { handleDatagram() {}, endBatch() {} };
      const socket = sockets[0].openNodeSocket("127.0.0.1", 0, handler);
      assert.throws(() => sockets[1].openNodeSocket("127.0.0.1", socket.port, handler));
      socket.close();
      socket.close();
      const isFree = () => {
        try {
          return sockets[1].openNodeSocket("127.0.0.1", socket.port, handler).port === socket.port;
        } catch {
          return false;
        }
      };
      await until(isFree, "the port is free");
      for (const each of sockets) await each.close();
    },
  });
}

Deno.test({
  name: "B470: portable: a socket of IPv6 sends to IPv4 by mapped addresses, one of IPv4 to no other",
  permissions: NET,
  async fn() {
    const sockets = new PortableSockets();
    const resolved = ["127.0.0.1", "::1"].map((hostname) => {
      const socket = sockets.openNodeSocket(hostname, 0, { handleDatagram() {}, endBatch() {} });
      return ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "example"].map((to) =>
        socket.resolve({ hostname: to, port: 5 })?.hostname
      );
    });
    assert.deepEqual(resolved, [
      ["192.0.2.1", "192.0.2.1", undefined, undefined],
      ["::ffff:192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", undefined],
    ]);
    await sockets.close();
  },
});

Deno.test({
  name: "B470: native: what one flush has for a node leaves by one call, datagrams of one length as one message",
  permissions: { ...WITH_LIBC.permissions, ...NET },
  ignore: WITH_LIBC.ignore,
  async fn() {
    const calls: SendCall[] = [];
    const watched = () => openNative(answeringSends(testLibc(), (call) => void calls.push(call)));
    await withNodes(watched, async ({ a, b, sockets: [socketsOfA] }) => {
      calls.length = 0;
      for (let i = 0; i < 20; i++) sendFrame(a.path.bus, ROOM, TO_OTHER, new Uint8Array(1000 + i).fill(i));
      a.path.bus.flush();
      socketsOfA.flush();
      const datagrams = calls.map(({ messages }) => messages.map((message) => message.datagrams));
      assert.deepEqual(datagrams, [[17]]);
      await until(() => b.journal.frames.length === 20, "all frames come");
    });
  },
});
