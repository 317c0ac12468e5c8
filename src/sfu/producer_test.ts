import assert from "node:assert/strict";
import { videoProducer } from "../../tests/harness/engine.ts";
import { Producer } from "./producer.ts";

const NO_FEEDBACK = { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} };

Deno.test({
  name: "a track has one encoding, with all that the offer announces, or those that the offer names, in their order",
  permissions: "none",
  fn() {
    const single = new Producer(
      "a",
      "peer",
      videoProducer({ fidGroups: [{ ssrc: 1000, rtxSsrc: 1001 }] }),
      NO_FEEDBACK,
    );
    assert.deepEqual(single.encodings.map(({ rid, announcedSsrcs }) => [rid, announcedSsrcs]), [
      [undefined, [1000, 1001]],
    ]);
    const encodings = [{ rid: "q", ssrcs: [1] }, { rid: "h", ssrcs: [] }];
    const simulcast = new Producer("b", "peer", videoProducer({ ssrcs: [1], encodings }), NO_FEEDBACK);
    assert.deepEqual(simulcast.encodings.map(({ rid, announcedSsrcs }) => [rid, announcedSsrcs]), [["q", [1]], [
      "h",
      [],
    ]]);
  },
});
