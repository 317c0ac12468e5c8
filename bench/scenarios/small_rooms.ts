import type { Bench } from "../bench.ts";
import type { VideoRate } from "../../src/load/requests.ts";
import { costRatio } from "../windows.ts";
import { measureInTurns } from "./contenders.ts";
import { CONCURRENCY } from "./video.ts";

const ROOMS = 100;
const PUBLISHERS = 4;
const SUBSCRIBERS = 4;
/** 1600 forwarded streams of this are as much as 400 of 2 Mbit/s. */
const THUMBNAIL: VideoRate = { bitsPerSecond: 500_000, fps: 30 };
const MAX_RATIO = 1.5;

/**
 * 100 rooms of 4 publishers and 4 subscribers who take all four, against one room of 4 publishers and 400 subscribers who
 * take all four: as many subscribers, streams and packets to send, but a hundred times as many to receive.
 */
export async function smallRooms(bench: Bench): Promise<void> {
  const { report } = bench;
  report.title("small-rooms: 100 rooms of 4 publishers of 0.5 Mbit/s and 4 subscribers, against one room of 4 and 400");
  const media = { publishers: PUBLISHERS, video: THUMBNAIL, audio: false, concurrency: CONCURRENCY };
  const [big, small] = await measureInTurns(bench, [
    {
      name: "native",
      label: "one room",
      join: (candidate) => candidate.join({ rooms: 1, subscribers: ROOMS * SUBSCRIBERS, ...media }),
    },
    {
      name: "native",
      label: `${ROOMS} rooms`,
      join: (candidate) => candidate.join({ rooms: ROOMS, subscribers: SUBSCRIBERS, ...media }),
    },
  ]);
  report.windows(big.candidate, "native", big.windows);
  report.windows(small.candidate, "native", small.windows);
  const ratio = costRatio(small.windows, big.windows);
  report.mustHold(
    ratio <= MAX_RATIO,
    `a packet in 100 rooms costs ${ratio.toFixed(2)} x one in one room: at most ${MAX_RATIO}`,
  );
  report.pauses(small.candidate);
  await bench.stop();
}
