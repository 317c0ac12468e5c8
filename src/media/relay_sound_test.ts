import assert from "node:assert/strict";
import { OPUS } from "../../tests/harness/engine.ts";
import {
  microphone,
  type ReceivedSound,
  SoundListener,
  SoundPublisher,
  timePayload,
} from "../../tests/harness/relayed_sound.ts";
import { SharedRoom } from "../../tests/harness/shared_room.ts";
import { inTurn, silence, speech } from "../../tests/harness/voices.ts";
import type { MediaSetupPeer } from "../../tests/harness/media_setup.ts";
import type { Codec } from "../sfu/types.ts";
import { RTP_HEAD_LENGTH } from "./relay_frames.ts";

const LOUD = 20;
const QUIET = 45;

/** Microphones in both nodes of a room, of which `loudest` are forwarded. Listeners receive all. */
class SoundCall {
  readonly room = new SharedRoom(2);
  readonly publishers = new Map<string, SoundPublisher>();
  readonly #loudest: number;

  constructor(loudest: number) {
    this.#loudest = loudest;
  }

  join(node: number): MediaSetupPeer {
    return this.room.join(node, { loudest: this.#loudest });
  }

  speak(node: number, trackId: string, codec?: Codec): SoundPublisher {
    const peer = this.join(node);
    this.room.publish(node, peer, trackId, microphone(codec));
    const publisher = new SoundPublisher(peer);
    this.publishers.set(trackId, publisher);
    return publisher;
  }

  listen(node: number, codec?: Codec): SoundListener {
    const listener = new SoundListener(this.join(node));
    for (const trackId of this.publishers.keys()) listener.subscribe(trackId, codec);
    return listener;
  }

  play(durationMs: number): void {
    this.room.play(durationMs, (nowMs) => {
      for (const publisher of this.publishers.values()) publisher.step(nowMs);
    });
  }
}

/** That nothing is missing in the numbers, and that timestamps go on by the publisher's time. */
function assertContinuous(sounds: readonly ReceivedSound[]): void {
  for (const [index, { packet, atMs }] of sounds.entries()) {
    if (index === 0) continue;
    const before = sounds[index - 1];
    assert.equal(packet.sequenceNumber, (before.packet.sequenceNumber + 1) & 0xffff);
    assert.equal((packet.timestamp - before.packet.timestamp) | 0, (atMs - before.atMs) * 48);
  }
}

Deno.test({
  name: "B389: of the loudest in each node the loudest of all are heard in both",
  permissions: "none",
  fn() {
    const call = new SoundCall(1);
    const [first, second, third] = [call.speak(0, "first"), call.speak(0, "second"), call.speak(1, "third")];
    const listeners = [call.listen(0), call.listen(1)];
    call.play(2000);
    for (const listener of listeners) for (const track of call.publishers.keys()) listener.take(track);
    first.sound = speech(LOUD, 1);
    call.play(3000);
    call.room.forget();
    call.play(2000);
    for (const [node, listener] of listeners.entries()) {
      assert.ok(listener.take("first").length >= 245, `node ${node}`);
      assert.ok(listener.take("second").length === 0 && listener.take("third").length < 10, `node ${node}`);
    }
    assert.ok(call.room.take("rtp").filter(({ from }) => from === 1).length < 10, "who is not heard crosses neither");
    first.sound = silence;
    call.play(2000);
    third.sound = speech(LOUD, 2);
    call.play(3000);
    for (const listener of listeners) for (const track of call.publishers.keys()) listener.take(track);
    call.play(1000);
    for (const [node, listener] of listeners.entries()) {
      assert.equal(listener.take("third").length, 50, `node ${node}`);
      assert.equal(listener.take("first").length + listener.take("second").length, 0, `node ${node}`);
    }
    third.sound = silence;
    call.play(2000);
    second.sound = speech(QUIET, 3);
    call.play(3000);
    for (const [node, listener] of listeners.entries()) assert.ok(listener.take("second").length > 140, `node ${node}`);
  },
});

Deno.test({
  name:
    "B389: what was left out where it is published leaves no gap elsewhere, also where the first packet behind it is lost",
  permissions: "none",
  fn() {
    for (const losesFirst of [false, true]) {
      const call = new SoundCall(1);
      const [first, second] = [call.speak(0, "first"), call.speak(0, "second")];
      first.sound = inTurn([0, speech(LOUD, 1)], [4000, silence], [10_000, speech(LOUD, 2)]);
      second.sound = inTurn([0, silence], [6000, speech(LOUD, 3)], [9000, silence]);
      const listener = call.listen(1);
      call.play(9800);
      let isLost = !losesFirst;
      call.room.loses = ({ type, atMs }) => type === "rtp" && atMs >= 10_000 && !isLost && (isLost = true);
      call.play(3000);
      const sounds = listener.take("first");
      const pauses = sounds.filter(({ atMs }, index) => index > 0 && atMs - sounds[index - 1].atMs > 1000);
      assert.equal(pauses.length, 1, "it was left out while the other spoke");
      assert.ok(pauses[0].packet.marker);
      if (losesFirst) {
        const at = sounds.indexOf(pauses[0]);
        assertContinuous(sounds.slice(0, at));
        assertContinuous(sounds.slice(at));
        const step = (pauses[0].packet.sequenceNumber - sounds[at - 1].packet.sequenceNumber) & 0xffff;
        assert.ok(step <= 2, `a gap of ${step}`);
      } else assertContinuous(sounds);
    }
  },
});

Deno.test({
  name: "B389: a track that somebody in another node pins crosses whoever is louder, and goes to that one",
  permissions: "none",
  fn() {
    const call = new SoundCall(1);
    const [first, second] = [call.speak(0, "first"), call.speak(0, "second")];
    first.sound = speech(LOUD, 1);
    const [pins, other, local] = [call.listen(1), call.listen(1), call.listen(0)];
    call.play(3000);
    pins.peer.say({ type: "setQuality", trackId: "second", wanted: { pinned: true } });
    call.play(200);
    for (const listener of [pins, other, local]) listener.take("second");
    call.play(2000);
    const sounds = pins.take("second");
    assert.equal(sounds.length, 100);
    assertContinuous(sounds);
    assert.deepEqual([other.take("second"), local.take("second")], [[], []]);
    pins.peer.say({ type: "setQuality", trackId: "second", wanted: {} });
    call.play(200);
    pins.take("second");
    call.play(1000);
    assert.deepEqual(pins.take("second"), []);
    second.sound = speech(LOUD, 4);
    first.sound = silence;
    call.play(5000);
    const later = other.take("second");
    assert.ok(later.length > 100);
    assertContinuous(later);
    assertContinuous(pins.take("second"));
  },
});

Deno.test({
  name: "B389: who speaks in one node is told in the other, too, where somebody receives it",
  permissions: "none",
  fn() {
    const call = new SoundCall(3);
    const speaker = call.speak(0, "first");
    const listener = call.listen(1);
    call.play(1000);
    speaker.sound = speech(LOUD, 1);
    call.play(2000);
    const dominants = listener.peer.events.flatMap((event) =>
      event.type === "speakersChanged" ? event.speakers.dominant ?? [] : []
    );
    assert.deepEqual([...new Set(dominants)], ["peer000"]);
    assert.equal(call.room.nodes[1].engine.find(listener.peer.number)?.peer.producers.size, 0, "it publishes nothing");
  },
});

Deno.test({
  name: "B389: sound crosses without redundancy, and with it to who takes it",
  permissions: "none",
  fn() {
    const call = new SoundCall(3);
    const redOpus: Codec = { ...OPUS, redPayloadType: 63, prefersRed: true };
    const publisher = call.speak(0, "first", redOpus);
    publisher.sound = speech(LOUD, 1);
    publisher.payloadOf = (nowMs) => {
      const [before, primary] = [timePayload(nowMs - 20), timePayload(nowMs)];
      const header = [0x80 | 111, 960 >> 6, (960 & 0x3f) << 2, before.length, 111];
      return { payloadType: 63, payload: Uint8Array.from([...header, ...before, ...primary]) };
    };
    const plain = call.listen(1);
    const withRed = call.listen(1, { ...OPUS, payloadType: 96, redPayloadType: 97 });
    call.play(2000);
    const sounds = plain.take("first");
    assert.ok(sounds.length >= 95 && sounds.every(({ packet }) => packet.payloadType === OPUS.payloadType));
    assertContinuous(sounds);
    const redundant = withRed.take("first").slice(1);
    assert.equal(redundant.length, sounds.length - 1);
    for (const { packet } of redundant) {
      assert.equal(packet.payloadType, 97);
      assert.equal(packet.payloadLength, 15);
    }
    const frames = call.room.take("rtp");
    assert.ok(frames.every(({ bytes }) => (bytes[RTP_HEAD_LENGTH + 1] & 0x7f) === OPUS.payloadType));
    publisher.payloadOf = () => ({ payloadType: 63, payload: Uint8Array.of(0x80 | 111, 1) });
    call.play(100);
    assert.deepEqual(call.room.take("rtp"), [], "a malformed payload goes nowhere");
    assert.deepEqual(plain.take("first"), []);
  },
});

Deno.test({
  name: "B385: sound that the bus loses stays lost: nobody keeps it",
  permissions: "none",
  fn() {
    const call = new SoundCall(3);
    const publisher = call.speak(0, "first", { ...OPUS, nack: true });
    publisher.sound = speech(LOUD, 1);
    const listener = call.listen(1);
    call.play(1000);
    listener.take("first");
    call.room.forget();
    call.room.loses = ({ type, atMs }) => type === "rtp" && atMs % 200 === 0;
    call.play(2000);
    assert.equal(listener.take("first").length, 90);
    assert.deepEqual(call.room.crossed.filter(({ type }) => type === "nack"), []);
  },
});
