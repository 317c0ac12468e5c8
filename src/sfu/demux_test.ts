import assert from "node:assert/strict";
import { audioProducer, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { Demux } from "./demux.ts";
import type { FeedbackSender } from "./encoding.ts";
import { MID_URI, REPAIRED_RID_URI, RID_URI } from "./header_extensions.ts";
import { Producer } from "./producer.ts";
import type { ProducerParameters } from "./types.ts";

const MID_ID = 4;

const NO_FEEDBACK: FeedbackSender = {
  sendPictureLossIndication: () => {},
  sendFullIntraRequest: () => {},
  sendNack: () => {},
};

function producer(parameters: ProducerParameters): Producer {
  return new Producer({ id: `track-${parameters.mid}`, peerId: "peer", parameters, feedback: NO_FEEDBACK });
}

function withMid(ssrc: number, mid: string, payloadType = 50): RtpPacket {
  return parseRtp(buildRtp({ ssrc, payloadType, extensions: new Map([[MID_ID, new TextEncoder().encode(mid)]]) }));
}

/** A packet of the payload type of VP8, or another one, without a MID. */
function plain(ssrc: number, payloadType = 96): RtpPacket {
  return parseRtp(buildRtp({ ssrc, payloadType }));
}

/** A camera of SSRC 1000 and a screen of SSRC 3000, both of payload type 96, of which the screen is over. */
function withoutScreen(camera: Partial<ProducerParameters> = {}) {
  const demux = new Demux();
  const [remaining, screen] = [
    producer(videoProducer(camera)),
    producer(videoProducer({ mid: "2", source: "screen", ssrcs: [3000] })),
  ];
  demux.add(remaining);
  demux.add(screen);
  demux.remove(screen);
  return { demux, camera: remaining };
}

Deno.test({
  name: "B60: a packet belongs to the track that announced its SSRC",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const [video, audio] = [producer(videoProducer()), producer(audioProducer())];
    demux.add(video);
    demux.add(audio);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 1000, payloadType: 111 }))), video.encodings[0]);
    assert.equal(demux.findBySsrc(2000), audio.encodings[0]);
  },
});

Deno.test({
  name: "B60: an SSRC that nobody announced is bound by its MID, and stays bound without it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ mid: "v1", ssrcs: [] }));
    demux.add(video);
    assert.equal(demux.find(withMid(77, "v1")), video.encodings[0]);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 77, payloadType: 50 }))), video.encodings[0]);
    assert.equal(demux.find(withMid(78, "other")), undefined);
  },
});

Deno.test({
  name: "B60: without SSRC and MID the payload type tells, where one track alone uses it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const [video, audio] = [producer(videoProducer({ ssrcs: [] })), producer(audioProducer({ ssrcs: [] }))];
    demux.add(video);
    demux.add(audio);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 5, payloadType: 111 }))), audio.encodings[0]);
    demux.add(producer(videoProducer({ mid: "2", ssrcs: [] })));
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 6, payloadType: 96 }))), undefined, "two tracks use 96");
  },
});

Deno.test({
  name: "B60: a track binds 8 SSRCs at most, the oldest goes first, and none outlives it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ mid: "v", ssrcs: [] }));
    demux.add(video);
    for (let ssrc = 1; ssrc <= 1000; ssrc++) demux.find(withMid(ssrc, "v"));
    assert.equal(demux.ssrcCount, 8);
    assert.equal(demux.findBySsrc(1000), video.encodings[0]);
    assert.equal(demux.findBySsrc(992), undefined);
    demux.remove(video);
    assert.equal(demux.ssrcCount, 0);
    assert.equal(demux.find(withMid(1000, "v")), undefined);
  },
});

Deno.test({
  name: "B60: a MID that names no track is final, though one track alone has the payload type",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ ssrcs: [] }));
    demux.add(video);
    assert.equal(demux.find(withMid(7, "gone", 96)), undefined);
    assert.equal(demux.ssrcCount, 0);
    assert.equal(demux.find(plain(7)), video.encodings[0], "nothing was bound");
  },
});

Deno.test({
  name: "B167: what still comes of a track that is over is not another track's, with a MID or without",
  permissions: "none",
  fn() {
    for (const ssrcs of [[1000], []]) {
      const { demux, camera } = withoutScreen({ ssrcs });
      for (const late of [plain(3000), withMid(3000, "2", 96), withMid(3000, "0", 96)]) {
        assert.equal(demux.find(late), undefined);
      }
      assert.equal(demux.find(withMid(1000, "0", 96)), camera.encodings[0]);
      assert.equal(demux.findBySsrc(3000), undefined);
    }
  },
});

Deno.test({
  name: "B167: an m-line that is used again does not get the late packets of the track before",
  permissions: "none",
  fn() {
    const { demux, camera } = withoutScreen();
    const next = producer(videoProducer({ mid: "2", source: "screen", ssrcs: [4000] }));
    demux.add(next);
    for (const late of [plain(3000), withMid(3000, "2", 96)]) assert.equal(demux.find(late), undefined);
    assert.equal(demux.find(plain(4000)), next.encodings[0]);
    assert.equal(demux.find(plain(1000)), camera.encodings[0]);
  },
});

