import assert from "node:assert/strict";
import fc from "fast-check";
import { audioProducer, videoProducer } from "../../tests/harness/engine.ts";
import { readRoomNews, type RoomNews } from "./room_news.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const STATE: RoomNews = {
  type: "state",
  from: 3,
  epoch: "a stay",
  version: 7,
  peers: [{ id: "ada", name: "Ada", identity: "user 1" }, { id: "ben" }],
  tracks: [
    {
      id: "camera",
      peerId: "ada",
      relay: 1,
      parameters: videoProducer({ encodings: [{ rid: "q", ssrcs: [] }, { rid: "h", ssrcs: [1] }] }),
    },
    { id: "microphone", peerId: "ben", relay: 2, parameters: audioProducer() },
  ],
} as RoomNews;

test("B410: what a node tells is read as it was told, also as JSON", () => {
  assert.deepEqual(readRoomNews(STATE), STATE);
  assert.deepEqual(readRoomNews(JSON.parse(JSON.stringify(STATE))), STATE);
  for (
    const news of [
      { type: "beat", from: 0, epoch: "e", version: 0 },
      { type: "ask", from: 30 },
      { type: "ask", from: 30, to: 0 },
      { type: "replace", from: 1, to: 2, peerId: "ada" },
      { type: "leave", from: 1, epoch: "e" },
    ]
  ) assert.deepEqual(readRoomNews(news), news);
});

test("B413: the longest format parameters that a client can give are no reason to hear nothing of its node", () => {
  const { parameters, ...track } = STATE.type === "state" ? STATE.tracks[0] : assert.fail();
  const fmtp = "x".repeat(20_000);
  const tracks = [{ ...track, parameters: { ...parameters, codec: { ...parameters.codec, fmtp } } }];
  assert.deepEqual(readRoomNews({ ...STATE, tracks }), { ...STATE, tracks });
});

test("B413: anything else is no news, and throws nothing", () => {
  for (const from of [-1, 31, 1.5, "1", undefined]) assert.equal(readRoomNews({ ...STATE, from }), undefined);
  assert.equal(readRoomNews({ ...STATE, type: "stat" }), undefined);
  assert.equal(readRoomNews({ ...STATE, tracks: [{ id: "camera" }] }), undefined);
  fc.assert(fc.property(fc.anything(), (value) => readRoomNews(value) === undefined));
  const field = fc.constantFrom(...Object.keys(STATE));
  fc.assert(fc.property(field, fc.anything(), (key, value) => void readRoomNews({ ...STATE, [key]: value })));
});
