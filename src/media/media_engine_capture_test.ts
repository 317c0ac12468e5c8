import assert from "node:assert/strict";
import { consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { MediaSetup, type MediaSetupPeer } from "../../tests/harness/media_setup.ts";
import { buildRtp, parseRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { type CapturedPacket, readCaptured } from "./captured_packets.ts";

/** A publisher, and a subscriber to its video, of whom the named one is captured. */
function setUp(captured: "publisher" | "subscriber", withPayload = false) {
  const setup = new MediaSetup();
  const [publisher, subscriber] = [setup.open(), setup.open()];
  for (const peer of [publisher, subscriber]) peer.connect();
  publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
  const ssrcs = { ssrc: 7000, rtxSsrc: undefined };
  subscriber.say({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs });
  setup.engine.handleTimeout(setup.nowMs);
  const peer = captured === "publisher" ? publisher : subscriber;
  peer.say({ type: "capture", number: 1, withPayload });
  return { setup, publisher, subscriber, peer };
}

function sendPicture({ client }: MediaSetupPeer, sequenceNumber: number, payload = VP8_KEY_FRAME): void {
  client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber, timestamp: sequenceNumber * 3000, payload }));
}

function capturedOf({ events }: MediaSetupPeer): CapturedPacket[] {
  return events.flatMap((event) => event.type === "captured" ? [...readCaptured(event.batch)] : []);
}

/** The ticks of so long. */
function pass(setup: MediaSetup, ms: number): void {
  for (const endMs = setup.nowMs + ms; setup.nowMs < endMs;) {
    setup.nowMs += 25;
    setup.engine.handleTimeout(setup.nowMs);
  }
}

Deno.test({
  name: "B522: a subscriber's capture has what it is sent, decrypted, within a tick of 100 ms",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber } = setUp("subscriber", true);
    sendPicture(publisher, 1);
    pass(setup, 125);
    const [sent] = capturedOf(subscriber).filter(({ isSent, bytes }) => isSent && bytes[1] < 192);
    const [received] = subscriber.received();
    assert.deepEqual(sent.bytes, received);
    assert.equal(parseRtp(sent.bytes).ssrc, 7000);
    assert.deepEqual(capturedOf(publisher), []);
  },
});

Deno.test({
  name: "B522, B524: a publisher's capture has the headers of what it sends, and the RTCP that it is sent",
  permissions: "none",
  fn() {
    const { setup, publisher, peer } = setUp("publisher");
    for (const sequenceNumber of [1, 2, 5]) sendPicture(publisher, sequenceNumber);
    pass(setup, 1500);
    const received = capturedOf(peer).filter(({ isSent }) => !isSent);
    assert.deepEqual(received.map(({ length, bytes }) => [length - bytes.length, bytes[3]]), [
      [VP8_KEY_FRAME.length, 1],
      [VP8_KEY_FRAME.length, 2],
      [VP8_KEY_FRAME.length, 5],
    ]);
    const sent = capturedOf(peer).filter(({ isSent }) => isSent);
    assert(sent.length > 0 && sent.every(({ length, bytes }) => bytes.length === length && bytes[1] >= 192));
  },
});

Deno.test({
  name: "B523: what was captured is told at the end, and nothing behind it",
  permissions: "none",
  fn() {
    const { setup, publisher, peer } = setUp("publisher");
    sendPicture(publisher, 1);
    peer.say({ type: "endCapture" });
    assert.equal(capturedOf(peer).filter(({ isSent }) => !isSent).length, 1);
    const before = capturedOf(peer).length;
    sendPicture(publisher, 2);
    pass(setup, 1500);
    assert.equal(capturedOf(peer).length, before);
  },
});

Deno.test({
  name: "B525: who captures and does not read costs the peer no packet",
  permissions: "none",
  fn() {
    const { setup, publisher, subscriber, peer } = setUp("subscriber", true);
    const payload = new Uint8Array(1000);
    payload.set(VP8_KEY_FRAME);
    for (let n = 0; n < 500; n++) {
      sendPicture(publisher, n, payload);
      assert.equal(subscriber.received().length, 1);
    }
    pass(setup, 125);
    assert(capturedOf(peer).length < 500);
  },
});
