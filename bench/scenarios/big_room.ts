import type { Bench, CandidateName } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { costRatio } from "../windows.ts";
import { type Measured, measureInTurns } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

interface Room {
  readonly name: CandidateName;
  readonly subscribers: number;
}

interface MeasuredRoom extends Room, Measured {}

const MAX_RATIO = 1.5;
const RATIO_AT = 400;
/** "Flat" is within as much. */
const MAX_GROWTH = 1.05;

const rooms = (names: readonly CandidateName[], sizes: readonly number[]): Room[] =>
  sizes.flatMap((subscribers) => names.map((name) => ({ name, subscribers })));

/** What is measured in turns, with all its processes alive. The first group is judged, the others are to compare. */
const GROUPS: readonly (readonly Room[])[] = [
  rooms(["reference", "native"], [RATIO_AT, 1000]),
  rooms(["reference", "reference-no-gso", "native", "native-workers-0"], [100]),
  rooms(["reference", "reference-no-gso", "native-workers-0"], [RATIO_AT]),
  rooms(["reference", "reference-no-gso", "native-workers-0"], [1000]),
  rooms(["reference", "portable"], [25, 50]),
];

/** One publisher of video, many subscribers: what a forwarded packet costs. Each room is a process of its own. */
export async function bigRoom(bench: Bench): Promise<void> {
  bench.report.title("big-room: one publisher of 2 Mbit/s at 30 fps");
  const [judged, ...compared] = GROUPS;
  const measured = await measure(bench, judged);
  judge(bench, measured);
  await bench.stop();
  if (!bench.options.whole) return;
  for (const group of compared) {
    await measure(bench, group);
    await bench.stop();
  }
}

async function measure(bench: Bench, group: readonly Room[]): Promise<MeasuredRoom[]> {
  const contenders = group.map(({ name, subscribers }) => ({
    name,
    join: (candidate: Candidate) => joinBigRoom(candidate, subscribers),
  }));
  const taken = await measureInTurns(bench, contenders);
  const measured = group.map((room, i) => ({ ...room, ...taken[i] }));
  for (const room of measured) reportRoom(bench, room, measured);
  return measured;
}

function find(measured: readonly MeasuredRoom[], name: CandidateName, subscribers: number): MeasuredRoom {
  const room = measured.find((room) => room.name === name && room.subscribers === subscribers);
  if (room === undefined) throw new Error(`${name} was not measured with ${subscribers} subscribers`);
  return room;
}

function reportRoom({ report }: Bench, room: MeasuredRoom, measured: readonly MeasuredRoom[]): void {
  const { candidate, subscribers, windows } = room;
  const ratio = costRatio(windows, find(measured, "reference", subscribers).windows);
  report.windows(candidate, `${subscribers} subscribers`, windows, ratio);
}

function judge({ report }: Bench, measured: readonly MeasuredRoom[]): void {
  const native = find(measured, "native", RATIO_AT);
  const ratio = costRatio(native.windows, find(measured, "reference", RATIO_AT).windows);
  report.mustHold(
    ratio <= MAX_RATIO,
    `native with ${RATIO_AT}: a packet costs ${ratio.toFixed(2)} x the reference's with GSO: at most ${MAX_RATIO}`,
  );
  const many = find(measured, "native", 1000);
  const growth = costRatio(many.windows, native.windows);
  report.mustHold(
    growth <= MAX_GROWTH,
    `native: a packet with 1000 costs ${growth.toFixed(2)} x one with ${RATIO_AT}: flat, at most ${MAX_GROWTH}`,
  );
  report.pauses(native.candidate);
  report.pauses(many.candidate);
}
