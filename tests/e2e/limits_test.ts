import { deepStrictEqual, ok } from "node:assert/strict";
import { EmbeddingSite, SITE_PERMISSIONS } from "../harness/embedding_site.ts";
import { Guest } from "../harness/guest.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { watchMedia } from "../harness/watch_media.ts";

/** Bits per second. */
const LIMIT = 400_000;
/** What of it the picture is told: less than Chromium begins with, and enough for a key frame without a freeze. */
const PICTURE = LIMIT * 0.9 - 128_000;

/** What the encoder of the page's picture is to make, bits per second. */
const TARGET = `Promise.all(probe.connections.map((connection) => connection.getStats())).then((reports) =>
  reports.flatMap((report) => [...report.values()])
    .find(({ type, kind }) => type === "outbound-rtp" && kind === "video")?.targetBitrate)`;

Deno.test({
  name: "P83: Chromium keeps the limit that the answer tells it, and the call goes on with nothing dropped",
  ignore: WITHOUT_CHROMIUM,
  permissions: MEETING_PERMISSIONS,
  fn: () =>
    withMeeting(
      async ({ join, server }) => {
        const people = [await join("Ada"), await join("Ben")];
        await Promise.all(people.map((person) => person.waitForOthers(1)));
        await watchMedia(people);
        for (const { page } of people) {
          const target = await page.evaluate(TARGET);
          ok(Number(target) > 0 && Number(target) <= PICTURE, `${target} bit/s`);
        }
        const { refusals } = await server.health();
        deepStrictEqual(Object(refusals)["bitrate-exceeded"], 0);
      },
      undefined,
      { flags: [`--max-bitrate-in=${LIMIT}`] },
    ),
});

Deno.test({
  name: "P20, P32: publish() is rejected as the server says where there are too many tracks, and the others go on",
  ignore: WITHOUT_CHROMIUM,
  permissions: {
    ...MEETING_PERMISSIONS,
    read: [...MEETING_PERMISSIONS.read, ...SITE_PERMISSIONS.read],
    net: [...new Set([...MEETING_PERMISSIONS.net, ...SITE_PERMISSIONS.net])],
  },
  fn: async () => {
    await using site = new EmbeddingSite();
    await withMeeting(
      async ({ server, chromium }) => {
        const guest = await Guest.open(chromium, site, server.url);
        await guest.join({ sources: ["microphone"] });
        const refused = { name: "SwitchboardError", code: "too-many-tracks", own: true };
        deepStrictEqual(await guest.run('guest.failure(guest.publish("camera"))'), refused);
        await guest.run("guest.unpublish('microphone')");
        await guest.publish("camera");
        await guest.leave();
      },
      undefined,
      { flags: ["--max-tracks=1", "--origins=*"] },
    );
  },
});

Deno.test({
  name: "P84: a page of another site cannot join unless the server is told of it",
  ignore: WITHOUT_CHROMIUM,
  permissions: {
    ...MEETING_PERMISSIONS,
    read: [...MEETING_PERMISSIONS.read, ...SITE_PERMISSIONS.read],
    net: [...new Set([...MEETING_PERMISSIONS.net, ...SITE_PERMISSIONS.net])],
  },
  fn: async () => {
    await using site = new EmbeddingSite();
    await withMeeting(async ({ server, chromium }) => {
      const guest = await Guest.open(chromium, site, server.url);
      const failure = await guest.run("guest.failure(guest.join({}))");
      deepStrictEqual(failure, { name: "SwitchboardError", code: "server-unreachable", own: true });
      deepStrictEqual(Object((await server.health()).refusals)["origin-not-allowed"], 1);
    });
    await withMeeting(
      async ({ server, chromium }) => {
        const guest = await Guest.open(chromium, site, server.url);
        await guest.join();
        await guest.leave();
      },
      undefined,
      { flags: [`--origins=${site.origin}`] },
    );
  },
});
