import { type Encoding, ONLY_ENCODING, simulcastEncodings } from "./encoding.ts";
import {
  AUDIO_CLOCK_RATE,
  AUDIO_PAYLOAD_TYPE,
  RTX_PAYLOAD_TYPE,
  VIDEO_CLOCK_RATE,
  VIDEO_PAYLOAD_TYPE,
} from "./formats.ts";
import type { AnswerSection } from "./answer.ts";
import type { OfferLine } from "./offer.ts";
import type { TrackOptions } from "./outgoing_track.ts";
import { MAX_ENCODINGS } from "./stamp.ts";
import type { Media } from "./target.ts";

/** SSRCs of tracks begin here, two for each encoding: media and RTX. */
const FIRST_SSRC = 0x1000_0000;

/** What is sent on one m-line, by its encodings. */
export type PublishedMedia = readonly TrackOptions[];

/** The m-lines of one publisher, sound first. Its tracks are numbered from `firstNumber` on. */
export function publishedMedia({ audio, video, simulcast }: Media, firstNumber: number): PublishedMedia[] {
  const kinds = [...(audio ? [null] : []), ...(video === null ? [] : [video])];
  return kinds.map((kind, mid) => {
    const encodings = kind !== null && simulcast === true ? simulcastEncodings(`${mid}`) : [ONLY_ENCODING];
    return encodings.map((encoding) => track(firstNumber + mid, kind, encoding));
  });
}

function track(number: number, video: TrackOptions["video"], encoding: Encoding): TrackOptions {
  const ssrc = FIRST_SSRC + 2 * (number * MAX_ENCODINGS + encoding.index);
  return {
    number,
    encoding,
    ssrc,
    rtx: video === null ? undefined : { ssrc: ssrc + 1, payloadType: RTX_PAYLOAD_TYPE },
    video,
    payloadType: video === null ? AUDIO_PAYLOAD_TYPE : VIDEO_PAYLOAD_TYPE,
    clockRate: video === null ? AUDIO_CLOCK_RATE : VIDEO_CLOCK_RATE,
  };
}

export function sendingLine(media: PublishedMedia): OfferLine {
  const [{ number, video, ssrc, rtx }] = media;
  const msid = `load${number} track${number}`;
  const rids = media.flatMap(({ encoding }) => encoding.sign?.rid ?? []);
  return { kind: video === null ? "audio" : "video", sent: { msid, ssrc, rtxSsrc: rtx?.ssrc, rids } };
}

/** The media as the answer takes it. Throws where it refuses the m-line, or simulcast on it. */
export function agreed(media: PublishedMedia, section: AnswerSection | undefined): PublishedMedia {
  if (section === undefined || section.direction === "inactive") {
    throw new Error("the answer refuses what is published");
  }
  if (media.length > 1 && !section.hasSimulcast) throw new Error("the answer takes no simulcast");
  const { rtxPayloadType } = section;
  return media.map((track) => ({ ...track, rtx: rtxPayloadType === undefined ? undefined : track.rtx }));
}
