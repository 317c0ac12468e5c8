import assert from "node:assert/strict";
import fc from "fast-check";
import { TICK_MS } from "../../src/io/media_host.ts";
import { readUint16 } from "../../src/rtp/bytes.ts";
import { KEY_FRAME_REQUEST_INTERVAL_MS } from "../../src/stream/key_frame_gate.ts";
import { pictureLossIndications } from "../harness/engine.ts";
import { hostilePacket } from "../harness/hostile_media.ts";
import { HostilePeer } from "../harness/hostile_peer.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { readRecordedPackets, RECORDED_PACKETS } from "../harness/recorded_packets.ts";
import { buildRtp } from "../harness/rtp_builder.ts";
import { sdpSections } from "../harness/sdp_sections.ts";
import { credentialsOf, type SignalingClient, SignalingRoom } from "../harness/signaling_room.ts";

const SEED = 255;
const PACKETS = 2_000;
/** Between two packets of the publisher. */
const STEP_MS = 5;
const CODECS = ["vp8", "vp9", "h264", "av1"];
const recorded = readRecordedPackets();

/** Says an offer, connects, and gives the answer's m-lines. */
function connect(client: SignalingClient, lines: readonly OfferLine[]) {
  const answer = client.say({ type: "offer", sdp: buildOffer(lines) }).find(({ type }) => type === "answer");
  assert.ok(answer?.type === "answer");
  client.client.connect(credentialsOf(answer.sdp));
  return sdpSections(answer.sdp);
}

/** What came to a client since the last call, decrypted. */
function receivedBy({ client, datagrams }: SignalingClient, kind: "rtp" | "rtcp"): Uint8Array[] {
  return datagrams.take().flatMap(({ bytes }) => client.open(bytes) ?? [])
    .filter((opened) => opened.kind === kind).map(({ plain }) => plain);
}

/** Alice publishes to Bob; Mallory, in the same room, publishes and receives too. */
class Call {
  readonly #room: SignalingRoom;
  readonly #payloads: readonly Uint8Array[];
  readonly alice: SignalingClient;
  readonly bob: SignalingClient;
  readonly mallory: SignalingClient;
  /** What Mallory receives Alice's track by. */
  readonly receivedSsrcs: readonly number[];
  #sent = 0;

  constructor(codec: string) {
    const room = new SignalingRoom(SEED, ["audio/opus", `video/${codec}`]);
    const codecs = [[`${codec.toUpperCase()}/90000`, 96]] as const;
    const line = { mid: "0", kind: "video", codecs, rtx: [[96, 97]] } as const;
    this.#room = room;
    this.#payloads = recorded.rtp.filter((packet) => packet.codec === `video/${codec}`)
      .map(({ bytes }) => bytes.slice(12 + (bytes[0] & 0x10 ? 4 + 4 * readUint16(bytes, 14) : 0)));
    [this.alice, this.bob, this.mallory] = [room.join(), room.join(), room.join()];
    connect(this.alice, [{ ...line, direction: "sendonly", ssrc: 1000, rtxSsrc: 1001, msid: "a v" }]);
    connect(this.bob, [{ ...line, direction: "recvonly" }]);
    const [, taken] = connect(this.mallory, [
      { ...line, direction: "sendonly", ssrc: 2000, rtxSsrc: 2001, msid: "m v" },
      { ...line, mid: "1", direction: "recvonly" },
    ]);
    this.receivedSsrcs = [taken.ssrc, taken.rtxSsrc].filter((ssrc) => ssrc !== undefined);
    assert.equal(this.receivedSsrcs.length, 2);
    for (const client of [this.alice, this.bob, this.mallory]) client.datagrams.take();
  }

  get nowMs(): number {
    return this.#room.nowMs;
  }

  /** Alice sends her next packet; gives what Bob gets until a moment later. */
  sendOn(): { readonly sent: Uint8Array; readonly received: Uint8Array[] } {
    const sent = this.#payloads[this.#sent === 0 ? 0 : 1 + this.#sent % (this.#payloads.length - 1)];
    const fields = { ssrc: 1000, sequenceNumber: this.#sent & 0xffff, timestamp: this.#sent * 450 };
    this.alice.client.sendRtp(buildRtp({ ...fields, payload: sent }));
    this.#sent++;
    const received = receivedBy(this.bob, "rtp");
    this.#room.nowMs += STEP_MS;
    if (this.nowMs % TICK_MS === 0) this.#tick();
    return { sent, received };
  }

  #tick(): void {
    for (const { participant } of [this.alice, this.bob, this.mallory]) participant?.handleTimeout(this.nowMs);
    this.#room.handleTimeout();
  }
}

for (const codec of CODECS) {
  Deno.test({
    name: `B131: nothing that a peer sends under its own keys costs another one a packet (${codec}, seed ${SEED})`,
    permissions: { read: [RECORDED_PACKETS] },
    fn() {
      const call = new Call(codec);
      const { alice, bob, mallory, receivedSsrcs } = call;
      const hostile = new HostilePeer((datagram) => mallory.client.sendDatagram(datagram));
      const known = { own: [2000, 2001], received: [...receivedSsrcs, 1000, 1001] };
      const packets = fc.sample(hostilePacket(known, recorded), { seed: SEED, numRuns: PACKETS });
      const taken = { rtp: 0, rtcp: 0, raw: 0 };
      const requests: number[] = [];
      for (const [i, { as, bytes }] of packets.entries()) {
        if (as === "raw") mallory.client.sendDatagram(bytes);
        else if (!(as === "rtp" ? hostile.sendAsRtp(bytes) : hostile.sendAsRtcp(bytes))) continue;
        taken[as]++;
        const { sent, received } = call.sendOn();
        assert.deepEqual(
          received.map((packet) => packet.slice(-sent.length).toHex()),
          [sent.toHex()],
          `after packet ${i}`,
        );
        requests.push(...pictureLossIndications(receivedBy(alice, "rtcp")));
        mallory.datagrams.take();
      }
      assert.ok(Math.min(taken.rtp, taken.rtcp, taken.raw) > 200, JSON.stringify(taken));
      assert.ok(requests.length <= 2 + call.nowMs / KEY_FRAME_REQUEST_INTERVAL_MS, `${requests.length} requests`);
      for (const client of [alice, bob, mallory]) {
        assert.deepEqual(client.closed, []);
        assert.deepEqual(client.take().filter(({ type }) => type === "error" || type === "peerLeft"), []);
        assert.equal(client.participant?.connection.connected, true);
      }
    },
  });
}
