import assert from "node:assert/strict";
import { portableCiphers } from "../io/portable/cipher.ts";
import { writeUint16 } from "../rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../rtp/packet.ts";
import { SrtpSender } from "../webrtc/srtp/srtp_session.ts";
import { fixedKeys } from "../../tests/harness/keyed_dtls.ts";
import { type Encoding, ONLY_ENCODING, simulcastEncodings } from "./encoding.ts";
import { Histogram } from "./histogram.ts";
import { CHECK_INTERVAL, IncomingTrack } from "./incoming_track.ts";
import { OutgoingTrack, type PacketSink } from "./outgoing_track.ts";

const PROFILE = "SRTP_AEAD_AES_128_GCM";
const SSRC = 1;
const RTX_SSRC = 2;
const CLOCK_RATE = 90_000;
/** Frames of one packet. */
const RATE = { bitsPerSecond: 80_000, fps: 10 };
const FRAME_US = 1e6 / RATE.fps;

/** What a subscriber receives of a publisher's track, without a server between them, and without encryption. */
class TestStream implements PacketSink {
  readonly latency = new Histogram();
  readonly track = new IncomingTrack(
    { ssrc: SSRC, rtxSsrc: RTX_SSRC, payloadType: 96, rtxPayloadType: 97, isVideo: true, clockRate: CLOCK_RATE },
    this.latency,
  );
  readonly #slot = new Uint8Array(2048);
  #outgoing: OutgoingTrack;
  #length = 0;
  #nowUs = 0;
  /** The next sequence number: servers number what they forward themselves. */
  #next = 0;

  constructor(number = 0) {
    this.#outgoing = this.#publish(number, ONLY_ENCODING);
  }

  /** From now on this is sent instead. */
  switchTo(number: number, encoding: Encoding): void {
    this.#outgoing = this.#publish(number, encoding);
  }

  slot(): Uint8Array {
    return this.#slot;
  }

  sendRtp(_sender: SrtpSender, headerLength: number, source: Uint8Array, offset: number, length: number): void {
    this.#slot.set(source.subarray(offset, offset + length), headerLength);
    this.#length = headerLength + length;
  }

  flush(): void {}

