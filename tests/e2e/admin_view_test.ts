import { match, ok, strictEqual } from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { adminToken } from "../harness/admin_setup.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { SECRET, secretToken } from "../harness/tokens.ts";
import { waitUntil } from "../harness/wait_until.ts";

const SETUP = { flags: ["--production", `--auth-secret=${SECRET}`, "--requests-per-minute=none"] };

const by = (id: string) => `document.querySelector("[data-testid=${id}]")`;

/** Until the text of an element has this. */
async function until(page: Page, id: string, text: string): Promise<void> {
  await waitUntil(page, `${by(id)}.checkVisibility() && ${by(id)}.innerText.includes(${JSON.stringify(text)})`, text);
}

/** Presses the button of a row by the keyboard alone, as whoever has no mouse does. */
async function choose(page: Page, list: string, name: string): Promise<void> {
  await until(page, list, name);
  const isIt = `({ innerText }) => innerText === ${JSON.stringify(name)}`;
  await page.evaluate(`[...${by(list)}.querySelectorAll("button")].find(${isIt}).focus()`);
  await page.keyboard.press("Enter");
}

Deno.test({
  name:
    "B528, B529: the live view shows rooms, peers, layers and why, draws what flows, and acts once that is confirmed",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(
      async ({ server, chromium }) => {
        const page = await chromium.open(new URL("/admin", server.url));
        const logIn = async (token: string) => {
          await page.type("[data-testid=token-input]", token);
          await page.keyboard.press("Enter");
        };
        await logIn(await secretToken({ exp: 60, switchboard: { room: "*" } }));
        await until(page, "login-notice", "no grant `admin`");
        await logIn(await adminToken("*", { exp: 600 }));
        await until(page, "summary", "0 rooms");

        const token = await secretToken({ exp: 600, switchboard: { room: "test" } });
        const open = (name: string) => RoomPage.open(chromium, server.url, { name, join: "1", token });
        const [ada, ben] = [await open("Ada"), await open("Ben")];
        for (const person of [ada, ben]) await person.waitForState("joined");
        await choose(page, "rooms", "test");
        await choose(page, "peers", "Ben");
        await until(page, "publishes", "camera: video/");
        await until(page, "receives", "camera of Ada: sent");
        await until(page, "receives", "Why: ");
        await until(page, "peer-words", "its way carries");
        const drawn =
          `[...document.querySelectorAll("[data-testid=plots] .line")].every((line) => line.getAttribute("d"))`;
        await waitUntil(page, drawn, "a line in each plot");
        match(await page.$eval("[data-testid=plots] svg", (plot) => plot.ariaLabel ?? ""), /^Peers: 2, /);

        await page.reload();
        await choose(page, "rooms", "test");
        await choose(page, "peers", "Ben");
        await until(page, "peer-title", "Ben");
        await page.click("[data-testid=publishes] li:last-child button");
        await until(page, "ask", "Nobody receives the camera of Ben");
        await page.click("[data-testid=ask-confirm]");
        await until(page, "publishes", "; muted");
        await page.click("[data-testid=message-room]");
        await page.type("[data-testid=ask-input]", "Five more minutes");
        await page.keyboard.press("Enter");
        await until(page, "status", "The message was sent");
        await page.click("[data-testid=kick]");
        await until(page, "ask", "Kick Ben?");
        await page.keyboard.press("Escape");
        strictEqual((await server.health()).peers, 2);
        await page.click("[data-testid=kick]");
        await page.click("[data-testid=ask-confirm]");
        await ben.waitForWords("ended-title", "You were removed from the room");
        await until(page, "status", "Ben was kicked");
        await waitUntil(page, `!${by("peer-panel")}.checkVisibility()`, "the peer's panel to close");
        ok(!await page.$eval("[data-testid=peers]", (peers) => peers.textContent.includes("Ben")));

        await page.click("[data-testid=end-room]");
        await page.click("[data-testid=ask-confirm]");
        await ada.waitForWords("ended-title", "The room was ended");
        await until(page, "summary", "0 rooms");
        await page.click("[data-testid=logout]");
        strictEqual(await page.evaluate("sessionStorage.length"), 0);
      },
      undefined,
      SETUP,
    ),
});
