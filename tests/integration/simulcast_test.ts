import assert from "node:assert/strict";
import { systemClock } from "../../src/io/clock.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import { ntpFraction, ntpSeconds } from "../../src/rtp/rtcp/ntp.ts";
import { pliMediaSsrc } from "../../src/rtp/rtcp/pli.ts";
import { ReportBlock } from "../../src/rtp/rtcp/receiver_report.ts";
import { RtcpReader } from "../../src/rtp/rtcp/rtcp_reader.ts";
import { writeSenderReport } from "../../src/rtp/rtcp/sender_report.ts";
import { sequenceDiff, timestampDiff } from "../../src/rtp/sequence.ts";
import { BACKEND_SETUPS } from "../harness/backend_setups.ts";
import { buildRtp, parseRtp } from "../harness/rtp_builder.ts";
import { seededRandom } from "../harness/seeded_random.ts";
import { type UdpPerson, UdpRoom } from "../harness/udp_room.ts";

const RIDS = ["q", "h", "f"];
const SSRCS = [1000, 2000, 3000];
const UNKNOWN_SSRC = 9000;
const RTX: readonly (readonly [number, number])[] = [[96, 97]];
const [MID_ID, RID_ID] = [4, 10];
const FRAME_MS = 20;
const FRAMES_OF_REPORT = 10;
/** Packets that tell their RID: after that the SSRC does. */
const WITH_RID = 10;
const TARGETS = [0, 2, 1, 0, 1, 2];
const SWITCHES = 18;

/** A camera in three encodings, which answers requests for a picture, and an SSRC that says of itself nothing. */
class SimulcastCamera {
  readonly ssrcsReported = new Set<number>();
  readonly #person: UdpPerson;
  readonly #namesRids: boolean;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #wanted = new Set(SSRCS);
  readonly #startMs = systemClock.now();
  #frames = 0;
  #looked = 0;

