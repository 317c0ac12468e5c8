import assert from "node:assert/strict";
import { createSwitchboard } from "../../src/mod.ts";
import { MediaSource } from "../harness/media_source.ts";
import { WeriftClient } from "../harness/werift_client.ts";

Deno.test({
  name: "one handler for Deno.serve gives the page, the health and a call",
  permissions: { net: ["127.0.0.1"], read: ["static"] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const switchboard = createSwitchboard({ hostname: "127.0.0.1" });
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, switchboard.fetch);
    const origin = `127.0.0.1:${server.addr.port}`;
    try {
      const page = await fetch(`http://${origin}/`);
      assert.equal(page.status, 200);
      assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
      assert.match(await page.text(), /<script[^>]+src=/);

      await using alice = await WeriftClient.join(`ws://${origin}/ws`, "room");
      await using bob = await WeriftClient.join(`ws://${origin}/ws`, "room");
      const source = new MediaSource(alice, alice.publish("audio"));
      await alice.connect();
      const subscription = bob.subscribe("audio");
      await bob.connect();
      await source.flow(bob.streamOf(subscription), 50);

      const health = await fetch(`http://${origin}/healthz`);
      assert.equal(health.status, 200);
      const { status, backend, ...rest } = await health.json();
      assert.deepEqual({ status, backend }, { status: "ok", backend: switchboard.backend.name });
      const { backendReason, workers, ...stats } = rest;
      assert.deepEqual({ backendReason, workers }, {
        backendReason: switchboard.backend.reason,
        workers: switchboard.backend.workers,
      });
      assert.deepEqual(stats, switchboard.stats());
      assert.deepEqual([stats.rooms, stats.peers, stats.producers, stats.consumers], [1, 2, 1, 1]);
    } finally {
      await switchboard.close();
      await server.shutdown();
    }
  },
});