Deno.test({
  name: "B167: an SSRC of a track that is over comes back where it is announced anew, or its m-line announces none",
  permissions: "none",
  fn() {
    const announced = withoutScreen();
    const screen = producer(videoProducer({ mid: "7", ssrcs: [3000] }));
    announced.demux.add(screen);
    assert.equal(announced.demux.find(plain(3000)), screen.encodings[0]);

    const byMid = withoutScreen();
    const again = producer(videoProducer({ mid: "2", ssrcs: [] }));
    byMid.demux.add(again);
    assert.equal(byMid.demux.find(withMid(3000, "0", 96)), undefined, "the other m-line's MID");
    assert.equal(byMid.demux.find(withMid(3000, "2", 96)), again.encodings[0]);
    assert.equal(byMid.demux.find(plain(3000)), again.encodings[0], "bound");

    const byPayloadType = withoutScreen();
    byPayloadType.demux.remove(byPayloadType.camera);
    const only = producer(videoProducer({ mid: "2", ssrcs: [] }));
    byPayloadType.demux.add(only);
    assert.equal(byPayloadType.demux.find(plain(1000)), undefined, "of the other m-line");
    assert.equal(byPayloadType.demux.find(plain(3000)), only.encodings[0]);
  },
});

Deno.test({
  name: "B167: the 64 newest SSRCs of tracks that are over are dropped, older ones are as good as new",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ ssrcs: [] }));
    demux.add(video);
    for (let ssrc = 1; ssrc <= 65; ssrc++) {
      const gone = producer(videoProducer({ mid: "gone", ssrcs: [ssrc] }));
      demux.add(gone);
      demux.remove(gone);
    }
    assert.equal(demux.find(plain(2)), undefined);
    assert.equal(demux.find(plain(65)), undefined);
    assert.equal(demux.find(plain(1)), video.encodings[0]);
  },
});

Deno.test({
  name: "B168: an SSRC that its payload type alone tells does not take the place of one that was announced",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ codec: { ...VP8, rtxPayloadType: 97 } }));
    demux.add(video);
    assert.equal(demux.find(plain(7)), video.encodings[0], "what was announced has not come yet");
    video.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 7 })), 0, 1, 0);
    assert.equal(demux.find(plain(7)), video.encodings[0]);
    video.encodings[0].handleRtp(runOf(buildRtp({ ssrc: 1000 })), 0, 1, 10);
    assert.equal(demux.find(plain(7)), undefined);
    assert.equal(demux.find(plain(8, 97)), video.encodings[0], "no retransmissions were announced");
    assert.equal(demux.find(withMid(9, "0", 96)), video.encodings[0], "an encoder that began anew says whose it is");
  },
});

Deno.test({
  name: "B168: RTX that its payload type alone tells is nobody's where another SSRC was announced for it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const codec = { ...VP8, rtxPayloadType: 97 };
    const video = producer(videoProducer({ codec, fidGroups: [{ ssrc: 1000, rtxSsrc: 1001 }] }));
    demux.add(video);
    assert.equal(demux.find(plain(1001, 97)), video.encodings[0]);
    assert.equal(demux.find(plain(1002, 97)), undefined);
  },
});

Deno.test({
  name:
    "B301: of several encodings MID and RID tell which a packet is of, repaired RID which RTX repairs; then the SSRC does",
  permissions: "none",
  fn() {
    const [ridId, repairedId] = [9, 10];
    const demux = new Demux();
    const headerExtensions = [
      { uri: MID_URI, id: MID_ID },
      { uri: RID_URI, id: ridId },
      { uri: REPAIRED_RID_URI, id: repairedId },
    ];
    const encodings = [{ rid: "q", ssrcs: [] }, { rid: "h", ssrcs: [] }];
    const codec = { ...VP8, rtxPayloadType: 97 };
    const camera = producer(videoProducer({ codec, headerExtensions, ssrcs: [], encodings }));
    demux.add(camera);
    demux.add(producer(audioProducer()));
    const text = (words: string) => new TextEncoder().encode(words);
    const packet = (ssrc: number, payloadType: number, ...extensions: [number, string][]) =>
      parseRtp(
        buildRtp({ ssrc, payloadType, extensions: new Map(extensions.map(([id, words]) => [id, text(words)])) }),
      );
    const [low, high] = camera.encodings;

    assert.equal(demux.find(plain(11)), undefined, "nothing tells");
    assert.equal(demux.find(packet(11, 96, [MID_ID, "0"])), undefined, "MID alone does not");
    assert.equal(demux.find(packet(11, 96, [MID_ID, "0"], [ridId, "x"])), undefined, "nor another RID");
    assert.equal(demux.find(packet(11, 96, [MID_ID, "0"], [repairedId, "q"])), undefined, "nor that of a repair");
    assert.equal(demux.ssrcCount, 1, "of the sound alone: what is not known is not reported on");
    assert.equal(demux.find(packet(11, 96, [MID_ID, "0"], [ridId, "h"])), high);
    assert.equal(demux.find(packet(12, 96, [MID_ID, "0"], [ridId, "q"])), low);
    assert.equal(demux.find(packet(22, 97, [MID_ID, "0"], [repairedId, "q"])), low);
    assert.equal(demux.find(packet(23, 97, [MID_ID, "0"], [ridId, "q"])), undefined);
    assert.deepEqual([11, 12, 22].map((ssrc) => demux.find(plain(ssrc))), [high, low, low], "bound");

    demux.remove(camera);
    assert.equal(demux.find(plain(11)), undefined);
  },
});

Deno.test({
  name: "B301: encodings of a SIM group are found by their SSRCs, and by those of their retransmissions",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const encodings = [1, 2].map((ssrc) => ({ ssrcs: [ssrc], fidGroups: [{ ssrc, rtxSsrc: ssrc + 10 }] }));
    const camera = producer(videoProducer({ ssrcs: [1, 2], encodings }));
    demux.add(camera);
    const [low, high] = camera.encodings;
    assert.deepEqual([1, 2, 11, 12].map((ssrc) => demux.find(plain(ssrc))), [low, high, low, high]);
    assert.equal(demux.find(withMid(3, "0", 96)), undefined, "an SSRC that is none of theirs");
  },
});
