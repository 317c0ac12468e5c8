import type { Kind } from "../sfu/types.ts";

/** Of a limit: headers, packets that are sent again, and probes need the rest. */
const TOLD_PART = 0.9;
/** Bits per second. Beyond that no limit is told: browsers send less by themselves, and take it for leave to send more. */
const TOLD_BELOW = 20_000_000;
/** Bits per second of sound beside pictures: good stereo. */
const AUDIO_SHARE = 128_000;

/** Bits per second that a client is told to send at most on an m-line of each kind. */
export type BitrateShares = Readonly<Record<Kind, number>>;

/** Divides what a peer may send, in bits per second, between the tracks that it publishes; undefined where it is not told. */
export function bitrateShares(limit: number, kinds: readonly Kind[]): BitrateShares | undefined {
  if (limit >= TOLD_BELOW || kinds.length === 0) return undefined;
  const told = limit * TOLD_PART;
  const videos = kinds.filter((kind) => kind === "video").length;
  const audios = kinds.length - videos;
  const equal = told / kinds.length;
  const audio = videos === 0 ? equal : Math.min(AUDIO_SHARE, equal);
  return { audio: Math.floor(audio), video: Math.floor((told - audios * audio) / Math.max(1, videos)) };
}
