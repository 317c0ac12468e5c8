import assert from "node:assert/strict";
import { systemClock } from "../../src/io/clock.ts";
import { readTransportSequenceNumber } from "../../src/rtp/header_extension.ts";
import type { RtpPacket } from "../../src/rtp/packet.ts";
import { ArrivalLog } from "../../src/stream/arrival_log.ts";
import { BACKEND_SETUPS } from "../harness/backend_setups.ts";
import { buildRtp, parseRtp, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../harness/rtp_builder.ts";
import { seededRandom } from "../harness/seeded_random.ts";
import { arrivalsOf, feedbackPacket, transportFeedbackIn } from "../harness/transport_feedback.ts";
import { type UdpPerson, UdpRoom } from "../harness/udp_room.ts";

const SSRC = 1000;
const UP_ID = 5;
const DOWN_ID = 9;
const RTX: readonly (readonly [number, number])[] = [[96, 97]];
const FRAME_MS = 20;
/** What limits an estimate that rests on what arrived. */
const MEASURED = ["delay", "probe", "application", "others", "loss", "queue"];

/** Sends a picture, each packet with a number of the publisher's own. */
class Camera {
  sent = 0;
  readonly #person: UdpPerson;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(person: UdpPerson) {
    this.#person = person;
    this.#send();
    this.#timer = setInterval(() => this.#send(), FRAME_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #send(): void {
    const number = this.sent++;
    const payload = new Uint8Array(1000);
    // Key frames now and then: the first may have come before the subscriber.
    payload.set(number % 25 === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME);
    const extensions = new Map([[UP_ID, Uint8Array.of(number >> 8, number)]]);
    const fields = { ssrc: SSRC, sequenceNumber: number, timestamp: number * 1800, marker: true, payload, extensions };
    this.#person.udp.client.sendRtp(buildRtp(fields));
  }
}

/** What a subscriber got, and reports every 50 ms. */
class Reports {
  readonly packets: RtpPacket[] = [];
  readonly #log = new ArrivalLog();
  readonly #person: UdpPerson;
  readonly #timer: ReturnType<typeof setInterval>;
  #looked = 0;

  constructor(person: UdpPerson) {
    this.#person = person;
    this.#timer = setInterval(() => this.#report(), 50);
  }

  /** Whether anything came by RTX, of which nothing was asked for. */
  get hasProbe(): boolean {
    return this.packets.some(({ payloadType }) => payloadType === 97);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    const { entries } = this.#person.udp.received;
    for (; this.#looked < entries.length; this.#looked++) {
      const { kind, plain, atMs } = entries[this.#looked];
      if (kind !== "rtp") continue;
      const packet = parseRtp(plain);
      this.packets.push(packet);
      this.#log.handleArrival(readTransportSequenceNumber(packet, DOWN_ID), atMs);
    }
    const out = new Uint8Array(1200);
    while (this.#log.isUnreported) {
      const length = this.#log.writeReport(out, 0, 1, SSRC, systemClock.now());
      this.#person.udp.client.sendRtcp(out.slice(0, length));
    }
  }
}

for (const setup of BACKEND_SETUPS) {
  const { ignore, name } = setup;
  const permissions = { net: ["127.0.0.1"], ffi: setup.ffi, read: [new URL("../../src/", import.meta.url)] };

  Deno.test({
    name:
      `${name}: B287, B288, B290: a publisher gets feedback on each packet; a subscriber numbers, and probes by RTX`,
    ignore,
    permissions,
    async fn() {
      await using room = new UdpRoom(setup.open(), seededRandom(2));
      const line = { mid: "0", kind: "video", rtx: RTX } as const;
      const publisher = await room.join([{ ...line, direction: "sendonly", ssrc: SSRC, transportWide: UP_ID }]);
      const plain = await room.join([{ ...line, direction: "recvonly" }]);
      const hostile = await room.join([{ ...line, direction: "recvonly", transportWide: DOWN_ID }]);
      const subscriber = await room.join([{ ...line, direction: "recvonly", transportWide: DOWN_ID }]);
      const camera = new Camera(publisher);
      const reports = new Reports(subscriber);
      const garbage = setInterval(() => {
        const fields = { base: 0, count: 65_535, chunks: [0x2003, 0xffff], deltas: [1, 2, 3] };
        hostile.udp.client.sendRtcp(feedbackPacket(fields));
      }, 5);
      try {
        // Each RTP packet looks whether it was enough.
        const enough = () => reports.hasProbe && isMeasured(subscriber) && camera.sent > 100;
        await subscriber.udp.received.find(enough, "probes, and an estimate by what arrived", 20_000);
      } finally {
        camera.stop();
        reports.stop();
        clearInterval(garbage);
      }
      assertReported(publisher, camera.sent);
      assertNumbered(reports.packets);
      const others = [plain, hostile].map(packetsOf);
      assert.ok(others.every((packets) => packets.filter(({ payloadType }) => payloadType === 96).length > 50));
      assert.ok(![plain, hostile].some(isMeasured), "who reports nothing, or garbage, is known nothing of");
      const [unnumbered] = others;
      assert.ok(unnumbered.every((packet) => readTransportSequenceNumber(packet, DOWN_ID) === -1));
      assert.ok(unnumbered.every(({ payloadType }) => payloadType === 96), "nor is anything sent for a probe");
    },
  });
}

/** Whether the server has told the person of an estimate that rests on its feedback. */
function isMeasured({ told }: UdpPerson): boolean {
  return told.some((message) => message.type === "quality" && MEASURED.includes(message.limitedBy));
}

function packetsOf({ udp }: UdpPerson): RtpPacket[] {
  return udp.received.entries.filter(({ kind }) => kind === "rtp").map(({ plain }) => parseRtp(plain));
}

/** Each packet but those of the last moments is in some feedback, as received, and in the order of their numbers. */
function assertReported({ udp }: UdpPerson, sent: number): void {
  const reports = udp.received.entries.filter(({ kind }) => kind === "rtcp").flatMap(({ plain }) =>
    transportFeedbackIn(plain) ?? []
  );
  assert.ok(reports.length > (sent * FRAME_MS) / 1000 * 4, `${reports.length} reports on ${sent} packets`);
  const numbers = reports.flatMap(arrivalsOf).map(([number, ticks]) => ticks === undefined ? -1 : number);
  assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, index) => index));
  assert.ok(numbers.length > sent - 20, `${numbers.length} of ${sent}`);
}

/** Numbers of all streams together are in a row, and those of RTX as well. */
function assertNumbered(packets: readonly RtpPacket[]): void {
  const numbers = packets.map((packet) => readTransportSequenceNumber(packet, DOWN_ID));
  assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, index) => numbers[0] + index));
}
