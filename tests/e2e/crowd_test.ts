import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Crowd } from "../harness/crowd.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import { expectFit, expectNames, tabTo } from "../harness/usability.ts";

const CROWD_PERMISSIONS = {
  ...MEETING_PERMISSIONS,
  read: [...MEETING_PERMISSIONS.read, new URL("../harness/crowd.js", import.meta.url)],
} satisfies Deno.PermissionOptionsObject;

/** Those whose tiles are shown with a picture, in the order on the screen. */
const SHOWN = `[...document.querySelectorAll("[data-testid=tile][data-self=false]:not([hidden])")]
  .sort((a, b) => a.style.order - b.style.order).map((tile) => tile.dataset.peerId)`;

/** What the list says of those whom no tile shows. */
const UNSEEN = `[...document.querySelectorAll("[data-testid=person-state]")]
  .map(({ textContent }) => textContent).filter((words) => words.endsWith("not shown"))`;

async function shown(person: RoomPage): Promise<string[]> {
  return await person.page.evaluate(SHOWN) as string[];
}

function shows(person: RoomPage, peerId: string): Promise<void> {
  return person.waitFor(
    `${SHOWN}.includes("${peerId}") && document.querySelector('[data-peer-id="${peerId}"]').dataset.video === "on"`,
  );
}

Deno.test({
  name: "B358: with more people than a phone has tiles who speaks is shown, nobody else jumps, and a pin holds",
  ignore: WITHOUT_CHROMIUM,
  permissions: CROWD_PERMISSIONS,
  fn: () =>
    withMeeting(async ({ chromium, server }) => {
      await using crowd = await Crowd.join(await RoomPage.open(chromium, server.url, {}), 7);
      const ann = await RoomPage.open(
        chromium,
        server.url,
        { name: "Ann", join: "1" },
        (page) => page.setViewport({ width: 320, height: 568 }),
      );
      await ann.waitForState("joined");
      const { peerIds } = crowd;
      await ann.waitForWords("people-count", "8 people");
      await ann.waitForWords("people-button", "2 not shown");
      for (const peerId of peerIds.slice(0, 5)) await shows(ann, peerId);
      deepStrictEqual(await shown(ann), peerIds.slice(0, 5));
      await ann.page.evaluate(
        `document.querySelector("[data-testid=connection]").textContent = "Reconnecting…";
        document.querySelector("[data-testid=hear-button]").hidden = false;`,
      );
      await expectFit(ann.page, { scrolls: false });
      await expectNames(ann.page);
      strictEqual(
        await ann.page.evaluate(`document.querySelector("[data-testid=people-button]").ariaLabel`),
        "People, 2 not shown",
      );

      await crowd.speak(6, true);
      await shows(ann, peerIds[6]);
      deepStrictEqual(await shown(ann), [...peerIds.slice(0, 4), peerIds[6]]);
      await crowd.speak(6, false);

      await ann.click("people-button");
      await ann.waitForWords("people", "Person 5");
      strictEqual((await ann.page.evaluate(UNSEEN) as string[]).length, 2);
      await expectNames(ann.page);
      await expectFit(ann.page, { scrolls: false });
      await tabTo(ann.page, "person-pin");
      for (let i = 0; i < 5; i++) await ann.page.keyboard.press("Tab");
      await ann.page.keyboard.press("Enter");
      await ann.page.keyboard.press("Escape");
      await shows(ann, peerIds[5]);
      const pressed = `[...document.querySelectorAll("[data-testid=tile]:not([hidden]) [aria-pressed=true]")]`;
      strictEqual(await ann.page.evaluate(`${pressed}.map(({ ariaLabel }) => ariaLabel).join()`), "Pin Person 5");
      const pinned = await shown(ann);
      await crowd.speak(3, true);
      await crowd.speak(4, true);
      await shows(ann, peerIds[4]);
      strictEqual((await shown(ann)).indexOf(peerIds[5]), pinned.indexOf(peerIds[5]));
      await crowd.republish(5);
      await shows(ann, peerIds[5]);
    }),
});
