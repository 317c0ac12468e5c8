import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { pictureLossIndications } from "../../tests/harness/engine.ts";
import { DTLS_ALERT, keyedDtls } from "../../tests/harness/keyed_dtls.ts";
import { credentialsOf, type SignalingClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { PeerCommand } from "../media/messages.ts";
import type { Grants } from "./grants.ts";
import { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { byeSource, byeSourceCount } from "../rtp/rtcp/bye.ts";
import { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Participant } from "./participant.ts";
import { Rooms } from "./room.ts";

const CAMERA = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" } as const;
const RECEIVE = { mid: "0", kind: "video", direction: "recvonly" } as const;

function offer(client: SignalingClient, sdp: string): { readonly ufrag: string; readonly password: string } {
  const answer = client.say({ type: "offer", sdp }).find((message) => message.type === "answer");
  assert.ok(answer);
  return credentialsOf(answer.sdp);
}

/** The SSRCs that a compound packet says BYE of. */
function byeSources(compound: Uint8Array = new Uint8Array(0)): number[] {
  const reader = new RtcpReader();
  const ssrcs: number[] = [];
  reader.reset(compound, compound.length);
  while (reader.next()) for (let i = 0; i < byeSourceCount(reader); i++) ssrcs.push(byeSource(reader, i));
  return ssrcs;
}

/** What the client received on its transport, decrypted. */
function receivedBy({ client, datagrams }: SignalingClient): { readonly rtp: number; readonly rtcp: Uint8Array[] } {
  const opened = datagrams.take().flatMap(({ bytes }) => client.open(bytes) ?? []);
  return {
    rtp: opened.filter(({ kind }) => kind === "rtp").length,
    rtcp: opened.filter(({ kind }) => kind === "rtcp").map(({ plain }) => plain),
  };
}

Deno.test({
  name: "media goes from one participant's transport to the other's, encrypted for each",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(1);
    const [publisher, subscriber] = [room.join(), room.join()];
    publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
    subscriber.client.connect(offer(subscriber, buildOffer([RECEIVE])));
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    assert.equal(receivedBy(subscriber).rtp, 1);
    assert.equal(receivedBy(publisher).rtp, 0);
  },
});

Deno.test({
  name: "B62: a subscriber's connection asks the publisher for a picture at once",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(2);
    const [publisher, subscriber] = [room.join(), room.join()];
    publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    const credentials = offer(subscriber, buildOffer([RECEIVE]));
    assert.deepEqual(pictureLossIndications(receivedBy(publisher).rtcp), []);
    subscriber.client.connect(credentials);
    assert.deepEqual(pictureLossIndications(receivedBy(publisher).rtcp), [1000]);
  },
});

Deno.test({
  name: "B62: a track that a connected subscriber adds is asked for a picture at once",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(3);
    const [publisher, subscriber] = [room.join(), room.join()];
    publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    subscriber.client.connect(offer(subscriber, buildOffer([{ ...RECEIVE, kind: "audio" }])));
    receivedBy(publisher);
    offer(subscriber, buildOffer([{ ...RECEIVE, kind: "audio" }, { ...RECEIVE, mid: "1" }]));
    assert.deepEqual(pictureLossIndications(receivedBy(publisher).rtcp), [1000]);
  },
});

Deno.test({
  name: "B62: an offer asks for no picture of a track that the subscriber sees already",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(5);
    const [publisher, subscriber] = [room.join(), room.join()];
    publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
    subscriber.client.connect(offer(subscriber, buildOffer([RECEIVE])));
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    assert.equal(receivedBy(subscriber).rtp, 1);
    receivedBy(publisher);
    room.nowMs = 1000;
    offer(subscriber, buildOffer([RECEIVE, { ...RECEIVE, mid: "1", kind: "audio" }]));
    assert.deepEqual(pictureLossIndications(receivedBy(publisher).rtcp), []);
  },
});

Deno.test({
  name: "B62: a subscriber that goes on at another address gets a new picture on every track",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(6);
    const [publisher, subscriber] = [room.join(), room.join()];
    publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
    const credentials = offer(subscriber, buildOffer([RECEIVE]));
    subscriber.client.connect(credentials);
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    receivedBy(publisher);
    room.nowMs = 1000;
    subscriber.client.address = { hostname: "192.0.2.99", port: 4001 };
    subscriber.client.check(credentials);
    assert.deepEqual(pictureLossIndications(receivedBy(publisher).rtcp), [1000]);
  },
});

