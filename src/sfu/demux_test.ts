import assert from "node:assert/strict";
import { audioProducer, videoProducer } from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp } from "../../tests/harness/rtp_builder.ts";
import { Demux } from "./demux.ts";
import { type FeedbackSender, Producer } from "./producer.ts";
import type { ProducerParameters } from "./types.ts";

const MID_ID = 4;

const NO_FEEDBACK: FeedbackSender = {
  sendPictureLossIndication: () => {},
  sendFullIntraRequest: () => {},
  sendNack: () => {},
};

function producer(parameters: ProducerParameters): Producer {
  return new Producer(`track-${parameters.mid}`, "peer", parameters, NO_FEEDBACK);
}

function withMid(ssrc: number, mid: string): ReturnType<typeof parseRtp> {
  return parseRtp(buildRtp({ ssrc, payloadType: 50, extensions: new Map([[MID_ID, new TextEncoder().encode(mid)]]) }));
}

Deno.test({
  name: "B60: a packet belongs to the track that announced its SSRC",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const [video, audio] = [producer(videoProducer()), producer(audioProducer())];
    demux.add(video, [1000]);
    demux.add(audio, [2000]);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 1000, payloadType: 111 }))), video);
    assert.equal(demux.findBySsrc(2000), audio);
  },
});

Deno.test({
  name: "B60: an SSRC that nobody announced is bound by its MID, and stays bound without it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ mid: "v1" }));
    demux.add(video, []);
    assert.equal(demux.find(withMid(77, "v1")), video);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 77, payloadType: 50 }))), video);
    assert.equal(demux.find(withMid(78, "other")), undefined);
  },
});

Deno.test({
  name: "B60: without SSRC and MID the payload type tells, where one track alone uses it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const [video, audio] = [producer(videoProducer()), producer(audioProducer())];
    demux.add(video, []);
    demux.add(audio, []);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 5, payloadType: 111 }))), audio);
    demux.add(producer(videoProducer({ mid: "2" })), []);
    assert.equal(demux.find(parseRtp(buildRtp({ ssrc: 6, payloadType: 96 }))), undefined, "two tracks use 96");
  },
});

Deno.test({
  name: "B60: a track binds 8 SSRCs at most, the oldest goes first, and none outlives it",
  permissions: "none",
  fn() {
    const demux = new Demux();
    const video = producer(videoProducer({ mid: "v" }));
    demux.add(video, []);
    for (let ssrc = 1; ssrc <= 1000; ssrc++) demux.find(withMid(ssrc, "v"));
    assert.equal(demux.ssrcCount, 8);
    assert.equal(demux.findBySsrc(1000), video);
    assert.equal(demux.findBySsrc(992), undefined);
    demux.remove(video);
    assert.equal(demux.ssrcCount, 0);
    assert.equal(demux.find(withMid(1000, "v")), undefined);
  },
});
