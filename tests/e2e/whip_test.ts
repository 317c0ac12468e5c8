import { deepStrictEqual } from "node:assert/strict";
import { EmbeddingSite } from "../harness/embedding_site.ts";
import { startFirefox } from "../harness/firefox.ts";
import { HTTP_PEER_PERMISSIONS, HttpPeer } from "../harness/http_peer.ts";
import { MEETING_PERMISSIONS, withMeeting, WITHOUT_CHROMIUM } from "../harness/meeting.ts";
import { MIXED_MEETING_PERMISSIONS, WITHOUT_EITHER } from "../harness/mixed_meeting.ts";
import { MEDIA_SETUPS } from "../harness/server.ts";

/** A second of the picture. */
const FRAMES = 25;

for (const setup of MEDIA_SETUPS) {
  Deno.test({
    name:
      `P50, P54, P56, P57: a page plays by WHEP what others publish by WHIP in turn, and so does who came by WebSocket (${setup.name})`,
    ignore: WITHOUT_CHROMIUM || setup.ignore,
    permissions: {
      ...MEETING_PERMISSIONS,
      read: [...MEETING_PERMISSIONS.read, ...HTTP_PEER_PERMISSIONS.read],
    },
    fn: () =>
      withMeeting(
        async ({ server, chromium, join }) => {
          await using site = new EmbeddingSite();
          const [player, publisher] = [await HttpPeer.open(chromium, site), await HttpPeer.open(chromium, site)];
          await player.play(`${server.url}/whep/test?publisher=Encoder`);
          await player.do("trickle");
          const ben = await join("Ben");

          await publisher.publish(`${server.url}/whip/test?name=Encoder`);
          await player.waitForMore(FRAMES);
          await ben.waitForWords("gallery", "Encoder");
          await ben.waitFor(
            "probe.inbound().then((streams) => streams.some(({ framesDecoded }) => framesDecoded > 0))",
          );

          for (const who of [publisher, player]) {
            await who.do("restart");
            await player.waitForMore(FRAMES);
          }
          const { ssrcs } = await player.played();
          await publisher.do("stop");
          await ben.waitFor("probe.inbound().then((streams) => streams.length === 0)");

          const next = await HttpPeer.open(chromium, site);
          await next.publish(`${server.url}/whip/test?name=Encoder`);
          await player.waitForMore(FRAMES);
          deepStrictEqual((await player.played()).ssrcs, ssrcs, "the streams are the same");
          await player.do("stop");
          await next.do("stop");
        },
        undefined,
        { ...setup, flags: [...(setup.flags ?? []), "--origins=*"] },
      ),
  });
}

Deno.test({
  name: "P53: Firefox plays by WHEP who speaks in the room by WebSocket from Chromium, and publishes to them by WHIP",
  ignore: WITHOUT_EITHER,
  permissions: {
    ...MIXED_MEETING_PERMISSIONS,
    read: [...MIXED_MEETING_PERMISSIONS.read, ...HTTP_PEER_PERMISSIONS.read],
  },
  fn: () =>
    withMeeting(
      async ({ server, join }) => {
        await using site = new EmbeddingSite();
        await using firefox = await startFirefox();
        await join("Ada");
        const [player, publisher] = [await HttpPeer.open(firefox, site), await HttpPeer.open(firefox, site)];
        await player.play(`${server.url}/whep/test?publisher=Ada`);
        await player.waitForMore(FRAMES);
        await publisher.publish(`${server.url}/whip/test?name=Encoder`);
        const ben = await join("Ben");
        await ben.waitForWords("gallery", "Encoder");
        await ben.waitFor(
          "probe.inbound().then((streams) => streams.filter(({ framesDecoded }) => framesDecoded > 0).length === 2)",
        );
        await player.do("stop");
        await publisher.do("stop");
      },
      undefined,
      { flags: ["--origins=*"] },
    ),
});
