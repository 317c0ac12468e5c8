import assert from "node:assert/strict";
import { Journal } from "../../../tests/harness/journal.ts";
import { openingOf } from "../../../tests/harness/media_setup.ts";
import { until } from "../../../tests/harness/worker_setup.ts";
import { noFigures } from "../../media/media_figures.ts";
import type { PeerEvent } from "../../media/messages.ts";
import { systemClock } from "../clock.ts";
import { PortableWorkerMedia } from "./worker_media.ts";

const LOOPBACK = "127.0.0.1";
const SOURCES = [new URL("../../../src/", import.meta.url)];

/** What `body` does with each message behind the first, to a worker that has one socket to give. */
function workerThat(body: string): URL {
  const handle = { id: 1, port: 4000, family: "ipv4", isWildcard: false, isShared: false };
  const code = `self.onmessage = ({ data }) => {
    if ("hostname" in data) self.postMessage({ type: "sockets", handles: [${JSON.stringify(handle)}] });
    else { ${body} }
  };`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

async function withMedia(fn: (media: PortableWorkerMedia) => Promise<void>, url?: URL): Promise<void> {
  const media = new PortableWorkerMedia({ clock: systemClock, hostname: LOOPBACK, node: 0, busPrefix: "test/", url });
  try {
    await media.started;
    await fn(media);
  } finally {
    await media.close();
  }
}

function openPeer(media: PortableWorkerMedia, number = 1) {
  const events = new Journal<PeerEvent>();
  const hosted = media.openPeer(LOOPBACK, openingOf(number), (event) => events.add(event));
  return { ...hosted, events };
}

Deno.test({
  name: "B416: once it has started a portable worker has sockets for peers, and takes them back with its peers",
  permissions: { net: [LOOPBACK], read: SOURCES },
  fn: () =>
    withMedia(async (media) => {
      assert.equal(media.obstacle(), undefined);
      const peers = [1, 2, 3].map((number) => openPeer(media, number));
      assert.equal(new Set(peers.map(({ port }) => port)).size, 3);
      assert.equal(media.socketCount, 3);
      const [{ figures, isUp, peers: count }] = await media.gather();
      assert.deepEqual([isUp, count, figures.bus?.driver], [true, 3, "broadcast"]);
      for (const { send } of peers) for (const type of ["leave", "close"] as const) send({ type });
      // It answers in order.
      await media.gather();
      assert.equal(media.socketCount, 0);
      assert.ok(peers.every(({ events }) => events.entries.length === 0));
    }),
});

Deno.test({
  name: "B417: a portable worker that fails is replaced, and its peers are told, once it is known",
  permissions: { net: [LOOPBACK] },
  fn: () =>
    withMedia(
      async (media) => {
        let failures = 0;
        media.onFailure(() => failures++);
        const { events } = openPeer(media);
        const end = await events.find(({ type }) => type === "ended", "its end");
        assert.ok(end.type === "ended" && end.reason === "media-lost" && end.detail.includes("its own fault"));
        assert.deepEqual([failures, media.socketCount], [1, 0]);
        const [{ isUp, failures: counted }] = await media.gather();
        assert.deepEqual([isUp, counted], [true, 1]);
      },
      workerThat(
        `if (data.to === "peer") throw new Error("its own fault"); self.postMessage({ type: "figures", figures: ${
          JSON.stringify(noFigures())
        } });`,
      ),
    ),
});

Deno.test({
  name: "B417: one that has run is replaced, also where it had no sockets left",
  permissions: { net: [LOOPBACK] },
  fn: () =>
    withMedia(
      async (media) => {
        const { events } = openPeer(media);
        await events.find(({ type }) => type === "ended", "its end");
        await until(() => media.obstacle() === undefined, "another one");
      },
      workerThat('self.postMessage({ type: "noSockets", reason: "none" }); throw new Error("its own fault");'),
    ),
});

Deno.test({
  name: "B417: a portable worker that answers no more counts as failed within two seconds",
  permissions: { net: [LOOPBACK] },
  fn: () =>
    withMedia(async (media) => {
      const { events } = openPeer(media);
      const openedMs = systemClock.now();
      const end = await events.find(({ type }) => type === "ended", "its end");
      assert.ok(end.type === "ended" && end.detail.includes("does not answer"));
      assert.ok(systemClock.now() - openedMs > 1000, "not at once");
    }, workerThat("")),
});

Deno.test({
  name: "B417: a portable worker that cannot start, or opens no sockets, takes no peers and says why",
  permissions: { net: [LOOPBACK] },
  async fn() {
    await withMedia((media) => {
      assert.match(media.obstacle() ?? "", /does not run: .*it is broken/);
      assert.throws(() => openPeer(media), /it is broken/);
      return Promise.resolve();
    }, new URL("data:text/javascript,throw new Error('it is broken');"));
    const code = "self.onmessage = () => self.postMessage({ type: 'noSockets', reason: 'no descriptors' });";
    await withMedia((media) => {
      assert.equal(media.obstacle(), "no descriptors");
      assert.throws(() => openPeer(media), /no descriptors/);
      return Promise.resolve();
    }, new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  },
});
