import assert from "node:assert/strict";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import type { MediaSink } from "../../src/sfu/media_sink.ts";
import type { Fingerprint } from "../../src/webrtc/fingerprint.ts";
import { HandshakeLimit } from "../../src/webrtc/handshake_limit.ts";
import { IceGenerations } from "../../src/webrtc/ice_generations.ts";
import { PeerConnection } from "../../src/webrtc/peer_connection.ts";
import { PeerTransport } from "../../src/webrtc/peer_transport.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { MemoryDatagrams } from "./memory_datagrams.ts";
import { seededRandom } from "./seeded_random.ts";
import { TestClient } from "./test_client.ts";

/** Both sides of one peer's WebRTC transport and its client, under a clock that the test sets. */
export interface TransportSetup {
  readonly transport: PeerTransport;
  readonly connection: PeerConnection;
  readonly client: TestClient;
  readonly datagrams: MemoryDatagrams;
  readonly server: { readonly ufrag: string; readonly password: string };
  /** What observer and sink were told. */
  readonly told: string[];
  nowMs: number;
}

/**
 * A transport whose MediaSink is a mock, and a client; the offer is accepted, nothing is connected. It announces the
 * client's own certificate unless fingerprints are given.
 */
export function setUpTransport(fingerprints?: readonly Fingerprint[], maxBitrateIn?: number): TransportSetup {
  const datagrams = new MemoryDatagrams();
  const told: string[] = [];
  const ice = new IceGenerations(seededRandom(1));
  let hasAddress = false;
  const transport: PeerTransport = new PeerTransport({
    datagrams,
    ciphers: portableCiphers,
    ice: ice.local,
    observer: {
      dtlsReceived: (bytes, nowMs) => connection.handleDtls(bytes, client.address.hostname, nowMs),
      iceCredentialsUsed: (ufrag) => connection.handleIceCredentialsUsed(ufrag),
      addressSelected() {
        if (hasAddress) told.push("moved");
        hasAddress = true;
      },
      bitrateExceeded: () => told.push("bitrate exceeded"),
      transportFailed: (reason) => told.push(`failed: ${reason}`),
    },
    maxBitrateIn,
    nowMs: 0,
  });
  const connection: PeerConnection = new PeerConnection({
    dtls: keyedDtls(),
    handshakes: new HandshakeLimit(),
    ice,
    candidates: () => ["candidate:1 1 udp 1 192.0.2.9 5000 typ host"],
    transport,
    observer: {
      connected: () => told.push("connected"),
      connectionFailed: (reason) => told.push(`failed: ${reason}`),
    },
  });
  const sink: MediaSink = {
    handleRtp(run) {
      const sequences = run.packets.slice(0, run.count).map((packet) => packet.sequenceNumber);
      told.push(`rtp ${sequences.join(" ")}`);
    },
    handleRtcp: (_bytes, length) => told.push(`rtcp of ${length} bytes`),
  };
  transport.deliverTo(sink);
  const client = new TestClient((bytes, from) => transport.handleDatagram(bytes, bytes.length, from, setup.nowMs));
  const server = connection.accept({ ...client.remoteParameters, ...(fingerprints !== undefined && { fingerprints }) });
  assert.ok(server);
  const setup = { transport, connection, client, datagrams, server, told, nowMs: 0 };
  return setup;
}

/** The same, connected, with nothing told and nothing sent since. */
export function connectedTransport(maxBitrateIn?: number): TransportSetup {
  const setup = setUpTransport(undefined, maxBitrateIn);
  setup.client.connect(setup.server);
  setup.datagrams.take();
  setup.told.length = 0;
  return setup;
}
