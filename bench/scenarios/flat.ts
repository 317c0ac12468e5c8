import type { Bench } from "../bench.ts";
import type { Candidate } from "../candidate.ts";
import { settledResidentBytes } from "../process_usage.ts";
import { megabytes } from "../report.ts";
import { costRatio, medianOf, pauseMs, takeTurns, type Windows } from "../windows.ts";
import { startAll } from "./contenders.ts";
import { joinBigRoom } from "./video.ts";

const SUBSCRIBERS = 400;
const MINUTE_MS = 60_000;
/** Of the cost of a packet, and of memory. */
const MAX_GROWTH = 1.05;
/** Windows of the first minute, and of the last. */
const WINDOWS = 6;
const WINDOW_MS = 4000;

/** One minute: the server in turns with the reference, whose cost says what the machine does meanwhile. */
interface Minute {
  readonly reference: Windows;
  readonly native: Windows;
  readonly residentBytes: number;
}

/** Many minutes of one room: the last against the first. */
export async function flat(bench: Bench): Promise<void> {
  const { report, options } = bench;
  report.title(`flat: ${SUBSCRIBERS} subscribers for ${options.minutes} minutes, the last against the first`);
  const join = (candidate: Candidate) => joinBigRoom(candidate, SUBSCRIBERS);
  const [reference, native] = await startAll(bench, [{ name: "reference", join }, { name: "native", join }]);
  const takeMinute = async (): Promise<Minute> => {
    const plan = { windows: WINDOWS, ms: WINDOW_MS };
    const [ofReference, ofNative] = await takeTurns([reference, native], plan);
    // One look would tell as much of garbage that waits to be collected as of growth.
    const residentBytes = await settledResidentBytes(native.pid);
    return { reference: ofReference, native: ofNative, residentBytes };
  };
  const first = await takeMinute();
  await native.resume();
  await pauseMs(Math.max(0, options.minutes - 2) * MINUTE_MS);
  await native.pause();
  const last = await takeMinute();
  report.windows(native, "first minute", first.native, costRatio(first.native, first.reference));
  report.windows(native, "last minute", last.native, costRatio(last.native, last.reference));
  judge(bench, first, last);
  report.pauses(native);
  reportHeap(bench, native);
  await bench.stop();
}

function judge({ report }: Bench, first: Minute, last: Minute): void {
  const growth = costRatio(last.native, last.reference) / costRatio(first.native, first.reference);
  const cost = (minute: Minute) => medianOf(minute.native, ({ packetMicroseconds }) => packetMicroseconds);
  report.mustHold(
    growth <= MAX_GROWTH,
    `a packet costs ${growth.toFixed(2)} x what it did, in ratio to the reference ` +
      `(${cost(first).toFixed(2)} us, then ${cost(last).toFixed(2)} us): at most ${MAX_GROWTH}`,
  );
  const swelling = last.residentBytes / first.residentBytes;
  report.mustHold(
    swelling <= MAX_GROWTH,
    `RSS is ${swelling.toFixed(2)} x what it was (${megabytes(first.residentBytes)}, then ` +
      `${megabytes(last.residentBytes)}): at most ${MAX_GROWTH}`,
  );
}

/** What full collections left. */
function reportHeap({ report }: Bench, candidate: Candidate): void {
  const full = candidate.gcPauses?.filter((pause) => pause.full) ?? [];
  if (full.length < 2) return report.line(`heap: ${full.length} full collections, which is too few to compare`);
  const [first, last] = [full[0].megabytesLeft, full[full.length - 1].megabytesLeft];
  report.mustHold(last / first <= MAX_GROWTH, `heap after the first full collection ${first} MB, the last ${last} MB`);
}
