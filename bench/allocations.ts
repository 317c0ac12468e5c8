/**
 * What a subscriber allocates: bytes of V8's heap for a packet that is forwarded to it, for a report of its, for a packet
 * that it asks for, and in a second for what is due by the clock, by V8's sampling heap profiler. The kernel is replaced by
 * one that takes everything. Argument: subscribers (100). With `--where`, which functions allocate; those that are inlined
 * count as who they are inlined into.
 */
import { FanOutRoom } from "./fan_out_room.ts";
import { AllocationProfile } from "./allocation_profile.ts";
import { takeStartFlags } from "./start_flags.ts";

takeStartFlags();
const isDetailed = Deno.args.includes("--where");
const subscribers = Number(Deno.args.find((argument) => !argument.startsWith("--")) ?? 100);
const FRAME_PACKETS = 7;
/** As real clocks have it: no whole number. */
const FRAME_MS = 1000 / 29.97;
/** Subscribers report every 100 ms. */
const FRAMES_OF_REPORT = 3;
/** Connectivity checks come every few seconds. */
const REPORTS_OF_CHECK = 30;
/** Until all is compiled by V8 as it stays; those that are measured behind them. */
const WARM_REPORTS = 1500;
const REPORTS = 100;
/** Who asks for a packet while that is measured, and for which: one in so many, and the newest but so many. */
const MEASURED_STEP = 10;
const ASKED_BEHIND = 2;

const room = new FanOutRoom({ subscribers, framePackets: FRAME_PACKETS });
const packets = new AllocationProfile("forwarded packet");
const reports = new AllocationProfile("report");
const nacks = new AllocationProfile("packet sent again");
const ticks = new AllocationProfile("second of a subscriber, for what is due by the clock");
for (let round = 0; round < WARM_REPORTS + REPORTS; round++) {
  const isMeasured = round >= WARM_REPORTS;
  for (let frame = 0; frame < FRAMES_OF_REPORT; frame++) {
    room.prepareFrame(FRAME_MS);
    const count = subscribers * FRAME_PACKETS;
    await packets.measure(isMeasured, count, () => room.forwardFrame());
    await ticks.measure(isMeasured, subscribers * FRAME_MS / 1000, () => room.tick());
  }
  if (round % REPORTS_OF_CHECK === 0) { for (let peer = 0; peer <= subscribers; peer++) room.check(peer); }
  const length = room.prepareReport(FRAME_PACKETS * FRAMES_OF_REPORT);
  await reports.measure(isMeasured, subscribers, () => room.report(length));
  for (let peer = 1; peer <= subscribers; peer += isMeasured ? MEASURED_STEP : 1) {
    const nackLength = room.prepareNack(peer, ASKED_BEHIND);
    await nacks.measure(isMeasured, 1, () => room.receive(peer, nackLength));
  }
}
for (const profile of [packets, reports, nacks, ticks]) profile.print(isDetailed);
Deno.exit(0);
