import { strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM, withServer } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import type { ServerProcess } from "../harness/server.ts";

Deno.test({
  name: "when the server is stopped by SIGTERM in a call the page says so, and rejoins once a server is back",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, server }) => {
      const ada = await join("Ada");
      await server.stop();
      await ada.waitForState("failed");
      await ada.waitForWords("ended-title", "The server is shutting down");
      await ada.waitForWords("ended-text", "Perhaps it is back in a minute: then rejoin.");
      strictEqual(await ada.text("rejoin-button"), "Rejoin");

      await ada.click("rejoin-button");
      await ada.waitForWords("ended-title", "Could not join");
      await ada.waitForWords(
        "ended-text",
        "The server cannot be reached. Check your connection; perhaps the server is not running.",
      );
      strictEqual(await ada.text("rejoin-button"), "Try again");
      await rejoinsWith(server, ada, join);
    }),
});

Deno.test({
  name:
    "P66: when the server is killed in a call the page tries to reconnect; a new server knows nobody, and it rejoins",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, server }) => {
      const ada = await join("Ada");
      await ada.waitFor(`document.querySelector("[data-testid=connection]").dataset.state === "connected"`);
      await server.crash();
      await ada.waitForWords("connection", "Reconnecting");
      await withServer(async () => {
        await ada.waitForState("failed");
        await ada.waitForWords("ended-title", "The connection was lost");
        await ada.waitForWords("ended-text", "It came back too late, or the server was restarted meanwhile.");
        strictEqual(await ada.text("rejoin-button"), "Rejoin");
      }, { port: server.port });
      await rejoinsWith(server, ada, join);
    }),
});

/** A server is back at the same port: the page joins again by its button, and meets people there. */
async function rejoinsWith(
  server: ServerProcess,
  ada: RoomPage,
  join: (name: string) => Promise<RoomPage>,
): Promise<void> {
  await withServer(async () => {
    await ada.click("rejoin-button");
    await ada.waitForState("joined");
    const ben = await join("Ben");
    await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
    await Promise.all([ada, ben].map((person) => person.page.close()));
  }, { port: server.port });
}

const REFUSALS = [
  {
    what: "a room id over 128 characters",
    query: { room: "r".repeat(129), name: "Ada" },
    reason: "roomId: must have 128 characters at most",
  },
  {
    what: "a name with a control character",
    query: { room: "test", name: "Ada\u0007" },
    reason: "name: must have no control characters",
  },
];

for (const { what, query, reason } of REFUSALS) {
  Deno.test({
    name: `P2: the page tells what the server has against ${what}, and leads back to the start`,
    ignore: WITHOUT_CHROMIUM,
    permissions: MEETING_PERMISSIONS,
    fn: () =>
      withMeeting(async ({ chromium, server }) => {
        const ada = await RoomPage.open(chromium, server.url, { ...query, join: "1" });
        await ada.waitForState("failed");
        await ada.waitForWords("ended-title", "The server refused");
        const advice = "Choose another name for the room or for yourself.";
        await ada.waitForWords("ended-text", `${advice} The server says: ${reason} (bad-message).`);
        strictEqual(await ada.text("rejoin-button"), "Try again");

        await ada.click("lobby-button");
        await ada.waitForState("lobby");
        await ada.page.$$eval("input", (inputs) => inputs.forEach((input) => input.value = "mended"));
        await ada.click("join-button");
        await ada.waitForState("joined");
      }),
  });
}
