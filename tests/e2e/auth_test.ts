import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { SECRET, secretToken } from "../harness/tokens.ts";

const SETUP = { flags: ["--production", `--auth-secret=${SECRET}`, "--duplicate-identity=replace"] };

const tokenFor = (switchboard: object, sub?: string) =>
  secretToken({ exp: 600, switchboard: { room: "test", ...switchboard }, ...(sub !== undefined && { sub }) });

Deno.test({
  name:
    "P71, P72, P79: the page takes its token from its address; without a good one it says so, and who comes twice too",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(
      async ({ server, chromium }) => {
        const open = (name: string, token?: string) =>
          RoomPage.open(chromium, server.url, { name, join: "1", ...(token !== undefined && { token }) });
        const stranger = await open("Stranger");
        await stranger.waitForState("failed");
        await stranger.waitForWords("ended-text", "This server lets in who has a link with a valid token.");
        const lost = await open("Lost", await tokenFor({ room: "other" }));
        await lost.waitForWords("ended-text", "Your link is for another room.");

        const ada = await open("Ada", await tokenFor({}, "ada"));
        const ben = await open("Ben", await tokenFor({ publish: ["audio"] }));
        await Promise.all([ada, ben].map((person) => person.waitForState("joined")));
        await ada.waitForWords("status", "Ben joined");
        const benId = await ben.peerId();
        await ada.waitForVideo(benId, "off");
        await ben.waitFor(`probe.inbound().then((streams) => streams.some(({ framesDecoded }) => framesDecoded > 0))`);
        await ada.waitFor(
          `probe.inbound().then((streams) => streams.some(({ totalAudioEnergy }) => totalAudioEnergy > 0))`,
        );
        strictEqual(await ben.page.$eval("[data-testid=screen-button]", (button) => button.checkVisibility()), false);

        const again = await open("Ada", await tokenFor({}, "ada"));
        await again.waitForState("joined");
        await ada.waitForWords("ended-title", "You are in this room elsewhere");
      },
      undefined,
      SETUP,
    ),
});

Deno.test({
  name:
    "P77, P78, B241: the SDK asks its function for a token each time, resumes by it, and may publish what it grants",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      const tokens = [await tokenFor({ publish: ["video"] }, "ada"), await tokenFor({}, "ada")];
      await ada.run(`void (globalThis.tokens = ${JSON.stringify(tokens)})`);
      await ada.run(`guest.join({ token: async () => tokens.shift(), sources: ["camera", "microphone"] })`);
      strictEqual((await ada.event({ name: "error" })).code, "forbidden");
      deepStrictEqual(await ada.run("[guest.room.identity, guest.room.grants.publish]"), ["ada", ["video"]]);
      deepStrictEqual(await ada.run(`guest.failure(guest.publish("screen"))`), {
        name: "SwitchboardError",
        code: "forbidden",
        own: true,
      });
      await ben.run(`guest.join({ token: ${JSON.stringify(await tokenFor({ publish: [] }))} })`);
      await ben.progress("camera");
      strictEqual(await ben.run("[...guest.room.peers.values()][0].identity"), "ada");

      await ada.run(`dispatchEvent(new Event("online"))`);
      await ada.event({ name: "stateChanged", state: "reconnecting" });
      await ada.waitFor(`guest.room.state === "connected"`);
      strictEqual(await ada.run("tokens.length"), 0);
      await ben.progress("camera");
      deepStrictEqual(await ben.run(`guest.events.filter(({ name }) => name === "peerLeft")`), []);
    }, SETUP),
});