  /** A packet each FRAME_US; where it does not come it is lost. */
  send(count: number, comes = true): void {
    for (let i = 0; i < count; i++, this.#nowUs += FRAME_US) {
      this.#outgoing.run(this.#nowUs);
      writeUint16(this.#slot, 2, this.#next++);
      if (comes) this.track.handleRtp(this.#received(), 0, this.#nowUs, this.#opener());
    }
  }

  /** The datagram that repairs a packet. */
  resend(sequenceNumber: number): Uint8Array {
    this.#outgoing.resend(sequenceNumber);
    return this.#slot.subarray(0, this.#length);
  }

  /** Takes a datagram as RTX. */
  takeRtx(datagram: Uint8Array, authentic = true): void {
    this.#slot.set(datagram);
    this.#length = datagram.length;
    this.track.handleRtx(this.#received(), 0, this.#nowUs, this.#opener(authentic));
  }

  #publish(number: number, encoding: Encoding): OutgoingTrack {
    const rtx = { ssrc: RTX_SSRC, payloadType: 97 };
    const options = { number, encoding, ssrc: SSRC, payloadType: 96, rtx, video: RATE, clockRate: CLOCK_RATE };
    const track = new OutgoingTrack(
      options,
      this,
      new SrtpSender(PROFILE, fixedKeys(PROFILE).local, portableCiphers),
    );
    track.begin(this.#nowUs);
    return track;
  }

  #received() {
    const nowUs = this.#nowUs;
    return { bytes: () => this.#slot, length: () => this.#length, receivedUs: () => nowUs };
  }

  #opener(authentic = true) {
    return { unprotectRtp: (_bytes: Uint8Array, length: number) => authentic ? length : -1 };
  }
}

/** Number 1 did not come; those before and behind it did, of which the first and the last were checked. */
function streamWithGap(): TestStream {
  const stream = new TestStream();
  stream.send(1);
  stream.send(1, false);
  stream.send(CHECK_INTERVAL);
  return stream;
}

function counts({ track: { checked, bad, window: { recovered } } }: TestStream) {
  return { checked, bad, recovered };
}

Deno.test({
  name: "a repair is compared with what was published",
  permissions: "none",
  fn() {
    const stream = streamWithGap();
    assert.deepEqual(counts(stream), { checked: 2, bad: 0, recovered: 0 });
    stream.takeRtx(stream.resend(1));
    assert.deepEqual(counts(stream), { checked: 3, bad: 0, recovered: 1 });
  },
});

Deno.test({
  name: "a repair that comes twice is compared twice and repairs once",
  permissions: "none",
  fn() {
    const stream = streamWithGap();
    stream.takeRtx(stream.resend(1));
    stream.takeRtx(stream.resend(1));
    assert.deepEqual(counts(stream), { checked: 4, bad: 0, recovered: 1 });
  },
});

const WRONG: Readonly<Record<string, (stream: TestStream) => Uint8Array>> = {
  "whose pattern is damaged": (stream) => {
    const datagram = stream.resend(1);
    datagram[datagram.length - 1] ^= 1;
    return datagram;
  },
  "that is cut short": (stream) => stream.resend(1).subarray(0, -1),
  "of another track": () => {
    const other = new TestStream(1);
    other.send(2);
    return other.resend(1);
  },
  "that holds a packet newer than its number": (stream) => {
    const newest = 1 + CHECK_INTERVAL;
    stream.send(1, false);
    const datagram = stream.resend(newest + 1);
    writeUint16(datagram, FIXED_HEADER_LENGTH, 1);
    return datagram;
  },
};

for (const [kind, make] of Object.entries(WRONG)) {
  Deno.test({
    name: `a repair ${kind} is bad`,
    permissions: "none",
    fn() {
      const stream = streamWithGap();
      stream.takeRtx(make(stream));
      const { checked, bad } = counts(stream);
      assert.deepEqual({ checked, bad }, { checked: 3, bad: 1 });
    },
  });
}

Deno.test({
  name: "a repair that is not authentic is bad and repairs nothing",
  permissions: "none",
  fn() {
    const stream = streamWithGap();
    stream.takeRtx(stream.resend(1), false);
    assert.deepEqual(counts(stream), { checked: 3, bad: 1, recovered: 0 });
  },
});

Deno.test({
  name: "a probe by RTX, which holds no packet, is not bad",
  permissions: "none",
  fn() {
    const stream = streamWithGap();
    stream.takeRtx(stream.resend(1).subarray(0, FIXED_HEADER_LENGTH));
    assert.deepEqual(counts(stream), { checked: 3, bad: 0, recovered: 0 });
  },
});

Deno.test({
  name: "the latency of a repair counts as often as that of any other packet, from when it was sent first",
  permissions: "none",
  fn() {
    const stream = new TestStream();
    stream.send(1);
    stream.send(2, false);
    stream.send(CHECK_INTERVAL - 1);
    assert.equal(stream.latency.count, 1);
    stream.takeRtx(stream.resend(1));
    assert.equal(stream.latency.count, 2);
    assert.equal(stream.latency.percentiles.max, (CHECK_INTERVAL + 1) * FRAME_US / 1000);
    stream.takeRtx(stream.resend(2));
    assert.equal(stream.latency.count, 2);
  },
});

Deno.test({
  name: "B516: a track without SSRCs takes those of the first packets that fit its payload types, and no others",
  permissions: "none",
  fn() {
    const options = {
      ssrc: -1,
      rtxSsrc: -1,
      payloadType: 96,
      rtxPayloadType: 97,
      isVideo: true,
      clockRate: CLOCK_RATE,
    };
    const track = new IncomingTrack(options, new Histogram());
    assert.deepEqual([track.adopt(5, 111), track.adopt(6, 96), track.adopt(7, 97)], [false, true, true]);
    assert.deepEqual([track.ssrc, track.rtxSsrc], [6, 7]);
    assert.deepEqual([track.adopt(8, 96), track.adopt(9, 97)], [false, false]);
    const plain = new IncomingTrack({ ...options, ssrc: 6, rtxPayloadType: -1 }, new Histogram());
    assert.deepEqual([plain.adopt(7, 97), plain.isRepaired], [false, false]);
  },
});

Deno.test({
  name: "a subscriber that is given another encoding of the same track has nothing damaged, of another track it has",
  permissions: "none",
  fn() {
    for (const [number, bad] of [[0, 0], [1, 1]]) {
      const stream = new TestStream();
      stream.send(CHECK_INTERVAL);
      stream.switchTo(number, simulcastEncodings("0")[1]);
      stream.send(1);
      assert.deepEqual(counts(stream), { checked: 2, bad, recovered: 0 });
    }
  },
});
