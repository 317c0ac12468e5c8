import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import { WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { UdpDetour } from "../harness/udp_detour.ts";

Deno.test({
  name:
    "a page of another origin publishes a canvas and an oscillator, and another one is told whose they are and plays them",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, server, site }) => {
      notStrictEqual(new URL(server.url).origin, site.origin);
      const [ada, ben] = [await open(), await open()];
      const adaId = await ada.join({ name: "Ada" });
      await ben.join({ name: "Ben" });
      await ada.event({ name: "peerJoined" });
      await ada.publish("camera");
      await ada.publish("microphone");
      for (const [source, kind] of [["camera", "video"], ["microphone", "audio"]] as const) {
        const { trackId } = await ben.event({ name: "trackAdded", source });
        deepStrictEqual(await ben.event({ name: "trackAdded", source }), {
          name: "trackAdded",
          peerId: adaId,
          trackId,
          source,
          kind,
        });
      }
      strictEqual(await ben.run(`guest.room.peers.get("${adaId}").name`), "Ada");
      await ben.stream("camera", "stream.framesDecoded > 10");
      await ben.stream("microphone", "stream.totalAudioEnergy > 0");
    }),
});

Deno.test({
  name: "a screen is told to be one; muted it stays and is silent, unpublished it is removed and the rest goes on",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      const peerId = await ada.join({ sources: ["microphone", "screen"] });
      await ben.join();
      const { trackId } = await ben.event({ name: "trackAdded", source: "screen", peerId });
      await ben.stream("screen", "stream.framesDecoded > 10");

      await ben.progress("microphone");
      await ada.run(`guest.published("microphone").mute()`);
      strictEqual(await ada.run(`guest.published("microphone").muted`), true);
      await ben.silence("microphone");
      await ada.run(`guest.published("microphone").unmute()`);
      await ben.progress("microphone");

      await ada.unpublish("screen");
      await ben.event({ name: "trackRemoved", source: "screen", peerId, trackId });
      strictEqual((await ben.inbound()).length, 1);
      strictEqual(await ada.run("guest.room.localTracks.size"), 1);
      await ben.progress("microphone");
    }),
});

Deno.test({
  name:
    "P13, P16: the closed event tells whether this client left or the server ends, and nothing can be published then",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, server }) => {
      const [ada, ben] = [await open(), await open()];
      const adaId = await ada.join();
      await ben.join();
      await ada.event({ name: "peerJoined" });
      await ada.run("guest.room.leave()");
      strictEqual((await ada.event({ name: "closed" })).code, "left");
      strictEqual(await ada.run("guest.room.state"), "closed");
      deepStrictEqual(await ada.run(`guest.failure(guest.publish("camera"))`), {
        name: "SwitchboardError",
        code: "closed",
        own: true,
      });
      await ben.event({ name: "peerLeft", peerId: adaId });
      await server.stop();
      strictEqual((await ben.event({ name: "closed" })).code, "server-closing");
      strictEqual(await ben.run(`guest.events.at(-1).name`), "closed");
    }),
});

Deno.test({
  name: "joining fails with a SwitchboardError whose code says why",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, site }) => {
      const ada = await open();
      const nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      nobody.close();
      const failures = [
        [`guest.join({}, "http://127.0.0.1:${nobody.addr.port}")`, "server-unreachable"],
        [`guest.join({}, "${site.origin}/nothing")`, "server-unreachable"],
        [`guest.join({}, "ftp://127.0.0.1")`, "bad-url"],
        [`guest.join({}, "nowhere")`, "bad-url"],
        [`guest.join({ roomId: "" })`, "bad-message"],
        [`guest.join({ roomId: "r".repeat(129) })`, "bad-message"],
        [`guest.join({ roomId: 5 })`, "bad-message"],
        [`guest.join({ name: "\\n" })`, "bad-message"],
      ];
      for (const [attempt, code] of failures) {
        const failure = await ada.run(`guest.failure(${attempt})`);
        deepStrictEqual(failure, { name: "SwitchboardError", code, own: true }, attempt);
      }
      await ada.join();
    }),
});

