/**
 * The server under test of `forward.ts`: one room, one publisher and N subscribers on real sockets, with the real
 * transport, cipher and engine; only HTTP, signaling and the DTLS handshake are left out. Prints how to reach each peer,
 * then its counters for each line on stdin.
 */
import { cpuUsage } from "node:process";
import type { DatagramSocket } from "../src/io/backend.ts";
import { chooseBackend } from "../src/io/choose_backend.ts";
import { systemClock } from "../src/io/clock.ts";
import { cryptoRandom } from "../src/io/random.ts";
import { MID_URI } from "../src/sfu/header_extensions.ts";
import { Peer } from "../src/sfu/peer.ts";
import { Room } from "../src/sfu/room.ts";
import { PeerTransport } from "../src/webrtc/peer_transport.ts";
import { keyedDtls } from "../tests/harness/keyed_dtls.ts";
import { TestClient } from "../tests/harness/test_client.ts";

/** How the load process reaches one peer. */
export interface BenchPeer {
  readonly port: number;
  readonly ufrag: string;
  readonly password: string;
}

/** What the server has spent and done so far. */
export interface BenchCounters {
  readonly cpuMicroseconds: number;
  readonly forwarded: number;
  readonly dropped: number;
  readonly rssBytes: number;
}

const CODEC = { mimeType: "video/vp8", clockRate: 90000, payloadType: 96, fmtp: "" };
const EXTENSIONS = [{ uri: MID_URI, id: 4 }];
const IGNORE = () => {};

const [subscriberCount, choice] = Deno.args;
const chosen = chooseBackend(choice === "native" ? "native" : "portable", cryptoRandom);
if (!chosen.ok) throw new Error(chosen.reason);
const { backend } = chosen;
const room = new Room("bench");
const sockets: DatagramSocket[] = [];

function addPeer(): { readonly peer: Peer; readonly reach: BenchPeer } {
  const nowMs = systemClock.now();
  const socket = backend.openSocket("127.0.0.1", {
    handleDatagram: (bytes, length, from) => transport.handleDatagram(bytes, length, from, systemClock.now()),
    endBatch() {
      transport.endBatch(systemClock.now());
      backend.flush();
    },
  });
  const transport: PeerTransport = new PeerTransport({
    datagrams: socket,
    dtls: keyedDtls(),
    ciphers: backend.ciphers,
    random: cryptoRandom,
    candidates: [],
    observer: { transportConnected: IGNORE, transportMoved: IGNORE, transportFailed: IGNORE },
    nowMs,
  });
  const observer = {
    peerJoined: IGNORE,
    peerLeft: IGNORE,
    trackPublished: IGNORE,
    trackUnpublished: IGNORE,
    trackEnded: IGNORE,
  };
  const peer = new Peer(room, { name: undefined, sender: transport, observer, random: cryptoRandom });
  transport.deliverTo(peer);
  room.addPeer(peer);
  sockets.push(socket);
  const local = transport.accept(new TestClient(IGNORE).remoteParameters);
  if (local === undefined) throw new Error("the transport refused the bench's client");
  return { peer, reach: { port: socket.port, ufrag: local.ufrag, password: local.password } };
}

const publisher = addPeer();
const track = publisher.peer.publish({
  mid: "0",
  kind: "video",
  source: "camera",
  codec: CODEC,
  headerExtensions: EXTENSIONS,
  ssrcs: [1000],
});
const subscribers = Array.from({ length: Number(subscriberCount) }, () => addPeer());
const consumers = subscribers.flatMap(({ peer }) =>
  peer.subscribe(track.id, { mid: "0", codec: CODEC, headerExtensions: EXTENSIONS }) ?? []
);
console.log(JSON.stringify([publisher, ...subscribers].map(({ reach }) => reach)));

function counters(): BenchCounters {
  const { user, system } = cpuUsage();
  return {
    cpuMicroseconds: user + system,
    forwarded: consumers.reduce((sum, consumer) => sum + consumer.stream.packetsSent, 0),
    dropped: sockets.reduce((sum, socket) => sum + socket.dropped, 0),
    rssBytes: Deno.memoryUsage().rss,
  };
}

for await (const _line of Deno.stdin.readable) console.log(JSON.stringify(counters()));
// The sockets would keep the process alive.
Deno.exit(0);
