import { ok, strictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import type { Guest } from "../harness/guest.ts";
import { ImpairedAccess } from "../harness/impaired_access.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { pause } from "../harness/pause.ts";

const SEED = 17;
const LIMIT_MS = 600;
const TURN_MS = 1500;
const LOSS = 0.1;
/** Samples of one channel at 48 kHz. */
const MEASURED_SAMPLES = 48_000 * 6;

/** The browser offers no RED: by m-lines that are narrowed to what it says that it has. */
const HIDE_RED = `{
  const { getCapabilities } = RTCRtpReceiver;
  RTCRtpReceiver.getCapabilities = (kind) => {
    const { codecs, ...rest } = getCapabilities.call(RTCRtpReceiver, kind);
    return { ...rest, codecs: codecs.filter(({ mimeType }) => mimeType !== "audio/red") };
  };
}`;

/** Chromium names the codec of the blocks within RED; that they are copies of sound that was there it tells by discarding them. */
const REDUNDANT = "stream.packetsDiscarded > 20";
/** Packets that come too late are discarded without RED as well. */
const PLAIN = "stream.packetsDiscarded < 0.05 * stream.packetsReceived";

Deno.test({
  name: "B346, B349: two who hum by turns are told to each other within 600 ms, and their peers are marked",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const people: { readonly guest: Guest; readonly id: string }[] = [];
      for (const name of ["Ada", "Ben"]) {
        const guest = await open();
        const id = await guest.join({ name, sources: ["microphone"] });
        await guest.run(`guest.setVolume("microphone", 0)`);
        people.push({ guest, id });
      }
      const [ada, ben] = people;
      for (const { guest } of people) {
        await guest.stream("microphone", "stream.totalSamplesDuration > 0.5");
        await guest.silence("microphone");
      }
      for (const [speaker, listener] of [[ada, ben], [ben, ada], [ada, ben], [ben, ada]]) {
        await listener.guest.run(`void (globalThis.heard = guest.dominant("${speaker.id}"))`);
        const beganMs = Number(await speaker.guest.run(`guest.setVolume("microphone", 0.3)`));
        const lateMs = Number(await listener.guest.run("heard")) - beganMs;
        ok(lateMs > 0 && lateMs <= LIMIT_MS, `after ${lateMs} ms`);
        strictEqual(await listener.guest.run(`guest.room.peers.get("${speaker.id}").speaking`), true);
        await speaker.guest.waitFor("guest.room.speaking && guest.room.dominantSpeaker === guest.room.peerId");
        await pause(TURN_MS);
        await speaker.guest.run(`guest.setVolume("microphone", 0)`);
      }
      await ada.guest.waitFor(`!guest.room.peers.get("${ben.id}").speaking`);
      strictEqual(await ada.guest.run("guest.room.dominantSpeaker"), ben.id, "silence keeps the last one");
    }),
});

Deno.test({
  name: `B353, B354: at 10% loss a subscriber with RED has far less concealed than one without (seed ${SEED})`,
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, openAt, server }) => {
      const ada = await open();
      await ada.join({ sources: ["microphone"] });
      await using access = new ImpairedAccess(server.url, SEED, { down: { loss: LOSS } });
      const withRed = await openAt(access.url);
      const without = await openAt(access.url);
      await without.run(HIDE_RED);
      try {
        for (const guest of [withRed, without]) await guest.join();
        // The server adds redundancy once a report has told of loss.
        await withRed.stream("microphone", REDUNDANT);
        const shares = await Promise.all([withRed, without].map(concealedShare));
        ok(shares[1] > LOSS / 3, `without RED: ${shares}`);
        ok(shares[0] < shares[1] / 2, `with RED: ${shares}`);
        await without.stream("microphone", PLAIN);
      } finally {
        // Before the way to the server goes: it waits for its connections to end.
        for (const guest of [withRed, without]) {
          await guest.leave();
          await guest.page.close();
        }
      }
    }),
});

Deno.test({
  name: "B353: what a browser publishes as RED is heard by one with RED and by one without",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben, without] = [await open(), await open(), await open()];
      await without.run(HIDE_RED);
      for (const guest of [ada, ben, without]) await guest.join();
      await ada.run(`guest.publish("microphone", undefined, { redundancy: true })`);
      for (const guest of [ben, without]) {
        await guest.stream("microphone", "stream.totalSamplesDuration > 2 && stream.totalAudioEnergy > 0.1");
        await guest.progress("microphone");
      }
      await ben.stream("microphone", REDUNDANT);
      await without.stream("microphone", PLAIN);
    }),
});

/** Of the samples that come from now on. */
async function concealedShare(guest: Guest): Promise<number> {
  const first = await guest.stream("microphone", "stream.totalSamplesReceived > 0");
  const enough = first.totalSamplesReceived + MEASURED_SAMPLES;
  const last = await guest.stream("microphone", `stream.totalSamplesReceived > ${enough}`);
  return (last.concealedSamples - first.concealedSamples) / (last.totalSamplesReceived - first.totalSamplesReceived);
}
