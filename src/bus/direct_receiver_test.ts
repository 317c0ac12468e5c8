import assert from "node:assert/strict";
import { BusJournal } from "../../tests/harness/bus_journal.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { portableCiphers } from "../io/portable/cipher.ts";
import { BusCounters, MAX_FRAME_LENGTH } from "../media/media_bus.ts";
import { SLOT_SIZE } from "../webrtc/datagram.ts";
import { FRAMES_OFFSET, HEAD_LENGTH, NONCE_LENGTH, TAG_LENGTH, writeHead, writeNonce } from "./direct_datagram.ts";
import { DirectCounters, DirectReceiver, OpenedDatagram } from "./direct_receiver.ts";
import { FrameBatch } from "./frame_batch.ts";

const KEY = new Uint8Array(16).fill(7);
const SALT = Uint8Array.from({ length: NONCE_LENGTH }, (_, i) => i);
const FROM = 5;

/** A receiver, and a node that seals what it likes. */
function setUp() {
  const cipher = () => portableCiphers.create("SRTP_AEAD_AES_128_GCM", KEY, new Uint8Array(0));
  const counters = new DirectCounters();
  const bus = new BusCounters();
  const batch = new FrameBatch(bus);
  const journal = new BusJournal();
  batch.receiver = journal;
  const receiver = new DirectReceiver({
    keys: { salt: SALT },
    cipher: cipher(),
    opened: new OpenedDatagram(),
    batch,
    counters,
    from: FROM,
    newest: -1,
  });
  const sealing = cipher();
  const seal = (number: number, sealed: Uint8Array) => {
    const datagram = new Uint8Array(SLOT_SIZE);
    const nonce = new Uint8Array(NONCE_LENGTH);
    writeHead(datagram, 1, number);
    writeNonce(nonce, SALT, number);
    const end = HEAD_LENGTH + sealed.length;
    sealing.seal(nonce, datagram, HEAD_LENGTH, sealed, 0, sealed.length, undefined, end);
    return { datagram, length: end + TAG_LENGTH };
  };
  const receive = (number: number, sealed: Uint8Array) => {
    const { datagram, length } = seal(number, sealed);
    return receiver.handleDatagram(datagram, length, 0);
  };
  return { receiver, receive, seal, journal, counters };
}

/** Sealed bytes: frames that began before, where the first one begins, session, flags, and what follows. */
function sealedBytes(before: number, first: number, rest: readonly number[], session = 1): Uint8Array {
  return Uint8Array.of(0, 0, before >> 8, before, first >> 8, first, session, 0, ...rest);
}

Deno.test({
  name: "B464: what a node seals that makes no sense is counted, throws nothing, and what comes next is taken",
  permissions: "none",
  fn() {
    const { receive, journal, counters } = setUp();
    assert.ok(receive(0, sealedBytes(0, FRAMES_OFFSET, [0, 2, 1, 2])));
    // A frame longer than there are, and a first frame in front of all frames.
    assert.ok(
      receive(1, sealedBytes(1, FRAMES_OFFSET, [(MAX_FRAME_LENGTH + 1) >> 8, (MAX_FRAME_LENGTH + 1) & 255, 1])),
    );
    assert.ok(receive(3, sealedBytes(5, 3, [0, 1, 1])));
    // Fewer frames than have come.
    assert.ok(receive(5, sealedBytes(2, FRAMES_OFFSET, [0, 1, 1])));
    assert.equal(counters.malformed, 3);
    // A first frame behind the end is as none.
    assert.ok(receive(7, sealedBytes(2, 2000, [0, 1, 1])));
    assert.ok(receive(8, sealedBytes(2, FRAMES_OFFSET, [0, 2, 3, 4])));
    assert.deepEqual(journal.textsOf(FROM), ["\x01\x02", "\x03\x04"]);
    assert.deepEqual([counters.malformed, counters.forged], [3, 0]);
  },
});

Deno.test({
  name: "B464: a node may seal any bytes whatever: nothing throws, and no frame is longer than frames are",
  permissions: "none",
  fn() {
    const seed = randomSeed();
    const random = seededRandom(seed);
    const { receive, journal, counters } = setUp();
    for (let number = 0, i = 0; i < 3000; i++) {
      number += 1 + (random.uint32() % 8 === 0 ? random.uint32() % 5 : 0);
      const rest = Array.from(
        { length: random.uint32() % 60 },
        () => random.uint32() % 4 === 0 ? random.uint32() & 255 : 0,
      );
      assert.ok(
        receive(number, sealedBytes(random.uint32() % 20, random.uint32() % 70, rest, random.uint32() % 2)),
        `${seed}`,
      );
    }
    assert.equal(counters.forged, 0);
    assert.ok(journal.frames.length > 0, `seed ${seed}`);
    assert.ok(journal.frames.every(({ bytes }) => bytes.length <= MAX_FRAME_LENGTH), `seed ${seed}`);
  },
});

Deno.test({
  name: "B463: numbers go beyond 32 bits, and one beyond 53 is none",
  permissions: "none",
  fn() {
    const { receive, receiver, seal, journal, counters } = setUp();
    for (const [i, number] of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1].entries()) {
      assert.ok(receive(number, sealedBytes(i, FRAMES_OFFSET, [0, 1, i])));
      assert.equal(receive(number, sealedBytes(i, FRAMES_OFFSET, [0, 1, i])), false);
    }
    assert.deepEqual(journal.frames.map(({ bytes }) => bytes[0]), [0, 1, 2, 3, 4, 5]);
    const { datagram, length } = seal(0, sealedBytes(6, FRAMES_OFFSET, []));
    datagram.fill(255, 8, HEAD_LENGTH);
    assert.equal(receiver.handleDatagram(datagram, length, 0), false);
    assert.deepEqual({ ...counters }, { strangers: 0, stale: 7, forged: 0, malformed: 0 });
  },
});
