import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { expectFit, expectNames, tabTo } from "../harness/usability.ts";

const PREVIEW_RUNS = `document.querySelector("[data-testid=preview-video]").videoWidth > 0`;

/** What a toggle says of its state to those who do not see it. */
const pressed = (testId: string, value: boolean) =>
  `document.querySelector("[data-testid=${testId}]").ariaPressed === "${value}"`;

Deno.test({
  name: "the link that the lobby and the call copy leads others to the room",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      const ada = await RoomPage.open(
        chromium,
        server.url,
        { room: "blue & green", name: "Ada" },
        (page) =>
          page.browserContext().overridePermissions(server.url, ["clipboard-read", "clipboard-sanitized-write"]),
      );
      const readClipboard = "navigator.clipboard.readText()";
      await ada.click("lobby-copy-button");
      await ada.waitForWords("status", "Link copied");
      const link = await ada.page.evaluate(readClipboard);
      strictEqual(link, `${server.url}/?room=blue+%26+green`);

      await ada.page.evaluate(`navigator.clipboard.writeText("")`);
      await ada.click("join-button");
      await ada.waitForState("joined");
      await ada.click("copy-button");
      await ada.waitFor(`${readClipboard}.then((text) => text !== "")`);
      strictEqual(await ada.page.evaluate(readClipboard), link);

      const ben = new URL(String(link)).searchParams.get("room") ?? "";
      const other = await RoomPage.open(chromium, server.url, { room: ben, name: "Ben" });
      await other.click("join-button");
      await other.waitForOthers(1);
    }),
});

Deno.test({
  name: "everything works by keyboard alone, and the focus is seen",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      const ada = await RoomPage.open(chromium, server.url, {});
      const { keyboard } = ada.page;
      await ada.waitFor(PREVIEW_RUNS);
      await ada.page.evaluate("document.activeElement.blur()");
      await tabTo(ada.page, "name-input");
      await keyboard.type("Ada mv");
      await keyboard.press("Enter");
      await ada.waitForState("joined");
      await ada.waitForWords("gallery", "Ada mv (you)");

      for (const muted of [true, false]) {
        await keyboard.press("m");
        await ada.waitFor(pressed("mute-button", muted));
      }
      for (const on of [false, true]) {
        await keyboard.press("v");
        await ada.waitFor(pressed("camera-button", on));
      }
      // The second while the first is still being carried out.
      for (const _ of ["off", "on"]) await keyboard.press("v");
      await ada.waitFor(pressed("camera-button", true));
      await keyboard.press("?");
      await ada.waitForWords("help", "mute or unmute your microphone");
      await keyboard.press("Escape");
      await ada.waitFor(`!document.querySelector("[data-testid=help]").open`);

      await tabTo(ada.page, "mute-button");
      await keyboard.press("Space");
      await ada.waitFor(pressed("mute-button", true));
      await tabTo(ada.page, "leave-button");
      await keyboard.press("Enter");
      await ada.waitForState("left");
      // The focus is on Rejoin.
      await keyboard.press("Enter");
      await ada.waitForState("joined");
    }),
});

/** A small phone, held upright and on its side. */
const WINDOWS = [{ width: 320, height: 568 }, { width: 568, height: 320 }];
const LONG_QUERY = { room: "room".repeat(32), name: "Mathilde-Wilhelmine ".repeat(3) };

for (const { width, height } of WINDOWS) {
  Deno.test({
    name: `in each of its states the page fits a window of ${width} x ${height} pixels, and every control has a name`,
    ignore: WITHOUT_CHROMIUM,
    permissions: MEETING_PERMISSIONS,
    fn: () =>
      withMeeting(async ({ chromium, server }) => {
        const ada = await RoomPage.open(chromium, server.url, LONG_QUERY, async (page) => {
          await page.setViewport({ width, height, isMobile: true, hasTouch: true });
        });
        await ada.waitFor(PREVIEW_RUNS);
        await expectFit(ada.page, { scrolls: true });
        await expectNames(ada.page);

        await ada.click("join-button");
        await ada.waitForState("joined");
        await expectFit(ada.page, { scrolls: false });
        const ben = await RoomPage.open(chromium, server.url, { ...LONG_QUERY, join: "1" });
        await ada.waitForWords("people-count", "2 people");
        await ben.click("screen-button");
        await ada.waitForWords("stage", "screen");
        await expectFit(ada.page, { scrolls: false });
        await expectNames(ada.page);

        await ada.click("leave-button");
        await ada.waitForState("left");
        await expectFit(ada.page, { scrolls: false });
        await expectNames(ada.page);
      }),
  });
}

Deno.test({
  name: "in a call in which everything is used the page writes no error and keeps its content security policy",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ join, chromium, server }) => {
      const complaints: string[] = [];
      const ada = await RoomPage.open(chromium, server.url, { name: "Ada" }, async (page) => {
        page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("requestfailed", (request) => complaints.push(`${request.url()} was not loaded`));
        await page.exposeFunction("complain", (text: string) => complaints.push(text));
        await page.evaluateOnNewDocument(
          `addEventListener("securitypolicyviolation", (event) => complain("CSP: " + event.violatedDirective))`,
        );
      });
      await ada.click("join-button");
      await ada.waitForState("joined");
      const ben = await join("Ben");
      await Promise.all([ada, ben].map((person) => person.waitForOthers(1)));

      const screen = `[data-testid=stage] [data-testid=tile][data-video=on]`;
      await ada.click("screen-button");
      await ben.waitFor(`document.querySelector("${screen}") !== null`);
      await ben.waitForWords("stage", "Ada: screen");
      await ada.click("screen-button");
      await ben.waitFor(`document.querySelector("${screen}") === null`);
      for (const on of [false, true]) {
        await ada.click("camera-button");
        await ben.waitForVideo(await ada.peerId(), on ? "on" : "off");
        await ada.click("mute-button");
        await ada.waitFor(pressed("mute-button", !on));
      }
      await ada.page.keyboard.press("?");
      await ada.waitForWords("help", "Keyboard shortcuts");
      await expectNames(ada.page);
      await ada.page.keyboard.press("Escape");
      await ben.click("leave-button");
      await ada.waitForWords("status", "Ben left");
      await ada.click("leave-button");
      await ada.waitForState("left");
      deepStrictEqual(complaints, []);
    }, { hearsRequests: true }),
});
