/**
 * What a packet costs that goes from one node of a room to another one, without sockets, ciphers and subscribers: export,
 * the bus in memory, which copies it twice, and import, up to a consumer that does nothing. Microseconds for both sides, by
 * the clock, of many short bursts. Argument: packets of a frame (7).
 */
import { MemoryNetwork } from "../src/bus/memory_bus.ts";
import { Relays } from "../src/media/relays.ts";
import { writeUint16, writeUint32 } from "../src/rtp/bytes.ts";
import { RtpPacket } from "../src/rtp/packet.ts";
import type { RtpConsumer } from "../src/sfu/encoding.ts";
import { Producer } from "../src/sfu/producer.ts";
import { Router } from "../src/sfu/router.ts";
import { newMediaCounters } from "../src/sfu/track_counters.ts";
import type { ProducerParameters } from "../src/sfu/types.ts";
import { VP8_DELTA_FRAME } from "../tests/harness/rtp_builder.ts";

const [framePackets = 7] = Deno.args.map(Number);
const PACKET_LENGTH = 1200;
const FRAME_MS = 33;
const FRAMES_OF_ROUND = 20;
const ROUNDS = 1000;
const SSRC = 1000;
const [PUBLISHING, IMPORTING] = [0, 1];

const parameters: ProducerParameters = {
  mid: "0",
  kind: "video",
  source: "camera",
  codec: { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, keyFrameRequest: "pli", nack: true, fmtp: "" },
  headerExtensions: [],
  ssrcs: [SSRC],
};

let nowMs = 1;
let taken = 0;
const network = new MemoryNetwork(() => nowMs);
const nodes = [PUBLISHING, IMPORTING].map((node) => {
  const [router, bus] = [new Router(), network.open(node)];
  const relays = new Relays({ bus, findRouter: () => router, equalizesLengths: false, counters: newMediaCounters() });
  relays.beginRoom("room");
  return { router, bus, relays };
});
const feedback = { sendPictureLossIndication: () => {}, sendFullIntraRequest: () => {}, sendNack: () => {} };
const published = new Producer({ id: "track", peerId: "peer", parameters, feedback });
nodes[PUBLISHING].router.addProducer(published);
const { router, bus, relays } = nodes[IMPORTING];
relays.handleCommand({
  type: "import",
  roomId: "room",
  trackId: "track",
  peerId: "peer",
  from: PUBLISHING,
  relay: 1,
  parameters,
});

/** Has a producer's packets go to a consumer that counts them. */
function take(producer: Producer): void {
  const [encoding] = producer.encodings;
  const consumer: RtpConsumer = {
    takesRed: false,
    handleRtp: (_run, from, to) => taken += to - from,
    continueAt: () => {},
    sendSenderReport: () => {},
  };
  producer.addConsumer({
    attach: () => encoding.addConsumer(consumer),
    detach: () => encoding.removeConsumer(consumer),
    handleEncodings: () => {},
    wants: () => true,
  });
}

const run = { packets: Array.from({ length: framePackets }, () => new RtpPacket()), count: framePackets };
const buffers = run.packets.map(() => new Uint8Array(2048));
let sequenceNumber = 0;

function prepareFrame(): void {
  nowMs += FRAME_MS;
  for (const [index, bytes] of buffers.entries()) {
    bytes.set([0x80, (index === framePackets - 1 ? 0x80 : 0) | 96]);
    writeUint16(bytes, 2, sequenceNumber++ & 0xffff);
    writeUint32(bytes, 4, nowMs * 90);
    writeUint32(bytes, 8, SSRC);
    bytes.set(VP8_DELTA_FRAME, 12);
    run.packets[index].parse(bytes, PACKET_LENGTH);
  }
}

function measure(): number[] {
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let spentMs = 0;
    for (let frame = 0; frame < FRAMES_OF_ROUND; frame++) {
      prepareFrame();
      const startMs = performance.now();
      published.encodings[0].handleRtp(run, 0, framePackets, nowMs);
      nodes[PUBLISHING].bus.flush();
      spentMs += performance.now() - startMs;
    }
    for (const node of nodes) node.relays.handleTimeout(nowMs);
    bus.flush();
    costs.push((spentMs * 1000) / FRAMES_OF_ROUND / framePackets);
  }
  return costs.toSorted((a, b) => a - b);
}

take(published);
measure();
const alone = measure();
const imported = router.producers.get("track");
if (imported === undefined) throw new Error("nothing was imported");
take(imported);
relays.handleTimeout(nowMs);
bus.flush();
measure();
taken = 0;
const crossing = measure();
if (taken < 2 * ROUNDS * FRAMES_OF_ROUND * framePackets) throw new Error(`${taken} packets came`);
const tell = (costs: readonly number[]) =>
  `${costs[0].toFixed(3)} at best, ${costs[ROUNDS >> 1].toFixed(3)} in the median`;
console.log(`us a packet, ${framePackets} packets a frame: ${tell(alone)}; with the other node ${tell(crossing)}`);
