import assert from "node:assert/strict";
import { addPeer, audioProducer, consumerParameters, OPUS, type TestPeer } from "../../tests/harness/engine.ts";
import { buildRtp, parseRtp, runOf } from "../../tests/harness/rtp_builder.ts";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { SENDER_REPORT_LENGTH, writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { AUDIO_LEVEL_URI } from "./header_extensions.ts";
import { Router } from "./router.ts";
import type { WantedQuality } from "./quality.ts";
import type { Source } from "./types.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const LEVEL_ID = 1;
const SILENT = 127;
const LOUD = 20;

interface Microphone {
  readonly owner: TestPeer;
  readonly trackId: string;
  readonly ssrc: number;
  /** Of the next packet. */
  sequenceNumber: number;
  readonly mid: string;
}

/** A room of publishers whose microphones one subscriber receives. */
class AudioRoom {
  nowMs = 0;
  readonly subscriber: TestPeer;
  readonly #random = seededRandom(1);
  readonly #router: Router;

  constructor(loudest: number) {
    this.#router = new Router(loudest);
    this.subscriber = addPeer(this.#router, this.#random);
  }

  add(index: number, firstSequenceNumber = 100, source: Source = "microphone"): Microphone {
    const owner = addPeer(this.#router, this.#random);
    const ssrc = 1000 + index;
    const headerExtensions = [{ uri: AUDIO_LEVEL_URI, id: LEVEL_ID }];
    const { id } = owner.publish(audioProducer({ ssrcs: [ssrc], headerExtensions, source }));
    const mid = `${index}`;
    const codec = { ...OPUS, payloadType: 109 };
    this.subscriber.subscribe(id, consumerParameters({ mid, codec, headerExtensions: [] }));
    return { owner, trackId: id, ssrc, sequenceNumber: firstSequenceNumber, mid };
  }

  /** Sends the next packets of a microphone, 20 ms each; `level` undefined for none. Returns those that the subscriber got. */
  say(microphone: Microphone, level: number | undefined, count = 1, advanceMs = 20) {
    for (let i = 0; i < count; i++) {
      const { ssrc, sequenceNumber } = microphone;
      const packet = buildRtp({
        payloadType: 111,
        ssrc,
        sequenceNumber,
        timestamp: this.nowMs * 48,
        payload: Uint8Array.of(sequenceNumber & 0xff, 7, 7),
        ...(level !== undefined && { extensions: new Map([[LEVEL_ID, Uint8Array.of(level)]]) }),
      });
      microphone.owner.peer.handleRtp(runOf(packet), this.nowMs);
      microphone.sequenceNumber = (sequenceNumber + 1) & 0xffff;
      this.nowMs += advanceMs;
    }
    return this.subscriber.sender.takeRtp().map(parseRtp);
  }
}

test("B351: what is not among the loudest is left out without a gap in the numbers, while its timestamp goes on", () => {
  for (const start of START_SEQUENCE_NUMBERS) {
    const room = new AudioRoom(1);
    const [one, two] = [room.add(1), room.add(2, start)];
    room.say(one, SILENT);
    const before = room.say(two, 30, 5);
    assert.equal(before.length, 5);
    room.say(one, LOUD, 10);
    assert.deepEqual(room.say(two, SILENT, 40), [], "somebody else is louder");
    room.say(one, SILENT, 100);
    const after = room.say(two, 30, 3);
    assert.equal(after.length, 3, `from ${start}: from the first loud packet on`);
    const all = [...before, ...after];
    for (let i = 1; i < all.length; i++) {
      assert.equal((all[i].sequenceNumber - all[i - 1].sequenceNumber) & 0xffff, 1, `from ${start}`);
    }
    const passedMs = ((after[0].timestamp - before[4].timestamp) >>> 0) / 48;
    assert.equal(passedMs, 20 + 10 * 20 + 40 * 20 + 100 * 20, "the source's own time");
    assert.deepEqual(
      [before[1].marker, after[0].marker, after[1].marker],
      [false, true, false],
      "RFC 3551 section 4.1",
    );
  }
});

test("B351: however many packets are left out the stream goes on in a row, and late ones of that time are dropped", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  room.say(one, SILENT);
  const [before] = room.say(two, 30);
  for (const leftOut of [10, 16_390, 32_768, 65_535, 65_536, 70_000]) {
    room.say(one, LOUD, 30);
    const first = two.sequenceNumber;
    assert.deepEqual(room.say(two, SILENT, leftOut, 0.01), []);
    room.say(one, SILENT, 100);
    const after = room.say(two, 30, 2);
    assert.deepEqual(
      after.map(({ sequenceNumber }) => (sequenceNumber - before.sequenceNumber) & 0xffff),
      [1, 2],
      `after ${leftOut}`,
    );
    const next = two.sequenceNumber;
    two.sequenceNumber = (next - 4) & 0xffff;
    if (leftOut < 1000) assert.deepEqual(room.say(two, SILENT, 1, 0), [], `late, after ${leftOut} from ${first}`);
    two.sequenceNumber = next;
    before.sequenceNumber = after[1].sequenceNumber;
  }
});

test("B351: sender reports go on while a track is left out, with the timestamp of their time", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  room.say(one, SILENT);
  const [first] = room.say(two, 30);
  const firstMs = room.nowMs - 20;
  room.say(one, LOUD, 30);
  room.say(two, SILENT, 5);
  room.subscriber.sender.takeRtcp();
  const sent = new Uint8Array(SENDER_REPORT_LENGTH);
  writeSenderReport(sent, 0, two.ssrc, 3_900_000_000, 0, room.nowMs * 48, 5, 15);
  two.owner.peer.handleRtcp(sent, sent.length, room.nowMs);
  const reportMs = room.nowMs;
  room.nowMs += 150;
  two.owner.peer.handleTimeout(room.nowMs);
  const [report] = room.subscriber.sender.takeRtcp();
  assert.ok(report !== undefined);
  const view = new DataView(report.buffer);
  assert.equal(view.getUint32(16), (first.timestamp + (reportMs - firstMs) * 48) >>> 0);
  assert.deepEqual(room.say(two, SILENT), []);
});

test("P97: microphones without levels, and what a screen plays, are forwarded whoever is louder, and are no speakers", () => {
  const room = new AudioRoom(1);
  const [loud, silent, screen] = [room.add(1), room.add(2), room.add(3, 5, "screenAudio")];
  room.say(loud, LOUD, 30);
  assert.equal(room.say(silent, undefined, 30).length, 30);
  assert.equal(room.say(screen, SILENT, 30).length, 30);
  assert.equal(room.say(screen, LOUD, 30).length, 30);
  room.say(loud, SILENT, 100);
  assert.equal(room.say(silent, SILENT, 1).length, 0, "with levels it is one of the microphones");
  assert.equal(room.say(silent, undefined, 9).length, 0, "a level that is missing now and then changes nothing");
  assert.equal(room.say(silent, undefined, 9).length, 9, "where none comes any more it passes");
});

test("B352: what a subscriber has pinned it gets whoever is louder, in one continuous stream", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  room.say(one, SILENT);
  const before = room.say(two, 30, 3);
  room.say(one, LOUD, 30);
  assert.deepEqual(room.say(two, SILENT, 7), []);
  const consumer = room.subscriber.peer.consumers.get(two.mid);
  consumer?.pin(true);
  consumer?.pin(true);
  const pinned = room.say(two, SILENT, 3);
  room.say(one, SILENT, 100);
  const loud = room.say(two, LOUD, 3);
  room.say(one, LOUD, 200);
  consumer?.pin(false);
  const numbers = [...before, ...pinned, ...loud].map(({ sequenceNumber }) =>
    sequenceNumber - before[0].sequenceNumber
  );
  assert.deepEqual(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("B352: a track that is pinned and off is not sent, and comes at once where it is on again", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  one.owner.subscribe(two.trackId, consumerParameters({ mid: "9", codec: { ...OPUS, payloadType: 109 } }));
  room.say(one, LOUD, 30);
  const want = (wanted: WantedQuality) => {
    room.subscriber.peer.setQuality(two.trackId, wanted, room.nowMs);
    room.subscriber.peer.handleTimeout(room.nowMs += 600);
  };
  for (const wanted of [{ pinned: true, off: true }, { off: true }, { pinned: true, off: true }]) {
    want(wanted);
    assert.deepEqual(room.say(two, SILENT, 7), []);
  }
  want({ pinned: true });
  assert.equal(room.say(two, SILENT, 7).length, 7);
  want({});
  assert.deepEqual(room.say(two, SILENT, 7), []);
});

test("B352: a subscription that was pinned and off sends nothing after it has ended", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  one.owner.subscribe(two.trackId, consumerParameters({ mid: "9", codec: { ...OPUS, payloadType: 109 } }));
  room.say(one, LOUD, 30);
  const { peer } = room.subscriber;
  const consumer = peer.consumers.get(two.mid);
  peer.setQuality(two.trackId, { pinned: true, off: true }, room.nowMs);
  peer.handleTimeout(room.nowMs += 600);
  peer.unsubscribe(two.mid);
  consumer?.pin(true);
  assert.deepEqual(room.say(two, SILENT, 7), []);
  two.owner.peer.unpublish("0");
  assert.deepEqual(room.say(two, SILENT, 7), []);
});

test("B351: a subscriber that comes, or goes, while a track is left out changes nothing for the others", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  room.say(one, LOUD, 30);
  room.say(two, SILENT, 5);
  const { subscriber } = room;
  subscriber.peer.unsubscribe(two.mid);
  subscriber.subscribe(two.trackId, consumerParameters({ mid: "9", codec: { ...OPUS, payloadType: 109 } }));
  assert.deepEqual(room.say(two, SILENT, 5), []);
  subscriber.peer.consumers.get("9")?.pin(true);
  subscriber.peer.unsubscribe("9");
  assert.deepEqual(room.say(two, SILENT, 5), []);
  subscriber.subscribe(two.trackId, consumerParameters({ mid: "9", codec: { ...OPUS, payloadType: 109 } }));
  room.say(one, SILENT, 100);
  const out = room.say(two, 30, 2);
  assert.equal(out.length, 2);
  assert.equal((out[1].sequenceNumber - out[0].sequenceNumber) & 0xffff, 1);
});

test("B499, P134: a muted microphone makes no speaker, and leaves its place among the loudest to another one", () => {
  const room = new AudioRoom(1);
  const [one, two] = [room.add(1), room.add(2)];
  room.say(one, LOUD, 50);
  assert.deepEqual(room.say(two, SILENT, 2), [], "there is no other place");
  one.owner.peer.mute("1", true);
  assert.equal(room.say(two, SILENT, 2).length, 2, "from the next packet on");
  room.say(one, LOUD, 50);
  assert.equal(room.say(two, SILENT, 2).length, 2, "however loud the other one is");
  one.owner.peer.mute("1", false);
  room.subscriber.peer.handleTimeout(room.nowMs);
  assert.equal(room.say(one, LOUD, 10).length, 10, "it is heard again as before");
});
