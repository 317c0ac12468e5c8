import assert from "node:assert/strict";
import { consumerParameters, pictureLossIndications, videoProducer } from "../../tests/harness/engine.ts";
import { DTLS_HELLO } from "../../tests/harness/keyed_dtls.ts";
import { MediaSetup, type MediaSetupPeer, testKeying } from "../../tests/harness/media_setup.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import type { MediaPeer } from "./media_peer.ts";

const SSRCS = { ssrc: 7000, rtxSsrc: undefined };
const NEXT_ICE = { ufrag: "nextnext", password: "n".repeat(24) };

interface Setup extends MediaSetupPeer {
  readonly setup: MediaSetup;
  readonly media: MediaPeer;
}

/** One peer that is open. */
function setUp(): Setup {
  const setup = new MediaSetup();
  const peer = setup.open();
  const media = setup.engine.find(peer.number);
  assert.ok(media);
  return { ...peer, setup, media };
}

function connected(): Setup {
  const peer = setUp();
  peer.connect();
  return peer;
}

/** The end that the events tell, with all that was told besides. */
function end({ events }: MediaSetupPeer): unknown[] {
  return events.splice(0).map((event) => event.type === "ended" ? [event.reason, event.detail] : event.type);
}

/** SSRCs of which the peer's client was asked for a picture. */
function picturesAsked({ datagrams, client }: MediaSetupPeer): number[] {
  const opened = datagrams.take().flatMap(({ bytes }) => client.open(bytes) ?? []);
  return pictureLossIndications(opened.filter(({ kind }) => kind === "rtcp").map(({ plain }) => plain));
}

Deno.test({
  name: "the first valid request tells that the credentials are used and where media goes, and the next ones nothing",
  permissions: "none",
  fn() {
    const { client, events, opening } = setUp();
    client.check(opening.ice);
    client.check(opening.ice);
    assert.deepEqual(events.splice(0), [
      { type: "iceCredentialsUsed", ufrag: opening.ice.ufrag },
      { type: "addressSelected", address: client.address },
    ]);
    client.address = { hostname: "192.0.2.1", port: 4001 };
    client.check(opening.ice);
    assert.deepEqual(events, [{ type: "addressSelected", address: { hostname: "192.0.2.1", port: 4001 } }]);
  },
});

Deno.test({
  name:
    "P29: a restart claims its ufrag, and tells once when the new credentials are used; the ones before tell nothing",
  permissions: "none",
  fn() {
    const { client, events, opening, datagrams, say } = connected();
    say({ type: "restartIce", ice: NEXT_ICE });
    assert.deepEqual(datagrams.ufrags, [opening.ice.ufrag, NEXT_ICE.ufrag]);
    client.check(opening.ice);
    assert.deepEqual(events, []);
    client.check(NEXT_ICE);
    client.check(NEXT_ICE);
    assert.deepEqual(events, [{ type: "iceCredentialsUsed", ufrag: NEXT_ICE.ufrag }]);
  },
});

Deno.test({
  name: "what is told can be copied: an address is a plain object, DTLS as long as its datagram",
  permissions: "none",
  fn() {
    class SocketAddress {
      readonly hostname = "192.0.2.1";
      readonly port = 4000;
      readonly tell = () => {};
    }
    const { client, events, opening, media } = setUp();
    client.address = new SocketAddress();
    client.check(opening.ice);
    const buffer = new Uint8Array(2048);
    buffer.set(DTLS_HELLO);
    media.handleDatagram(buffer, DTLS_HELLO.length, client.address, 0);
    assert.deepEqual(structuredClone(events), events);
    assert.deepEqual(events.at(-1), { type: "dtlsReceived", bytes: DTLS_HELLO });
    assert.deepEqual(events.at(-2), { type: "addressSelected", address: { hostname: "192.0.2.1", port: 4000 } });
  },
});

Deno.test({
  name: "B40: DTLS from an address that ICE has not proven is not told, and none is sent before there is one",
  permissions: "none",
  fn() {
    const { client, events, datagrams, opening, say } = setUp();
    client.hello();
    say({ type: "sendDtls", bytes: DTLS_HELLO });
    assert.deepEqual([events, datagrams.take()], [[], []]);
    client.check(opening.ice);
    datagrams.take();
    say({ type: "sendDtls", bytes: DTLS_HELLO });
    assert.deepEqual(datagrams.take(), [{ bytes: DTLS_HELLO, to: client.address }]);
  },
});

