import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { MediaEngine } from "../../src/media/media_engine.ts";
import type { DatagramReceiver } from "../../src/media/media_socket.ts";
import type { MediaBus } from "../../src/media/media_bus.ts";
import type { PeerCommand, PeerEvent, PeerOpening, SocketHandle } from "../../src/media/messages.ts";
import type { SrtpKeying } from "../../src/webrtc/dtls.ts";
import { fixedKeys } from "./keyed_dtls.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";
import { seededRandom } from "./seeded_random.ts";
import { TestClient } from "./test_client.ts";

/** What a TestClient and its server have agreed on: a copy, as whoever takes it wipes it. */
export function testKeying(): SrtpKeying {
  const { profile, local, remote } = fixedKeys("SRTP_AEAD_AES_128_GCM");
  return { profile, local, remote };
}

/** What the media side of the peer with this number begins with. */
export function openingOf(peer: number, roomId = "room"): PeerOpening {
  const number = `${peer}`.padStart(3, "0");
  return { roomId, peerId: `peer${number}`, ssrc: peer, ice: { ufrag: `serve${number}`, password: "p".repeat(24) } };
}

const SOCKET: Omit<SocketHandle, "id"> = { port: 5000, family: "ipv4", isWildcard: false, isShared: false };

/** A peer of a MediaSetup: its client, its socket, and what the engine tells of it. */
export interface MediaSetupPeer {
  readonly number: number;
  readonly opening: PeerOpening;
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly events: PeerEvent[];
  say(command: PeerCommand): void;
  /** ICE and the handshake; what was sent and told of them is taken. */
  connect(): void;
  /** The RTP packets that its client got since the last call, decrypted. */
  received(): Uint8Array[];
}

/** The engine's end of a peer. */
interface Attached {
  readonly datagrams: MemoryDatagrams;
  readonly events: PeerEvent[];
  /** Takes what comes at its socket; undefined where that could not be attached. */
  receiver?: DatagramReceiver;
}

/** A media engine under a virtual clock, and the sockets of its peers, which are arrays. */
export class MediaSetup {
  nowMs = 0;
  readonly engine: MediaEngine;
  /** What attaching a socket throws. */
  attachFailure: Error | undefined;
  /** Tracks that ended on their way between engines by a fault, and why. */
  readonly relayFaults: string[] = [];
  readonly #peers: Attached[] = [];

  /** `bus` is that to other engines. */
  constructor(bus?: MediaBus) {
    this.engine = new MediaEngine({
      ciphers: portableCiphers,
      random: seededRandom(1),
      equalizesLengths: false,
      attachSocket: ({ id }, receiver) => {
        if (this.attachFailure !== undefined) throw this.attachFailure;
        this.#peers[id].receiver = receiver;
        return this.#peers[id].datagrams;
      },
      emit: (peer, event) => this.#peers[peer].events.push(event),
      relayFaulty: (trackId, detail) => this.relayFaults.push(`${trackId}: ${detail}`),
      ...(bus !== undefined && { bus }),
    });
  }

  /** Opens a peer; `datagrams` are its socket. */
  open(roomId = "room", datagrams = new MemoryDatagrams(), limits: Partial<PeerOpening> = {}): MediaSetupPeer {
    const number = this.#peers.length;
    const peer: Attached = { datagrams, events: [] };
    this.#peers.push(peer);
    const opening = { ...openingOf(number, roomId), ...limits };
    const say = (command: PeerCommand) => {
      this.engine.handleCommand(number, command, this.nowMs);
      // A track begins by the tick.
      if (command.type === "subscribe") this.engine.handleTimeout(this.nowMs);
    };
    say({ type: "open", ...opening, socket: { ...SOCKET, id: number } });
    const client = new TestClient((bytes, from) => {
      peer.receiver?.handleDatagram(bytes, bytes.length, from, this.nowMs);
      peer.receiver?.endBatch(this.nowMs);
    });
    return {
      number,
      opening,
      client,
      datagrams,
      events: peer.events,
      say,
      connect() {
        client.connect(opening.ice);
        say({ type: "connect", keying: testKeying() });
        datagrams.take();
        peer.events.length = 0;
      },
      received() {
        const opened = datagrams.take().flatMap(({ bytes }) => client.open(bytes) ?? []);
        return opened.filter(({ kind }) => kind === "rtp").map(({ plain }) => plain);
      },
    };
  }
}
