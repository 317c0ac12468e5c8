import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { createPortableDtls } from "../../src/io/portable/dtls.ts";
import { classify } from "../../src/webrtc/classify.ts";
import { DtlsPair } from "../harness/dtls_pair.ts";
import { SimulatedCall } from "../harness/simulated_call.ts";
import type { SimulatedPeer } from "../harness/simulated_peer.ts";

const SEED = 8_200;
/** UDP payload that every path of IPv6 carries: its least MTU less the headers of IP and UDP (RFC 8200 section 5). */
const MAX_LENGTH = 1_280 - 40 - 8;
/** The header extension with a MID of one byte, in words, and the original sequence number of RTX. */
const GROWTH = 8 + 2;

/** Lengths of the datagrams that go to and come from a peer from now on, by protocol. */
function watch(peer: SimulatedPeer) {
  const [up, down] = [new Map<string, number[]>(), new Map<string, number[]>()];
  const note = (lengths: Map<string, number[]>, bytes: Uint8Array) => {
    const kind = classify(bytes, bytes.length);
    lengths.set(kind, [...lengths.get(kind) ?? [], bytes.length]);
  };
  const send = peer.uplink.send.bind(peer.uplink);
  peer.uplink.send = (bytes) => {
    note(up, bytes);
    send(bytes);
  };
  const handle = peer.handleDatagram.bind(peer);
  peer.handleDatagram = (bytes) => {
    note(down, bytes);
    handle(bytes);
  };
  return { up, down };
}

const longest = (lengths: ReadonlyMap<string, number[]>, kind: string) => Math.max(0, ...lengths.get(kind) ?? []);

Deno.test({
  name: `B132: no datagram that the server makes itself is longer than 1232 bytes, under loss either (seed ${SEED})`,
  permissions: "none",
  fn() {
    const call = new SimulatedCall(SEED, { up: { delayMs: 20, loss: 0.3 }, down: { delayMs: 20, loss: 0.3 } });
    const alice = call.join();
    for (let track = 0; track < 16; track++) {
      alice.publishAudio();
      alice.publishVideo({ fps: 5, payloadLength: 100 });
    }
    const bob = call.join();
    const watched = [watch(alice), watch(bob)];
    call.advance(3_000);
    bob.leave();
    call.advance(500);
    alice.leave();
    call.advance(500);
    for (const { down } of watched) {
      for (const kind of ["stun", "rtcp"]) {
        const length = longest(down, kind);
        assert.ok(length > 0 && length <= MAX_LENGTH, `${kind}: ${length} bytes`);
      }
    }
    assert.ok(
      watched.some(({ down }) => longest(down, "rtcp") > 600),
      "31 report blocks, or as many BYEs, were among them",
    );
  },
});

Deno.test({
  name: "B132: no datagram of a handshake is longer than 1232 bytes, repeated flights either",
  permissions: "none",
  async fn() {
    const lengths: number[] = [];
    const factory = createPortableDtls(createCertificate(Date.UTC(2027, 0, 1)));
    const losesDown = (datagram: Uint8Array) => lengths.push(datagram.length) < 8;
    const pair = new DtlsPair(factory, { losesDown });
    await pair.client.connect();
    await pair.persist(500);
    await pair.assertWorks();
    assert.ok(lengths.length > 8);
    assert.ok(Math.max(...lengths) <= MAX_LENGTH, `${Math.max(...lengths)} bytes`);
  },
});

for (const [size, payloadLength] of [["least", 20], ["middle", 600], ["most", 1_180]] as const) {
  Deno.test({
    name: `B132: forwarded packets of the ${size} size grow by header extensions and RTX alone (seed ${SEED})`,
    permissions: "none",
    fn() {
      const call = new SimulatedCall(SEED, { up: { delayMs: 20 }, down: { delayMs: 20, loss: 0.05 } });
      const alice = call.join();
      const bob = call.join();
      const [sender, receiver] = [watch(alice), watch(bob)];
      const video = alice.publishVideo({ payloadLength });
      call.advance(3_000);
      assert.ok(bob.received(video).recovered > 0, "some came by RTX");
      assert.ok(longest(receiver.down, "rtp") <= longest(sender.up, "rtp") + GROWTH);
      assert.ok(longest(receiver.down, "rtp") <= MAX_LENGTH);
    },
  });
}
