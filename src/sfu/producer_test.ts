import assert from "node:assert/strict";
import { videoProducer } from "../../tests/harness/engine.ts";
import { buildRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { Producer } from "./producer.ts";

const NO_FEEDBACK = { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} };

Deno.test({
  name: "a track has one encoding, with all that the offer announces, or those that the offer names, in their order",
  permissions: "none",
  fn() {
    const single = new Producer({
      id: "a",
      peerId: "peer",
      parameters: videoProducer({ fidGroups: [{ ssrc: 1000, rtxSsrc: 1001 }] }),
      feedback: NO_FEEDBACK,
    });
    assert.deepEqual(single.encodings.map(({ rid, announcedSsrcs }) => [rid, announcedSsrcs]), [
      [undefined, [1000, 1001]],
    ]);
    const encodings = [{ rid: "q", ssrcs: [1] }, { rid: "h", ssrcs: [] }];
    const simulcast = new Producer({
      id: "b",
      peerId: "peer",
      parameters: videoProducer({ ssrcs: [1], encodings }),
      feedback: NO_FEEDBACK,
    });
    assert.deepEqual(simulcast.encodings.map(({ rid, announcedSsrcs }) => [rid, announcedSsrcs]), [["q", [1]], [
      "h",
      [],
    ]]);
  },
});

/** Has each encoding of a track begin with a key frame of its width, 16 to 9. */
function begin({ encodings }: Producer, widths: readonly number[], nowMs: number): void {
  for (const [index, encoding] of [...encodings].entries()) {
    const [width, height] = [widths[index], widths[index] * 9 / 16];
    const size = [width & 255, width >> 8, height & 255, height >> 8];
    const payload = Uint8Array.of(0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, ...size);
    const fields = { payloadType: 96, ssrc: encoding.announcedSsrcs[0], sequenceNumber: 1, timestamp: 0 };
    encoding.handleRtp(runOf(buildRtp({ ...fields, payload })), 0, 1, nowMs);
  }
}

Deno.test({
  name: "B302: layers name encodings by the order that these have at present",
  permissions: "none",
  fn() {
    const encodings = ["f", "h", "q"].map((rid, index) => ({ rid, ssrcs: [index + 1] }));
    const producer = new Producer({
      id: "a",
      peerId: "peer",
      parameters: videoProducer({ ssrcs: [1, 2, 3], encodings }),
      feedback: NO_FEEDBACK,
    });
    const ridsAt = (nowMs: number) =>
      producer.layers.at(nowMs).map(({ encoding, name }) => [producer.encodings[encoding].rid, name]);
    assert.deepEqual(ridsAt(0), [["f", "f"], ["h", "h"], ["q", "q"]]);
    begin(producer, [1280, 640, 320], 10);
    assert.deepEqual(ridsAt(20), [["q", "q"], ["h", "h"], ["f", "f"]]);
  },
});

Deno.test({
  name: "B311: a publisher of encodings without RIDs is told nothing, as it could only be told to send none",
  permissions: "none",
  fn() {
    const toldOf = (rids: readonly (string | undefined)[]) => {
      const told: (readonly string[])[] = [];
      const encodings = rids.map((rid, index) => ({ rid, ssrcs: [index + 1] }));
      const parameters = videoProducer({ ssrcs: [1, 2, 3], encodings });
      const tell = (wanted: readonly string[]) => void told.push(wanted);
      const producer = new Producer({
        id: "a",
        peerId: "peer",
        parameters,
        feedback: NO_FEEDBACK,
        encodingsWanted: tell,
      });
      begin(producer, [320, 640, 1280], 0);
      for (let nowMs = 0; nowMs < 3000; nowMs += 25) producer.handleTimeout(nowMs);
      return told;
    };
    assert.deepEqual(toldOf(["q", "h", "f"]), [[]]);
    assert.deepEqual(toldOf([undefined, undefined, undefined]), []);
  },
});
