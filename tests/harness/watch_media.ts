import { strictEqual } from "node:assert/strict";
import type { InboundStream, RoomPage } from "./room_page.ts";

/** Seconds that statistics are watched for. */
const WATCHED_SECONDS = 10;
/** A picture that comes 150 ms late is a freeze (W3C webrtc-stats): a page that stands still for this long makes one. */
const STANDSTILL_MS = 75;
/** Intervals that are watched until one is undisturbed. */
const MAX_INTERVALS = 6;

/**
 * Watches what everyone receives from everyone else for 10 s: every second each picture goes on; in the end there was
 * sound, no freeze, and at most 0.5% of the packets were lost.
 */
export async function watchMedia(people: readonly RoomPage[]): Promise<void> {
  const streams = await watchUndisturbed(people);
  people.forEach(({ name }, i) => expectQuality(name, streams.first[i], streams.last[i]));
}

/**
 * Watches for 10 s what everyone receives, each picture going on every second, and gives the statistics from before and
 * after. An interval in which the machine kept a page from running says nothing of the server, and is followed by another
 * one.
 */
export async function watchUndisturbed(people: readonly RoomPage[]): Promise<WatchedStreams> {
  const standstills: number[] = [];
  while (standstills.length < MAX_INTERVALS) {
    await Promise.all(people.flatMap((person) => [person.takeStandstill(), person.takeLongestGap()]));
    const streams = await watchInterval(people);
    const longest = Math.max(...await Promise.all(people.map((person) => person.takeStandstill())));
    if (longest < STANDSTILL_MS) {
      return { ...streams, longestGaps: await Promise.all(people.map((person) => person.takeLongestGap())) };
    }
    standstills.push(Math.round(longest));
  }
  throw new Error(`the machine is too busy to watch a call on: pages stood still for ${standstills.join(", ")} ms`);
}

/** Statistics by person, from the beginning and the end of an interval. */
export interface WatchedStreams {
  readonly first: readonly InboundStream[][];
  readonly last: readonly InboundStream[][];
  /** The longest time in ms that a picture waited for its next frame, by person. */
  readonly longestGaps: readonly number[];
}

/** What each person received before and after the interval. */
async function watchInterval(people: readonly RoomPage[]): Promise<Pick<WatchedStreams, "first" | "last">> {
  const others = people.length - 1;
  const first = await Promise.all(people.map((person) => person.inbound()));
  let last = first;
  for (let second = 1; second <= WATCHED_SECONDS; second++) {
    // The one fixed time in these tests: the statement is about an interval, there is no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const current = await Promise.all(people.map((person) => person.inbound()));
    people.forEach(({ name }, i) => expectPictures(`${name}, second ${second}`, last[i], current[i], others));
    last = current;
  }
  return { first, last };
}

function expectPictures(who: string, before: InboundStream[], after: InboundStream[], others: number): void {
  const video = after.filter(({ kind }) => kind === "video");
  strictEqual(video.length, others, `${who}: ${video.length} pictures`);
  strictEqual(after.length, 2 * others, `${who}: ${after.length} tracks`);
  for (const stream of video) {
    const frames = stream.framesDecoded - same(before, stream).framesDecoded;
    strictEqual(frames > 0, true, `${who}: no frame from ${stream.peerId}`);
  }
}

function expectQuality(who: string, before: InboundStream[], after: InboundStream[]): void {
  for (const stream of after) {
    const start = same(before, stream);
    const lost = stream.packetsLost - start.packetsLost;
    const received = stream.packetsReceived - start.packetsReceived;
    const from = `${who} from ${stream.peerId}`;
    strictEqual(lost <= 0.005 * (received + lost), true, `${from}: ${lost} of ${received + lost} packets lost`);
    if (stream.kind === "video") {
      strictEqual(stream.freezeCount, start.freezeCount, `${from}: the picture froze`);
      strictEqual(stream.frameWidth, 320, `${from}: ${stream.frameWidth} pixels wide`);
    } else {
      strictEqual(stream.totalAudioEnergy > start.totalAudioEnergy, true, `${from}: no sound`);
    }
  }
}

function same(streams: InboundStream[], { peerId, kind }: InboundStream): InboundStream {
  const found = streams.find((stream) => stream.peerId === peerId && stream.kind === kind);
  if (found === undefined) throw new Error(`the ${kind} of ${peerId} came while it was watched`);
  return found;
}
