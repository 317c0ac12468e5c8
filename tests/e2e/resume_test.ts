import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Browser } from "../harness/browser.ts";
import { GATHERING_PERMISSIONS, withGuests } from "../harness/gathering.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { FIREFOX_MEETING_PERMISSIONS, withFirefox, WITHOUT_FIREFOX } from "../harness/mixed_meeting.ts";
import { RoomPage } from "../harness/room_page.ts";
import type { ServerProcess } from "../harness/server.ts";
import { TcpProxy } from "../harness/tcp_proxy.ts";

const MAX_GAP_MS = 500;
/** Seconds of sound that are played while the WebSocket is cut. */
const CUT_SECONDS = 5;
/** A page that stands still for so long makes a gap by itself: then the round says nothing, and is followed by another. */
const STANDSTILL_MS = 150;
const MAX_ROUNDS = 4;

/**
 * Cuts the WebSocket of Ada's page off for 5 s in a call with Ben, and lets it come back. Media goes on, nobody rejoins,
 * and signaling works afterwards, both ways.
 */
async function survivesCut(server: ServerProcess, browser: Browser): Promise<void> {
  await using proxy = new TcpProxy(server.port);
  const ada = await RoomPage.join(browser, `http://localhost:${proxy.port}`, "Ada");
  const ben = await RoomPage.join(browser, server.url, "Ben");
  const people = [ada, ben];
  await Promise.all(people.map((person) => person.waitForOthers(1)));
  const [adaId, benId] = [await ada.peerId(), await ben.peerId()];

  let standstill = Infinity;
  for (let round = 0; standstill >= STANDSTILL_MS && round < MAX_ROUNDS; round++) {
    await Promise.all(people.flatMap((person) => [person.takeStandstill(), person.takeLongestGap()]));
    await proxy.refuse();
    await ada.waitForWords("connection", "Reconnecting");
    await Promise.all(people.map((person) => person.waitForSeconds(CUT_SECONDS)));
    proxy.restore();
    await ada.waitFor(CONNECTED);
    standstill = Math.max(...await Promise.all(people.map((person) => person.takeStandstill())));
    const gaps = await Promise.all(people.map((person) => person.takeLongestGap()));
    if (standstill >= STANDSTILL_MS) continue;
    for (const [i, gap] of gaps.entries()) {
      ok(gap > 0 && gap <= MAX_GAP_MS, `${people[i].name}: the picture stood for ${Math.round(gap)} ms`);
    }
  }
  ok(standstill < STANDSTILL_MS, `the machine is too busy: pages stood still for ${Math.round(standstill)} ms`);
  strictEqual(await ada.text("connection"), "");
  strictEqual(await ada.peerId(), adaId);
  deepStrictEqual(await ben.page.evaluate("probe.peers()"), [adaId], "a rejoin would have another id");

  await ada.click("camera-button");
  await ben.waitForVideo(adaId, "off");
  await ada.click("camera-button");
  await ben.waitForVideo(adaId, "on");
  await ben.click("camera-button");
  await ada.waitForVideo(benId, "off");
  await ada.click("leave-button");
  await ben.waitForOthers(0);
}

const CONNECTED = `document.querySelector("[data-testid=connection]").dataset.state === "connected"`;

Deno.test({
  name: "P65: a WebSocket that is cut for 5 s disturbs no picture in Chromium, and signaling goes on as the same peer",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () => withMeeting(({ server, chromium }) => survivesCut(server, chromium)),
});

Deno.test({
  name: "P65: a WebSocket that is cut for 5 s disturbs no picture in Firefox, and signaling goes on as the same peer",
  ignore: WITHOUT_FIREFOX,
  permissions: FIREFOX_MEETING_PERMISSIONS,
  fn: () => withFirefox(({ server, firefox }) => survivesCut(server, firefox)),
});

