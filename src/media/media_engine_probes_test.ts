import assert from "node:assert/strict";
import { consumerParameters, videoProducer, VP8 } from "../../tests/harness/engine.ts";
import { MediaSetup } from "../../tests/harness/media_setup.ts";
import { buildRtp, parseRtp, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { TRANSPORT_WIDE_URI } from "../sfu/header_extensions.ts";

Deno.test({
  name:
    "B291: a peer that is probed has deadlines of its own, to the millisecond, until the probe is out or the peer ends",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const [publisher, subscriber] = [setup.open(), setup.open()];
    for (const peer of [publisher, subscriber]) peer.connect();
    publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
    const parameters = consumerParameters({
      codec: { ...VP8, payloadType: 120, rtxPayloadType: 121 },
      headerExtensions: [{ uri: TRANSPORT_WIDE_URI, id: 3 }],
    });
    subscriber.say({ type: "subscribe", trackId: "track", parameters, ssrcs: { ssrc: 7000, rtxSsrc: 7001 } });
    const { engine } = setup;
    engine.handleTimeout(0);
    assert.equal(engine.nextProbeMs(), Infinity, "before anything is sent");

    let sequenceNumber = 0;
    const send = (begin: Uint8Array) => {
      const payload = new Uint8Array(1000);
      payload.set(begin);
      const timestamp = setup.nowMs * 90;
      publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: ++sequenceNumber, timestamp, payload }));
    };
    send(VP8_KEY_FRAME);
    for (; setup.nowMs < 1500; setup.nowMs += 25) {
      for (let i = 0; i < 3; i++) send(VP8_DELTA_FRAME);
      // As ticks do; a look finds that there is something to probe with.
      engine.handleTimeout(setup.nowMs);
      if (engine.nextProbeMs() !== Infinity) break;
    }
    subscriber.received();
    const times: number[] = [];
    const until = setup.nowMs + 60;
    for (; setup.nowMs < until && engine.nextProbeMs() !== Infinity; setup.nowMs++) {
      if (engine.nextProbeMs() <= setup.nowMs) engine.handleProbes(setup.nowMs);
      if (subscriber.received().map(parseRtp).some(({ payloadType }) => payloadType === 121)) times.push(setup.nowMs);
    }
    assert.ok(times.length >= 4 && times[times.length - 1] - times[0] < 40, `at ${times}`);
    assert.equal(engine.nextProbeMs(), Infinity, "nothing is left to be woken for");
  },
});
