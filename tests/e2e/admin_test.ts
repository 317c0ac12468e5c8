import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { adminToken } from "../harness/admin_setup.ts";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import type { ServerProcess } from "../harness/server.ts";
import { SECRET, secretToken } from "../harness/tokens.ts";

const SETUP = { flags: ["--production", `--auth-secret=${SECRET}`] };

async function administer(server: ServerProcess, method: string, path: string, body?: unknown): Promise<number> {
  const response = await fetch(`${server.url}/api/${path}`, {
    method,
    headers: {
      "Authorization": `Bearer ${await adminToken()}`,
      ...(body !== undefined && { "Content-Type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test({
  name: "P133, P134, P135, P136: the SDK is told, and goes on in the other room, where it sees and is seen",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ server, open }) => {
      const [ada, ben, cem] = [await open(), await open(), await open()];
      const token = await secretToken({ exp: 600, switchboard: { room: "*" } });
      const options = (roomId: string) => JSON.stringify({ roomId, token, sources: ["camera"] });
      const adaId = await ada.run(`guest.join(${options("test")})`);
      await ben.run(`guest.join(${options("test")})`);
      await cem.run(`guest.join(${options("office")})`);
      const { trackId } = await ben.progress("camera");

      await ben.run(`void (globalThis.mutes = [], guest.room.on("trackMuted", ({ info }) => mutes.push(info.muted)))`);
      const mute = (muted: boolean) =>
        administer(server, "PUT", `rooms/test/peers/${adaId}/tracks/${trackId}/muted`, { muted });
      strictEqual(await mute(true), 200);
      await ben.waitFor("mutes.length === 1");
      await ada.waitFor(`guest.published("camera").mutedByServer`);
      await ben.waitFor(`guest.room.quality?.tracks.some(({ reason }) => reason.startsWith("muted"))`);
      strictEqual(await mute(false), 200);
      await ben.progress("camera");
      deepStrictEqual(await ben.run("mutes"), [true, false]);

      strictEqual(await administer(server, "POST", "rooms/test/messages", { message: { text: "hello" } }), 200);
      for (const guest of [ada, ben]) await guest.event({ name: "message" });

      strictEqual(await administer(server, "POST", `rooms/test/peers/${adaId}/move`, { roomId: "office" }), 202);
      await ada.event({ name: "moved", roomId: "office" });
      await ben.event({ name: "peerLeft" });
      await cem.event({ name: "peerJoined" });
      await Promise.all([ada, cem].map((guest) => guest.progress("camera")));
      ok(await ada.run("guest.room.peerId") !== adaId);
      strictEqual(await ada.run("guest.room.state"), "connected");

      strictEqual(await administer(server, "DELETE", "rooms/office"), 200);
      for (const guest of [ada, cem]) await guest.event({ name: "closed", code: "room-ended" });
    }, SETUP),
});

Deno.test({
  name: "P135, P136: the page says that it was moved, and its address leads to the room where it is now",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(
      async ({ server, chromium }) => {
        const token = await secretToken({ exp: 600, switchboard: { room: "*" } });
        const ada = await RoomPage.open(chromium, server.url, { name: "Ada", join: "1", token });
        await ada.waitForState("joined");
        const peerId = await ada.peerId();
        const move = `rooms/test/peers/${peerId}/move`;
        strictEqual(await administer(server, "POST", move, { roomId: "office" }), 202);
        await ada.waitForWords("status", "You were moved to the room office");
        await ada.waitFor(`new URLSearchParams(location.search).get("room") === "office"`);
        // When the page says so it is on its way there: as another peer.
        await ada.waitFor(`document.querySelector("[data-self=true]").dataset.peerId !== "${peerId}"`);
        strictEqual((await server.health()).rooms, 1);
      },
      undefined,
      SETUP,
    ),
});