Deno.test({
  name: "a signal ends the attempt to join before it begins, under way and while the server is silent, but no room",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, site }) => {
      const ada = await open();
      const aborted = { name: "AbortError", code: DOMException.ABORT_ERR, own: false };
      deepStrictEqual(await ada.run(`guest.failure(guest.join({ signal: AbortSignal.abort() }))`), aborted);
      await ada.run(`globalThis.abort = new AbortController()`);
      const underWay = `guest.failure(guest.join({ signal: abort.signal }))`;
      deepStrictEqual(await ada.run(`{ const end = ${underWay}; abort.abort(); end; }`), aborted);

      await ada.run(`globalThis.abort = new AbortController()`);
      const silent = ada.run(`guest.failure(guest.join({ signal: abort.signal }, "${site.origin}/silent"))`);
      const socket = await site.silentSocket;
      await ada.run(`abort.abort()`);
      deepStrictEqual(await silent, aborted);
      await socket.closed;

      await ada.run(`globalThis.abort = new AbortController()`);
      await ada.run(`guest.join({ signal: abort.signal })`);
      await ada.run(`abort.abort()`);
      await ada.publish("camera");
      strictEqual(await ada.run("guest.room.state"), "connected");
    }),
});

Deno.test({
  name: "P27: ten rounds of publishing and unpublishing need no more m-lines than the first",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      await ada.join();
      await ben.join({ sources: ["microphone"] });
      const trackIds = new Set<string>();
      for (let round = 0; round < 10; round++) {
        await Promise.all([ada.publish("camera"), ada.publish("microphone")]);
        for (const source of ["camera", "microphone"] as const) {
          await ben.stream(source, "(stream.framesDecoded > 0 || stream.totalAudioEnergy > 0)");
        }
        const [picture, sound] = await ben.inbound();
        trackIds.add(picture.trackId).add(sound.trackId);
        await Promise.all([ada.unpublish("camera"), ada.unpublish("microphone")]);
        for (const trackId of [picture.trackId, sound.trackId]) await ben.event({ name: "trackRemoved", trackId });
      }
      strictEqual(trackIds.size, 20, "each publication has an id of its own");
      for (const guest of [ada, ben]) {
        deepStrictEqual(await guest.run("guest.lines()"), { offered: 3, transceivers: 3 });
      }
    }),
});

Deno.test({
  name: "P24: who takes only H.264 is told which track it cannot play, and gets the rest",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      const adaId = await ada.join({ sources: ["camera", "microphone"] });
      await ada.event({ name: "stateChanged", state: "connected" });
      await ben.join({ codecs: ["video/H264", "audio/opus"] });
      const { trackId } = await ben.event({ name: "error", code: "codec-unsupported" });
      strictEqual(await ben.run(`guest.room.peers.get("${adaId}").tracks.get("${trackId}").source`), "camera");
      await ben.stream("microphone", "stream.totalAudioEnergy > 0");
      strictEqual(await ben.run(`guest.events.some(({ source }) => source === "camera")`), false);
    }),
});

Deno.test({
  name: "P29: when no datagram gets through any more ICE is restarted, and media goes on once the way is open again",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, site }) => {
      await using detour = new UdpDetour();
      const [ada, ben] = [await open(), await open((page) => detour.lead(page, site.origin))];
      await ada.join({ sources: ["camera", "microphone"] });
      await ben.join({ sources: ["microphone"] });
      await ben.progress("camera");
      const before = await ben.run("guest.iceUfrag()");

      detour.broken = true;
      await ben.event({ name: "stateChanged", state: "reconnecting" });
      await ben.waitFor(`guest.iceUfrag() !== "${before}"`);
      detour.broken = false;
      await ben.waitFor(`guest.room.state === "connected"`);
      await ben.progress("camera");
      await ben.progress("microphone");
      await ada.progress("microphone");
    }),
});
