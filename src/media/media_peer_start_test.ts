import assert from "node:assert/strict";
import { consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { MediaSetup, testKeying } from "../../tests/harness/media_setup.ts";
import { MemoryDatagrams } from "../../tests/harness/memory_datagrams.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";

const PICTURE = buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME });

/** A publisher and a subscriber of its track, both traced or neither, and what each was told of its media by now. */
function setUp(isTraced: boolean) {
  const setup = new MediaSetup();
  const opening = isTraced ? { isTraced } as const : {};
  const [publisher, subscriber] = [0, 1].map(() => setup.open("room", new MemoryDatagrams(), opening));
  publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
  subscriber.say({
    type: "subscribe",
    trackId: "track",
    parameters: consumerParameters(),
    ssrcs: { ssrc: 7000, rtxSsrc: undefined },
  });
  const connect = (peer: typeof publisher) => {
    peer.client.connect(peer.opening.ice);
    peer.say({ type: "connect", keying: testKeying() });
  };
  /** Times of the ticks at which each was told. */
  const started = (untilMs: number) => {
    const told: [number[], number[]] = [[], []];
    for (; setup.nowMs <= untilMs; setup.nowMs += 25) {
      setup.engine.handleTimeout(setup.nowMs);
      for (const [index, { events }] of [publisher, subscriber].entries()) {
        if (events.splice(0).some(({ type }) => type === "mediaStarted")) told[index].push(setup.nowMs);
      }
    }
    return told;
  };
  return { setup, publisher, subscriber, connect, started };
}

Deno.test({
  name: "B360: the first packet from a peer, and the first one to it, are told once, a tenth of its time late at most",
  permissions: "none",
  fn() {
    const { publisher, subscriber, connect, started } = setUp(true);
    connect(publisher);
    connect(subscriber);
    assert.deepEqual(started(475), [[], []]);
    publisher.client.sendRtp(PICTURE);
    assert.deepEqual(started(2000), [[525], [525]]);
  },
});

Deno.test({
  name: "B360: a first packet that comes more than 30 s after the connection is not told",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber, connect, started } = setUp(true);
    connect(publisher);
    assert.deepEqual(started(19_975), [[], []]);
    const lookMs = setup.engine.find(publisher.number)?.nextTimeout() ?? 0;
    assert.ok(lookMs > 19_975 && lookMs <= 20_075, "it costs no look at each tick");
    connect(subscriber);
    publisher.client.check(publisher.opening.ice);
    assert.deepEqual(started(30_975), [[], []]);
    publisher.client.sendRtp(PICTURE);
    assert.deepEqual(started(31_500), [[], [31_025]]);
  },
});

Deno.test({
  name: "B361: of a peer that is not traced nothing is told, and it is looked at no more often",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber, connect, started } = setUp(false);
    connect(publisher);
    connect(subscriber);
    assert.ok((setup.engine.find(subscriber.number)?.nextTimeout() ?? 0) > setup.nowMs);
    publisher.client.sendRtp(PICTURE);
    assert.deepEqual(started(2000), [[], []]);
  },
});
