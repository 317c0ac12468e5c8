import assert from "node:assert/strict";
import { localAddresses } from "../../src/io/addresses.ts";
import { LocalMedia } from "../../src/io/local_media.ts";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import type { DatagramHandler, DatagramSocket, Sockets } from "../../src/io/sockets.ts";
import { Switchboard } from "../../src/io/switchboard.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/signaling/limits.ts";
import { type ServerMessage, serverMessageSchema } from "../../src/signaling/messages.ts";
import { limitRefusals } from "../../src/signaling/refusals.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";
import { buildOffer } from "./offer_builder.ts";
import { seededRandom } from "./seeded_random.ts";
import { credentialsOf } from "./signaling_room.ts";
import { TestClient } from "./test_client.ts";
import { VirtualClock } from "./virtual_clock.ts";

class FakeSocket extends MemoryDatagrams implements DatagramSocket {
  readonly port = 5000;
  readonly handler: DatagramHandler;

  constructor(handler: DatagramHandler) {
    super();
    this.handler = handler;
  }
}

/** A Switchboard whose clock, sockets and WebSockets are the test's. */
export function setUp(hostname = "127.0.0.1", limits: Partial<Limits> = {}) {
  const clock = new VirtualClock();
  const sockets: FakeSocket[] = [];
  let failure: Error | undefined;
  let flushes = 0;
  let closes = 0;
  const open: Sockets = {
    segmentation: false,
    isBatched: false,
    openSocket() {
      if (failure !== undefined) throw failure;
      return { id: 0, port: 5000, family: "ipv4", isWildcard: false, isShared: false };
    },
    attachSocket(_handle, handler) {
      const socket = new FakeSocket(handler);
      sockets.push(socket);
      return socket;
    },
    openNodeSocket() {
      throw new Error("there are no other nodes here");
    },
    closeSocket() {},
    close() {
      closes++;
      return Promise.resolve();
    },
    probe() {
      if (failure !== undefined) throw failure;
    },
    onFlushed() {},
    flush: () => void flushes++,
  };
  const random = seededRandom(1);
  const media = new LocalMedia({ sockets: open, ciphers: portableCiphers, clock, random });
  const switchboard = new Switchboard({
    backend: { name: "portable", workers: 0, dtls: keyedDtls(), media, close: () => media.close() },
    clock,
    random,
    hostname,
    addresses: () => localAddresses([hostname], []),
    codecs: ["audio/opus", "video/vp8"],
    iceServers: () => [],
    limits: { ...DEFAULT_LIMITS, ...limits },
    unixSeconds: () => Math.floor(clock.now() / 1000),
  });
  const connect = (address = "192.0.2.1") => {
    const received: ServerMessage[] = [];
    const closed: number[] = [];
    const endpoint = switchboard.connect({
      send: (text) => received.push(serverMessageSchema.parse(JSON.parse(text))),
      close: (code) => closed.push(code),
    }, address);
    const say = (message: unknown) => {
      endpoint.handleMessage(JSON.stringify(message));
      return received.splice(0);
    };
    return { endpoint, say, closed, received };
  };
  const fail = (error: Error | undefined) => failure = error;
  return { clock, sockets, switchboard, connect, fail, flushes: () => flushes, closes: () => closes };
}

type Setup = ReturnType<typeof setUp>;

/** Joins, offers a camera, and completes ICE and DTLS. */
export function joinConnected({ connect, sockets }: Setup) {
  const client = connect();
  const [welcome] = client.say({ type: "join", roomId: "room" });
  const socket = sockets[sockets.length - 1];
  const test = new TestClient((bytes, from) => {
    socket.handler.handleDatagram(bytes, bytes.length, from);
    socket.handler.endBatch();
  });
  const line = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000 } as const;
  const answer = client.say({ type: "offer", sdp: buildOffer([line]) }).find((message) => message.type === "answer");
  assert.ok(answer);
  const credentials = credentialsOf(answer.sdp);
  test.connect(credentials);
  const { peerId = "", resume: token } = welcome.type === "welcome" ? welcome : {};
  return { ...client, socket, test, credentials, peerId, token };
}

/** What is alive in a server without peers. */
export const NOTHING = {
  rooms: 0,
  peers: 0,
  producers: 0,
  consumers: 0,
  ssrcs: 0,
  sessions: 0,
  sockets: 0,
  connections: 0,
  timers: 0,
  refusals: limitRefusals({}),
};
