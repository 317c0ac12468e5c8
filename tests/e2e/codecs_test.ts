import { deepStrictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import type { Guest } from "../harness/guest.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { preferring } from "../harness/preferred_codec.ts";

/** A codec, what it carries, and when a few seconds of that have been decoded, or the beginning of it. */
interface Case {
  readonly mimeType: string;
  readonly source: "camera" | "microphone";
  readonly seconds: string;
  readonly beginning: string;
}

function video(mimeType: string): Case {
  const frames = (count: number) => `stream.framesDecoded > ${count} && stream.keyFramesDecoded > 0`;
  return { mimeType, source: "camera", seconds: frames(60), beginning: frames(10) };
}

function audio(mimeType: string): Case {
  const sound = (seconds: number) => `stream.totalSamplesDuration > ${seconds} && stream.totalAudioEnergy > 0`;
  return { mimeType, source: "microphone", seconds: sound(2), beginning: sound(0.3) };
}

const CASES = [...["video/VP8", "video/VP9", "video/AV1", "video/H264"].map(video), audio("audio/PCMU")];

/** MIME types of all that a page receives, as its statistics tell. */
const RECEIVED_CODECS = `guest.room.getStats().then((stats) =>
  [...stats.values()].filter(({ type }) => type === "inbound-rtp").map(({ codecId }) => stats.get(codecId)?.mimeType)
)`;

/** Waits until a guest, who takes every codec that the browser has, has decoded this much of the one track in the room. */
async function receive(guest: Guest, { mimeType, source }: Case, condition: string): Promise<void> {
  await guest.join({ roomId: mimeType, codecs: [] });
  await guest.stream(source, condition);
  await guest.progress(source);
  deepStrictEqual(await guest.run(RECEIVED_CODECS), [mimeType]);
}

Deno.test({
  name: "two people decode each codec that Chromium encodes, and so does one who joins late",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: (t) =>
    withGuests(async ({ open }) => {
      const encoded = await (await open()).run(
        `["audio", "video"].flatMap((kind) => RTCRtpSender.getCapabilities(kind).codecs.map(({ mimeType }) => mimeType))`,
      ) as string[];
      for (const codec of CASES) {
        await t.step({
          name: codec.mimeType,
          ignore: !encoded.includes(codec.mimeType),
          async fn() {
            const guests = await Promise.all([open(preferring(codec.mimeType)), open(), open(), open()]);
            const [publisher, late, ...others] = guests;
            await publisher.join({ roomId: codec.mimeType, sources: [codec.source] });
            await Promise.all(others.map((other) => receive(other, codec, codec.seconds)));
            await receive(late, codec, codec.beginning);
            for (const guest of guests) await guest.leave();
            await Promise.all(guests.map(({ page }) => page.close()));
          },
        });
      }
    }),
});
