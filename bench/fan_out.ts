/**
 * What a forwarded packet costs without the kernel: from the RTP packet of a publisher to the filled sendmmsg(2), which is
 * replaced by one that takes everything. Microseconds by the clock, the best of many short bursts, so that what else runs
 * on the machine is left out. Subscribers report on what they get, which is in it. Arguments: subscribers (400), packets of
 * a frame (7).
 */
import { FanOutRoom } from "./fan_out_room.ts";

const [subscribers = 400, framePackets = 7] = Deno.args.map(Number);
const FRAME_MS = 33;
const ROUNDS = 300;
const FRAMES_OF_ROUND = 8;
/** Subscribers report every 100 ms. */
const FRAMES_OF_REPORT = 3;

const room = new FanOutRoom({ subscribers, framePackets });
const costs: number[] = [];
let frames = 0;
for (let round = 0; round < ROUNDS; round++) {
  let spentMs = 0;
  room.asideMs = 0;
  for (let frame = 0; frame < FRAMES_OF_ROUND; frame++) {
    room.prepareFrame(FRAME_MS);
    const reportLength = ++frames % FRAMES_OF_REPORT === 0 ? room.prepareReport(framePackets * FRAMES_OF_REPORT) : 0;
    const startMs = performance.now();
    room.forwardFrame();
    if (reportLength > 0) room.report(reportLength);
    spentMs += performance.now() - startMs;
  }
  costs.push(((spentMs - room.asideMs) * 1000) / FRAMES_OF_ROUND / framePackets / subscribers);
}
costs.sort((a, b) => a - b);
const datagrams = ROUNDS * FRAMES_OF_ROUND * framePackets * subscribers;
console.log(
  `${subscribers} subscribers, ${framePackets} packets a frame: ${costs[0].toFixed(3)} us a packet at best, ` +
    `${costs[ROUNDS >> 1].toFixed(3)} in the median; ${(datagrams / room.messages).toFixed(1)} datagrams a message`,
);
Deno.exit(0);
