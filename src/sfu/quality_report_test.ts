import assert from "node:assert/strict";
import { type ConsumerLike, describeTrack, type TrackFacts } from "./quality_report.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** A track of three encodings of which the middle one, with three temporal layers, is sent at 12 fps. */
const CONSUMER: ConsumerLike = {
  producer: {
    id: "track",
    kind: "video",
    source: "camera",
    isMuted: false,
    encodings: { length: 3 },
    layers: { at: () => [] },
  },
  started: true,
  numbersPackets: true,
  current: {
    encoding: {
      rid: "h",
      spatialLayers: 1,
      temporalLayers: 3,
      widthOf: () => 640,
      heightOf: () => 360,
      framesPerSecond: (temporal) => [6, 12.4, 25][temporal],
    },
    spatial: 0,
    temporal: 1,
  },
  bytesSent: 0,
  setTarget() {},
  begin() {},
  pause() {},
  resume() {},
};
const FACTS: TrackFacts = { reason: "because", wanted: { width: 700, fps: 20, priority: 3 }, isPaused: false };

test("P91: of a track that is sent its layer, size and rate are told, and what of size and rate was wanted", () => {
  assert.deepEqual(describeTrack(CONSUMER, 480_000.4, FACTS, 0), {
    trackId: "track",
    state: "sent",
    width: 640,
    height: 360,
    fps: 12,
    rid: "h",
    temporal: 1,
    bitrate: 480_000,
    wanted: { width: 700, fps: 20 },
    reason: "because",
  });
});

test("P91: what is off, paused or waited for has no picture, and says so", () => {
  const of = (facts: Partial<TrackFacts>, started = true) => {
    const { state, width, rid, bitrate } = describeTrack({ ...CONSUMER, started }, 0, { ...FACTS, ...facts }, 0);
    return [state, width, rid, bitrate];
  };
  assert.deepEqual(of({ isPaused: true }), ["paused", undefined, undefined, undefined]);
  assert.deepEqual(of({ isPaused: true, wanted: { off: true } }), ["off", undefined, undefined, undefined]);
  assert.deepEqual(of({}, false), ["waiting", undefined, undefined, 0]);
});

test("P91: sound, and a picture of one layer whose size nobody knows, are told by what is known of them", () => {
  const { encoding } = CONSUMER.current;
  const plain = {
    ...encoding,
    rid: undefined,
    temporalLayers: 1,
    widthOf: () => 0,
    heightOf: () => 0,
    framesPerSecond: () => 0,
  };
  const current = { encoding: plain, spatial: 0, temporal: 0 };
  const facts = { ...FACTS, wanted: {} };
  const sound = { ...CONSUMER, current, producer: { ...CONSUMER.producer, kind: "audio" as const } };
  assert.deepEqual(describeTrack(sound, 40_000, facts, 0), {
    trackId: "track",
    state: "sent",
    bitrate: 40_000,
    reason: "because",
  });
  assert.deepEqual(describeTrack({ ...CONSUMER, current }, 40_000, facts, 0), {
    trackId: "track",
    state: "sent",
    bitrate: 40_000,
    reason: "because",
  });
});