Deno.test({
  name: "B115: who leaves is told BYE before the DTLS association ends, whoever ended it",
  permissions: "none",
  fn() {
    for (const reason of ["leave", "server-closing", "signaling-lost", "refused", "fault"] as const) {
      const room = new SignalingRoom(7);
      const [publisher, subscriber] = [room.join(), room.join()];
      publisher.client.connect(offer(publisher, buildOffer([CAMERA])));
      subscriber.client.connect(offer(subscriber, buildOffer([RECEIVE])));
      publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
      const ssrc = [...subscriber.participant?.peer.consumers.values() ?? []][0].ssrc;
      receivedBy(subscriber);
      subscriber.participant?.leave(reason);
      const [bye, end, ...more] = subscriber.datagrams.take();
      assert.equal(byeSources(subscriber.client.open(bye.bytes)?.plain)[0], ssrc, reason);
      assert.deepEqual([end.bytes, more], [DTLS_ALERT, []], reason);
    }
  },
});

Deno.test({
  name: "leaving twice is leaving once",
  permissions: "none",
  fn() {
    const room = new SignalingRoom(4);
    const [client, neighbour] = [room.join(), room.join()];
    const { participant } = client;
    client.take();
    neighbour.take();
    participant?.leave("leave");
    participant?.leave("leave");
    assert.deepEqual(neighbour.take().map((message) => message.type), ["peerLeft"]);
    assert.equal(participant?.nextTimeout(), Infinity);
    assert.equal(room.openMedia, 1);
  },
});

const GRANTS: Grants = {
  room: "room",
  identity: undefined,
  name: undefined,
  publish: ["audio", "video"],
  subscribe: true,
  admin: false,
  maxBitrate: undefined,
};

/** What a participant is made with, in a room without media; told commands and its end are written down. */
function optionsOf(rooms: Rooms, commands: string[]) {
  return {
    rooms,
    roomId: "room",
    name: undefined,
    openMedia: () => ({ candidates: [], send: ({ type }: PeerCommand) => void commands.push(type) }),
    dtls: keyedDtls(),
    handshakes: new HandshakeLimit(),
    observer: {
      peerJoined() {},
      peerLeft() {},
      trackPublished() {},
      trackUnpublished() {},
      trackMuted() {},
      messageSent() {},
      isHeard: () => true,
      speakersChanged() {},
      slotsChanged() {},
      timeWanted() {},
      transportConnected() {},
      bitrateExceeded() {},
      qualityChanged() {},
      layersWanted() {},
      failed() {},
      mediaLost() {},
      superseded() {},
      replaced() {},
      left: () => void commands.push("left"),
    },
    protocol: "websocket" as const,
    random: seededRandom(1),
    codecs: [],
    limits: DEFAULT_LIMITS,
  };
}

Deno.test({
  name:
    "P83: of the limit of all and that of a peer's token the lower one counts, and no limit is none for its media either",
  permissions: "none",
  fn() {
    const openedWith = (ofAll: number, ofThis: number | undefined) => {
      let opened: number | undefined;
      const options = optionsOf(new Rooms(), []);
      new Participant({
        ...options,
        limits: { ...DEFAULT_LIMITS, maxBitrateIn: ofAll },
        grants: { ...GRANTS, maxBitrate: ofThis },
        openMedia(opening) {
          opened = opening.maxBitrateIn;
          return options.openMedia();
        },
      });
      return opened;
    };
    assert.equal(openedWith(1_000_000, undefined), 1_000_000);
    assert.equal(openedWith(1_000_000, 500_000), 500_000);
    assert.equal(openedWith(1_000_000, 2_000_000), 1_000_000);
    assert.equal(openedWith(Infinity, 2_000_000), 2_000_000);
    assert.equal(openedWith(Infinity, undefined), undefined);
  },
});

Deno.test({
  name: "B44: a participant that cannot be made gives its media back, and leaves no room behind",
  permissions: "none",
  fn() {
    const rooms = new Rooms();
    const commands: string[] = [];
    const options = {
      ...optionsOf(rooms, commands),
      get codecs(): readonly string[] {
        throw new Error("a fault");
      },
    };
    assert.throws(() => new Participant(options), { message: "a fault" });
    assert.deepEqual([commands, rooms.size], [["close"], 0]);
  },
});
