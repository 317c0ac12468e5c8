import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import type { Guest } from "../harness/guest.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { preferring } from "../harness/preferred_codec.ts";

interface VideoStatistics {
  readonly framesReceived: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly keyFramesDecoded: number;
  readonly totalFreezesDuration: number;
}

async function videoStatistics(guest: Guest): Promise<VideoStatistics[]> {
  return await guest.run(`guest.room.getStats().then((report) =>
    [...report.values()].filter(({ type, kind }) => type === "inbound-rtp" && kind === "video"))`) as VideoStatistics[];
}

/** Waits until the viewer is shown a peer, and then sees its picture move. */
async function sees(viewer: Guest, peerId: string): Promise<void> {
  await viewer.run("globalThis.framesBefore = undefined");
  await viewer.waitFor(`guest.room.getStats().then((report) => {
    const slot = guest.shown().find((shown) => shown.kind === "video" && shown.peerId === "${peerId}");
    const stream = [...report.values()].find(({ type, trackIdentifier }) =>
      type === "inbound-rtp" && trackIdentifier === slot?.mediaTrack);
    if (stream === undefined) return false;
    return stream.framesDecoded - (globalThis.framesBefore ??= stream.framesDecoded) > 15;
  })`);
}

/** Waits until the viewer is given the sound of a peer. */
async function hears(viewer: Guest, peerId: string): Promise<void> {
  await viewer.waitFor(`guest.shown().some(({ peerId, kind }) => kind === "audio" && peerId === "${peerId}")`);
}

function cameraOf(viewer: Guest, peerId: string): Promise<unknown> {
  return viewer.run(
    `[...guest.room.peers.get("${peerId}").tracks.values()].find(({ source }) => source === "camera").id`,
  );
}

Deno.test({
  name: "B356, P106, P107: one slot follows who speaks among three, then who is pinned, and is one picture all along",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const viewer = await open();
      await viewer.join({ name: "Viewer", slots: { video: 1, audio: 1 } });
      deepStrictEqual(await viewer.run("guest.room.slots"), { video: 1, audio: 1 });
      const speakers: { readonly guest: Guest; readonly peerId: string }[] = [];
      for (const name of ["Ada", "Ben", "Cat"]) {
        const guest = await open();
        const peerId = await guest.join({ name, sources: ["camera", "microphone"] });
        await guest.event({ name: "stateChanged", state: "connected" });
        await guest.run(`guest.published("microphone").mute()`);
        speakers.push({ guest, peerId });
      }
      for (const { guest, peerId } of [...speakers.slice(1), ...speakers]) {
        await guest.run(`guest.published("microphone").unmute()`);
        await sees(viewer, peerId);
        await hears(viewer, peerId);
        await guest.run(`guest.published("microphone").mute()`);
      }
      const [ada] = speakers;
      await viewer.run(`guest.room.setQuality("${await cameraOf(viewer, ada.peerId)}", { pinned: true })`);
      await sees(viewer, ada.peerId);
      await speakers[1].guest.run(`guest.published("microphone").unmute()`);
      await hears(viewer, speakers[1].peerId);
      await sees(viewer, ada.peerId);

      const statistics = await videoStatistics(viewer);
      strictEqual(statistics.length, 1, "one stream");
      const [{ framesReceived, framesDecoded, framesDropped, keyFramesDecoded, totalFreezesDuration }] = statistics;
      ok(framesReceived - framesDecoded <= 5, `${framesReceived} frames received, ${framesDecoded} decoded`);
      ok(framesDropped <= 5, `${framesDropped} frames dropped`);
      ok(keyFramesDecoded >= 6, `${keyFramesDecoded} key frames`);
      ok(totalFreezesDuration < 3, `frozen for ${totalFreezesDuration} s`);
      const tracks = await viewer.run(`new Set(guest.shown().map(({ mediaTrack }) => mediaTrack)).size`);
      strictEqual(tracks, 2, "a slot for sound and one for the picture");
      deepStrictEqual(await viewer.run("guest.lines()"), { offered: 2, transceivers: 2 });
    }),
});

Deno.test({
  name:
    "B357: who has no slots gets them beyond a number of videos: lines that carry tracks become slots, and it goes on",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const viewer = await open();
      await viewer.join({ name: "Viewer", slots: { video: 2, audio: 2, beyond: 2 } });
      const [ada, ben, cat] = [await open(), await open(), await open()];
      const ids = [
        await ada.join({ name: "Ada", sources: ["camera", "microphone"] }),
        await ben.join({ name: "Ben", sources: ["camera", "microphone"] }),
      ];
      for (const peerId of ids) await viewer.event({ name: "trackAdded", peerId, source: "camera" });
      strictEqual(await viewer.run("guest.room.slots"), null);
      deepStrictEqual(await viewer.run("guest.lines()"), { offered: 4, transceivers: 4 });

      const catId = await cat.join({ name: "Cat", sources: ["camera"] });
      await viewer.event({ name: "slotted" });
      deepStrictEqual(await viewer.run("guest.room.slots"), { video: 2, audio: 2 });
      for (const peerId of ids) await sees(viewer, peerId);
      deepStrictEqual(await viewer.run("guest.lines()"), { offered: 4, transceivers: 4 });
      await viewer.run(`guest.room.setQuality("${await cameraOf(viewer, catId)}", { pinned: true })`);
      await sees(viewer, catId);
      await cat.leave();
      for (const peerId of ids) await sees(viewer, peerId);
      deepStrictEqual(await viewer.run("guest.lines()"), { offered: 4, transceivers: 4 });
    }),
});

Deno.test({
  name:
    "B355: one slot shows tracks in three codecs one after the other, and again, and nothing is lost to the decoders",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const cameras: { readonly peerId: string; readonly trackId: unknown; readonly mimeType: string }[] = [];
      const viewer = await open();
      await viewer.join({ name: "Viewer", slots: { video: 1, audio: 0 } });
      for (const mimeType of ["video/VP8", "video/VP9", "video/AV1"]) {
        const guest = await open(preferring(mimeType));
        const peerId = await guest.join({ name: mimeType, sources: ["camera"] });
        await guest.event({ name: "stateChanged", state: "connected" });
        await viewer.waitFor(`guest.room.peers.get("${peerId}")?.tracks.size === 1`);
        cameras.push({ peerId, trackId: await cameraOf(viewer, peerId), mimeType });
      }
      await sees(viewer, cameras[0].peerId);
      for (const { peerId, trackId, mimeType } of [...cameras.slice(1), ...cameras]) {
        for (const other of cameras) await viewer.run(`guest.room.setQuality("${other.trackId}", {})`);
        await viewer.run(`guest.room.setQuality("${trackId}", { pinned: true })`);
        await sees(viewer, peerId);
        strictEqual(
          await viewer.run(`guest.room.getStats().then((report) => report.get(
            [...report.values()].find(({ type }) => type === "inbound-rtp").codecId).mimeType)`),
          mimeType,
        );
      }
      const [{ framesReceived, framesDecoded, framesDropped }] = await videoStatistics(viewer);
      ok(framesReceived - framesDecoded <= 5, `${framesReceived} frames received, ${framesDecoded} decoded`);
      ok(framesDropped <= 5, `${framesDropped} frames dropped`);
    }),
});
