import type { Candidate } from "../candidate.ts";
import type { VideoRate } from "../../src/load/requests.ts";

/** What a browser sends of a camera in 720p. */
export const CAMERA: VideoRate = { bitsPerSecond: 2_000_000, fps: 30 };

/** Joins under way at once: each waits for a key frame, of which there are two a second. */
export const CONCURRENCY = 100;

/** One room with one publisher of video. */
export async function joinBigRoom(candidate: Candidate, subscribers: number, video = CAMERA): Promise<void> {
  await candidate.join({ rooms: 1, publishers: 1, subscribers, video, audio: false, concurrency: CONCURRENCY });
}