Deno.test({
  name: "P65: what happened while the WebSocket was away is told as events, and what waited is offered afterwards",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open, openAt, server }) => {
      await using proxy = new TcpProxy(server.port);
      const [ada, ben, cleo] = [await openAt(`http://127.0.0.1:${proxy.port}`), await open(), await open()];
      const adaId = await ada.join({ sources: ["camera", "microphone"] });
      const benId = await ben.join({ sources: ["camera", "microphone"] });
      const cleoId = await cleo.join({ sources: ["microphone"] });
      await ben.progress("camera");
      await ada.event({ name: "trackAdded", peerId: cleoId });
      await ada.progress("camera");

      await proxy.refuse();
      await ada.event({ name: "stateChanged", state: "reconnecting" });
      await ada.run(`void (globalThis.screen = guest.publish("screen"))`);
      await ben.unpublish("camera");
      await ben.publish("screen");
      await cleo.run("guest.room.leave()");
      const dan = await open();
      const danId = await dan.join({ sources: ["microphone"] });
      const before = await ada.run("guest.events.length");
      proxy.restore();

      await ada.event({ name: "trackRemoved", peerId: benId, source: "camera" });
      await ada.event({ name: "peerLeft", peerId: cleoId });
      await ada.event({ name: "peerJoined", peerId: danId });
      await ada.event({ name: "trackAdded", peerId: benId, source: "screen" });
      await ada.event({ name: "trackAdded", peerId: danId, source: "microphone" });
      await ada.run("screen");
      await ben.event({ name: "trackAdded", peerId: adaId, source: "screen" });
      strictEqual(await ada.run("guest.room.state"), "connected");
      const names = await ada.run(`guest.events.slice(${before}).map(({ name }) => name)`) as string[];
      strictEqual(names.includes("error"), false, "nothing failed meanwhile");
      deepStrictEqual(
        await ben.run(`guest.events.filter(({ peerId, name }) => peerId === "${adaId}" && name === "peerLeft")`),
        [],
      );
      // Before the proxy goes.
      await ada.run("guest.room.leave()");
      await ben.event({ name: "peerLeft", peerId: adaId });
    }),
});

Deno.test({
  name: "B203, P29: a changed network has ICE restarted and the WebSocket renewed, while media goes on",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const [ada, ben] = [await open(), await open()];
      const adaId = await ada.join({ sources: ["camera", "microphone"] });
      await ben.join({ sources: ["microphone"] });
      await ben.progress("camera");
      await ada.progress("microphone");
      const before = await ben.run("guest.iceUfrag()");
      const answered = await ben.run("guest.remoteUfrag()");

      await ben.run(`dispatchEvent(new Event("online"))`);
      await ben.event({ name: "stateChanged", state: "reconnecting" });
      await ben.waitFor(`guest.iceUfrag() !== "${before}" && guest.remoteUfrag() !== "${answered}"`);
      await ben.waitFor(`guest.room.state === "connected"`);
      await ben.progress("camera");
      await ada.progress("microphone");
      deepStrictEqual(await ada.run(`guest.events.filter(({ name }) => name === "peerLeft")`), []);
      await ada.unpublish("camera");
      await ben.event({ name: "trackRemoved", peerId: adaId, source: "camera" });
    }),
});

Deno.test({
  name: "B203, P14: a sign of another network while a peer connects does not cost it its place",
  ignore: WITHOUT_CHROMIUM,
  permissions: GATHERING_PERMISSIONS,
  fn: () =>
    withGuests(async ({ open }) => {
      const ada = await open();
      const join = `guest.join({ sources: ["microphone"] })`;
      await ada.run(`${join}.then(() => void dispatchEvent(new Event("online")))`);
      await ada.event({ name: "stateChanged", state: "connected" });
      const ben = await open();
      await ben.join();
      await ben.progress("microphone");
      const told = await ada.run(`guest.events.filter(({ name }) => name === "closed" || name === "error")`);
      deepStrictEqual(told, []);
    }),
});