  constructor(person: UdpPerson, namesRids: boolean) {
    this.#person = person;
    this.#namesRids = namesRids;
    this.#timer = setInterval(() => this.#send(), FRAME_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #send(): void {
    this.#readFeedback();
    const frame = this.#frames++;
    const { client } = this.#person.udp;
    SSRCS.forEach((ssrc, index) => client.sendRtp(this.#packet(ssrc, index, frame)));
    client.sendRtp(buildRtp({ ssrc: UNKNOWN_SSRC, sequenceNumber: frame }));
    if (frame % FRAMES_OF_REPORT !== 0) return;
    const nowMs = systemClock.now();
    for (const ssrc of SSRCS) {
      const report = new Uint8Array(28);
      writeSenderReport(report, 0, ssrc, ntpSeconds(nowMs), ntpFraction(nowMs), this.#timestamp(ssrc), frame, frame);
      client.sendRtcp(report);
    }
  }

  #packet(ssrc: number, index: number, frame: number): Uint8Array {
    const isKeyFrame = this.#wanted.delete(ssrc);
    const width = 160 << index;
    const descriptor = [0x90, 0x80, 0x80 | ((frame >> 8) & 0x7f), frame & 0xff];
    const header = isKeyFrame
      ? [0x10, 0, 0, 0x9d, 0x01, 0x2a, width & 0xff, width >> 8, (90 << index) & 0xff, (90 << index) >> 8]
      : [0x11, 0, 0];
    const payload = Uint8Array.from([
      ...descriptor,
      ...header,
      ...new Uint8Array(100 * (index + 1)),
      index,
      +isKeyFrame,
    ]);
    const text = (words: string) => new TextEncoder().encode(words);
    const isNamed = this.#namesRids && frame < WITH_RID;
    return buildRtp({
      ssrc,
      sequenceNumber: (65_500 + 7 * index + frame) & 0xffff,
      timestamp: this.#timestamp(ssrc),
      marker: true,
      payload,
      ...(isNamed && { extensions: new Map([[MID_ID, text("0")], [RID_ID, text(RIDS[index])]]) }),
    });
  }

  /** Each encoding has timestamps of its own. */
  #timestamp(ssrc: number): number {
    return (Math.round((systemClock.now() - this.#startMs) * 90) + ssrc * 1_000_003) >>> 0;
  }

  #readFeedback(): void {
    const { entries } = this.#person.udp.received;
    const reader = new RtcpReader();
    const block = new ReportBlock();
    for (; this.#looked < entries.length; this.#looked++) {
      const { kind, plain } = entries[this.#looked];
      if (kind !== "rtcp") continue;
      reader.reset(plain, plain.length);
      while (reader.next()) {
        if (pliMediaSsrc(reader) >= 0) this.#wanted.add(pliMediaSsrc(reader));
        for (let i = 0; block.read(reader, i); i++) this.ssrcsReported.add(block.ssrc);
      }
    }
  }
}

/** The index of the encoding, and whether the packet begins a key frame, as the camera has written them. */
function markOf({ bytes, headerLength, payloadLength }: RtpPacket): readonly [encoding: number, isKeyFrame: boolean] {
  const end = headerLength + payloadLength;
  return [bytes[end - 2], bytes[end - 1] === 1];
}

function packetsOf(person: UdpPerson): RtpPacket[] {
  const datagrams = person.udp.received.entries.filter(({ kind }) => kind === "rtp");
  return datagrams.map(({ plain }) => parseRtp(plain)).filter(({ payloadType }) => payloadType === 96);
}

function assertContinuous(packets: readonly RtpPacket[]): void {
  for (let i = 1; i < packets.length; i++) {
    const [before, after] = [packets[i - 1], packets[i]];
    assert.equal(sequenceDiff(after.sequenceNumber, before.sequenceNumber), 1, `packet ${i}`);
    const step = timestampDiff(after.timestamp, before.timestamp);
    assert.ok(step > 0 && step < 90_000, `packet ${i}: timestamp goes on by ${step}`);
    const [[from], [to, isKeyFrame]] = [markOf(before), markOf(after)];
    assert.ok(from === to || isKeyFrame, `packet ${i} goes from ${from} to ${to} without a key frame`);
  }
}

for (const setup of BACKEND_SETUPS) {
  const { ignore, name } = setup;
  const permissions = { net: ["127.0.0.1"], ffi: setup.ffi, read: [new URL("../../src/", import.meta.url)] };

  for (const names of ["RID", "SIM group"]) {
    Deno.test({
      name: `${name}: B301, B305: ${SWITCHES} switches between encodings by ${names} are one stream to a subscriber`,
      ignore,
      permissions,
      async fn() {
        const byRid = names === "RID";
        await using room = new UdpRoom(setup.open(), seededRandom(3));
        const line = { mid: "0", kind: "video", rtx: RTX } as const;
        const pairs = SSRCS.map((ssrc) => [ssrc, ssrc + 1] as const);
        const encodings = byRid ? { rids: RIDS } : { simulcastSsrcs: pairs };
        const publisher = await room.join([{ ...line, direction: "sendonly", ...encodings }]);
        const subscriber = await room.join([{ ...line, direction: "recvonly" }]);
        const [trackId] = subscriber.tracks;
        const camera = new SimulcastCamera(publisher, byRid);
        const received = (encoding: number) =>
          subscriber.udp.received.find(({ kind, plain }) => {
            if (kind !== "rtp") return false;
            const packets = parseRtp(plain);
            return packets.payloadType === 96 && markOf(packets)[0] === encoding &&
              packetsOf(subscriber).at(-1)?.sequenceNumber === packets.sequenceNumber;
          }, `encoding ${encoding}`);
        try {
          for (let i = 0; i < SWITCHES; i++) {
            const target = TARGETS[i % TARGETS.length];
            subscriber.say({ type: "setQuality", trackId, width: 160 << target, height: 90 << target });
            await received(target);
          }
        } finally {
          camera.stop();
        }
        assertContinuous(packetsOf(subscriber));
        assert.deepEqual([...camera.ssrcsReported].toSorted(), SSRCS, "no report of what nobody knows");
      },
    });
  }
}