Deno.test({
  name: "B62: a subscriber is given a picture when it is connected, at a command, and when its address changes",
  permissions: "none",
  fn() {
    const publisher = connected();
    const subscriber = publisher.setup.open();
    publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    subscriber.say({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs: SSRCS });
    subscriber.client.connect(subscriber.opening.ice);
    assert.deepEqual(picturesAsked(publisher), [], "nothing can be sent to it yet");
    subscriber.say({ type: "connect", keying: testKeying() });
    assert.deepEqual(picturesAsked(publisher), [1000]);
    publisher.setup.nowMs = 1000;
    subscriber.say({ type: "requestKeyFrames" });
    assert.deepEqual(picturesAsked(publisher), [1000]);
    publisher.setup.nowMs = 2000;
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 2, payload: VP8_KEY_FRAME }));
    subscriber.say({ type: "requestKeyFrames" });
    assert.deepEqual(picturesAsked(publisher), [], "it has one");
    publisher.setup.nowMs = 3000;
    subscriber.client.address = { hostname: "192.0.2.1", port: 4001 };
    subscriber.client.check(subscriber.opening.ice);
    assert.deepEqual(picturesAsked(publisher), [1000]);
  },
});

Deno.test({
  name: "P14: a peer whose signaling is lost stays for 30 s, be it silent or not, and no longer",
  permissions: "none",
  fn() {
    for (const isSilent of [true, false]) {
      const peer = connected();
      const { client, opening, setup, say, media } = peer;
      setup.nowMs = 20_000;
      client.check(opening.ice);
      say({ type: "detach" });
      assert.equal(media.nextTimeout(), 50_000);
      for (setup.nowMs = 21_000; setup.nowMs < 50_000; setup.nowMs += 1000) {
        if (!isSilent) client.check(opening.ice);
        media.handleTimeout(setup.nowMs);
        assert.deepEqual(end(peer), [], `${setup.nowMs}`);
      }
      media.handleTimeout(49_999);
      assert.deepEqual(end(peer), []);
      media.handleTimeout(50_000);
      media.handleTimeout(110_000);
      assert.deepEqual(end(peer), [["signaling-lost", ""]]);
      assert.equal(media.nextTimeout(), Infinity);
    }
  },
});

Deno.test({
  name: "P14, B19: the signaling that is lost prolongs nothing: 30 s after its last check a silent peer ends",
  permissions: "none",
  fn() {
    const peer = connected();
    const { setup, say, media } = peer;
    setup.nowMs = 10_000;
    say({ type: "detach" });
    assert.equal(media.nextTimeout(), 30_000);
    media.handleTimeout(30_000);
    assert.deepEqual(end(peer), [["transport-failed", "no ICE connectivity check for 30 s"]]);
  },
});

Deno.test({
  name: "P65: with signaling again nothing of the 30 s is left, and they begin anew where it is lost again",
  permissions: "none",
  fn() {
    const peer = connected();
    const { client, opening, setup, say, media } = peer;
    say({ type: "detach" });
    setup.nowMs = 29_000;
    client.check(opening.ice);
    say({ type: "attach" });
    assert.equal(media.nextTimeout(), 59_000, "a check is due");
    setup.nowMs = 50_000;
    client.check(opening.ice);
    say({ type: "detach" });
    media.handleTimeout(79_999);
    assert.deepEqual(end(peer), []);
    media.handleTimeout(80_000);
    assert.deepEqual(end(peer), [["signaling-lost", ""]]);
  },
});

Deno.test({
  name: "P15: 30 s without a connectivity check end a peer once, and nothing is due afterwards",
  permissions: "none",
  fn() {
    const peer = connected();
    const { media } = peer;
    assert.equal(media.nextTimeout(), 30_000);
    media.handleTimeout(29_999);
    assert.deepEqual(end(peer), []);
    media.handleTimeout(30_000);
    media.handleTimeout(60_000);
    assert.deepEqual(end(peer), [["transport-failed", "no ICE connectivity check for 30 s"]]);
    assert.equal(media.nextTimeout(), Infinity);
  },
});

