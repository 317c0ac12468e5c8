import assert from "node:assert/strict";
import { VP8 } from "../../tests/harness/engine.ts";
import { KeyFrameRequests } from "./key_frame_requests.ts";
import { TrackCounters } from "./track_counters.ts";
import type { Codec } from "./types.ts";

const SSRC = 1000;

function setUp(keyFrameRequest: Codec["keyFrameRequest"]) {
  const sent: string[] = [];
  const counters = new TrackCounters();
  const { keyFrameRequest: _, ...codec } = VP8;
  const requests = new KeyFrameRequests({
    codec: keyFrameRequest === undefined ? codec : { ...codec, keyFrameRequest },
    feedback: {
      sendPictureLossIndication: (ssrc) => sent.push(`PLI ${ssrc}`),
      sendFullIntraRequest: (ssrc, number) => sent.push(`FIR ${ssrc} ${number}`),
    },
    counters,
  });
  return { requests, sent, counted: () => [counters.plisUpstream, counters.firsUpstream] };
}

Deno.test({
  name: "B117: requests go out by PLI, and by FIR with another number each where that alone was negotiated",
  permissions: "none",
  fn() {
    const pli = setUp("pli");
    const fir = setUp("fir");
    for (const { requests } of [pli, fir]) {
      requests.request(SSRC, 0);
      requests.request(SSRC, 10);
      assert.equal(requests.nextTimeout(), 500);
      requests.handleTimeout(SSRC, 499);
      requests.handleTimeout(SSRC, 500);
      requests.handleKeyFrame();
      requests.handleTimeout(SSRC, 1000);
    }
    assert.deepEqual([pli.sent, pli.counted()], [["PLI 1000", "PLI 1000"], [2, 0]]);
    assert.deepEqual([fir.sent, fir.counted()], [["FIR 1000 1", "FIR 1000 2"], [0, 2]]);
  },
});

Deno.test({
  name: "B117: where neither was negotiated nothing is asked for, and no time is wanted",
  permissions: "none",
  fn() {
    const { requests, sent } = setUp(undefined);
    requests.request(SSRC, 0);
    assert.equal(requests.nextTimeout(), Infinity);
    requests.handleTimeout(SSRC, 500);
    assert.deepEqual(sent, []);
  },
});

Deno.test({
  name: "B56: a request that is cancelled is not repeated",
  permissions: "none",
  fn() {
    const { requests, sent } = setUp("pli");
    requests.request(SSRC, 0);
    requests.cancel();
    assert.equal(requests.nextTimeout(), Infinity);
    requests.handleTimeout(SSRC, 500);
    assert.deepEqual(sent, ["PLI 1000"]);
  },
});
