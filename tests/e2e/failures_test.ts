import { strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM, withServer } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import type { ServerProcess } from "../harness/server.ts";

interface Ending {
  readonly how: string;
  readonly end: (server: ServerProcess) => Promise<unknown>;
  readonly title: string;
  readonly text: string;
}

const ENDINGS: readonly Ending[] = [
  {
    how: "is stopped by SIGTERM",
    end: (server) => server.stop(),
    title: "The server is shutting down",
    text: "Perhaps it is back in a minute: then rejoin.",
  },
  {
    how: "is killed by SIGKILL",
    end: (server) => server.crash(),
    title: "The server is gone",
    text: "The connection was lost. Rejoin once your network or the server is back.",
  },
];

for (const { how, end, title, text } of ENDINGS) {
  Deno.test({
    name: `when the server ${how} in a call the page says so, and rejoins once a server is back`,
    ignore: WITHOUT_CHROMIUM,
    permissions: MEETING_PERMISSIONS,
    fn: () =>
      withMeeting(async ({ join, server }) => {
        const ada = await join("Ada");
        await end(server);
        await ada.waitForState("failed");
        await ada.waitForWords("ended-title", title);
        await ada.waitForWords("ended-text", text);
        strictEqual(await ada.text("rejoin-button"), "Rejoin");

        await ada.click("rejoin-button");
        await ada.waitForWords("ended-title", "Could not join");
        await ada.waitForWords(
          "ended-text",
          "The server cannot be reached. Check your connection; perhaps the server is not running.",
        );
        strictEqual(await ada.text("rejoin-button"), "Try again");

        await withServer(async () => {
          await ada.click("rejoin-button");
          await ada.waitForState("joined");
          const ben = await join("Ben");
          await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));
          await Promise.all([ada, ben].map((person) => person.page.close()));
        }, { port: server.port });
      }),
  });
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