Deno.test({
  name: "a fault in a datagram, a batch, a command or a deadline is told as the peer's end, once, and is not thrown",
  permissions: "none",
  fn() {
    const broken = () => {
      throw new Error("a fault");
    };
    const faults: ((peer: Setup) => void)[] = [
      (peer) => {
        peer.datagrams.slot = broken;
        peer.client.check(peer.opening.ice);
        peer.client.check(peer.opening.ice);
      },
      (peer) => {
        peer.media.peer.handleRtp = broken;
        peer.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1 }));
        peer.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 2 }));
      },
      (peer) => {
        peer.datagrams.claimUfrag = broken;
        peer.say({ type: "restartIce", ice: NEXT_ICE });
        peer.say({ type: "restartIce", ice: NEXT_ICE });
      },
      (peer) => {
        peer.media.peer.handleTimeout = broken;
        peer.media.handleTimeout(0);
        peer.media.handleTimeout(0);
      },
    ];
    for (const cause of faults) {
      const peer = connected();
      cause(peer);
      peer.media.handleTimeout(100_000);
      assert.deepEqual(end(peer), [["fault", "a fault"]]);
      assert.equal(peer.media.nextTimeout(), Infinity, "nothing is due any more");
    }
  },
});

Deno.test({
  name: "a fault that is no Error is told in words as well",
  permissions: "none",
  fn() {
    const peer = connected();
    peer.datagrams.slot = () => {
      throw "no slot";
    };
    peer.client.check(peer.opening.ice);
    assert.deepEqual(end(peer), [["fault", "no slot"]]);
  },
});

Deno.test({
  name: "B46: a fault in sending to a subscriber ends it by its own deadline, which is at once",
  permissions: "none",
  fn() {
    const publisher = connected();
    const subscriber = publisher.setup.open();
    subscriber.connect();
    publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
    subscriber.say({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs: SSRCS });
    subscriber.datagrams.slot = () => {
      throw new Error("no slot");
    };
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    assert.deepEqual([end(publisher), end(subscriber)], [[], []]);
    assert.equal(publisher.setup.engine.nextTimeout(), -Infinity);
    // It publishes nothing, so it is looked at four times a second.
    publisher.setup.engine.handleTimeout(250);
    assert.deepEqual(end(subscriber), [["transport-failed", "a fault of the server: no slot"]]);
    assert.deepEqual(end(publisher), []);
  },
});

Deno.test({
  name: "B28, B115: who leaves is told BYE; DTLS may still say close_notify, until the close",
  permissions: "none",
  fn() {
    const publisher = connected();
    const subscriber = publisher.setup.open();
    subscriber.connect();
    publisher.say({ type: "publish", trackId: "track", parameters: videoProducer() });
    subscriber.say({ type: "subscribe", trackId: "track", parameters: consumerParameters(), ssrcs: SSRCS });
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1, payload: VP8_KEY_FRAME }));
    assert.equal(subscriber.received().length, 1);
    subscriber.say({ type: "leave" });
    const [bye] = subscriber.datagrams.take().map(({ bytes }) => subscriber.client.open(bytes));
    assert.equal(bye?.kind, "rtcp");
    subscriber.say({ type: "sendDtls", bytes: DTLS_HELLO });
    assert.deepEqual(subscriber.datagrams.take().map(({ bytes }) => bytes), [DTLS_HELLO]);
    publisher.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 2, payload: VP8_KEY_FRAME }));
    assert.deepEqual(subscriber.datagrams.take(), [], "and it is sent no more media");
    subscriber.say({ type: "close" });
    subscriber.client.connect(subscriber.opening.ice);
    subscriber.say({ type: "sendDtls", bytes: DTLS_HELLO });
    assert.deepEqual([subscriber.datagrams.take(), end(subscriber)], [[], []]);
  },
});

Deno.test({
  name: "after its close a peer sends, tells and waits for nothing, whatever comes",
  permissions: "none",
  fn() {
    const peer = connected();
    const { media, client, opening, datagrams } = peer;
    media.close();
    media.close();
    client.connect(opening.ice);
    client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: 1 }));
    media.handleCommand({ type: "sendDtls", bytes: DTLS_HELLO }, 0);
    media.handleCommand({ type: "detach" }, 0);
    media.handleTimeout(100_000);
    assert.deepEqual([datagrams.take(), end(peer), media.nextTimeout()], [[], [], Infinity]);
  },
});
