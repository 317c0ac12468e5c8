import assert from "node:assert/strict";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { MEDIA_SETUPS, metricsUrl, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const LOOPBACK = "127.0.0.1";
const PACKETS = 40;
const PEERS = 1000;
const ROOMS = 50;
/** Of which the best counts: another process may have the core. */
const SCRAPES = 5;
const SCRAPE_MS = 50;
const HAS_NATIVE = Deno.build.os === "linux";
/** A media worker's code is read when it starts. */
const SOURCES = new URL("../../src/", import.meta.url);
const CAMERA = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" } as const;

type Samples = ReturnType<typeof samplesOf>;

/** Of the metrics whose names fit. */
function sum(samples: Samples, name: RegExp): number {
  return [...samples].reduce((total, [sample, value]) => name.test(sample) ? total + value : total, 0);
}

async function offer(url: string, sdp: string): Promise<number> {
  const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: sdp });
  await response.body?.cancel();
  return response.status;
}

for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
  Deno.test({
    name: `B256, B258, B261, ${name}: /metrics tells what was forwarded, on its own port alone, and never goes back`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", LOOPBACK] },
    ignore,
    async fn() {
      const flags = [...setup.flags ?? [], `--host=${LOOPBACK}`, "--metrics-port=0"];
      const server = await ServerProcess.start({ ...setup, flags, log: "info" });
      try {
        const url = metricsUrl(server);
        const scrape = async () => samplesOf(await (await fetch(url)).text());
        const signaling = new URL("/ws", server.url.replace("http", "ws")).href;
        await using alice = await WeriftClient.join(signaling, "secret room", { name: "secret name" });
        const sources = [
          new MediaSource(alice, alice.publish("video")),
          new MediaSource(alice, alice.publish("audio")),
        ];
        await alice.connect();
        await using bob = await WeriftClient.join(signaling, "secret room");
        const subscriptions = [bob.subscribe("video"), bob.subscribe("audio")];
        await bob.connect();
        const streams = subscriptions.map((subscription) => bob.streamOf(subscription));
        for (const [at, source] of sources.entries()) {
          await source.begin(streams[at]);
          await source.flow(streams[at], PACKETS);
        }

        const during = await scrape();
        const packets = (what: string, kind: string) => during.get(`switchboard_packets_${what}_total{kind="${kind}"}`);
        for (const [at, kind] of ["video", "audio"].entries()) {
          assert.equal(packets("received", kind), sources[at].sent.length, kind);
          assert.equal(packets("sent", kind), streams[at].entries.length, kind);
        }
        const bytes = sources.map(({ sent }) => sent.reduce((total, { length }) => total + length, 0));
        assert.equal(during.get('switchboard_received_bytes_total{kind="video"}'), bytes[0]);
        const heard = streams[1].entries.reduce((total, { payload }) => total + payload.length, 0);
        assert.equal(during.get('switchboard_sent_bytes_total{kind="audio"}'), heard);
        const batches = during.get("switchboard_forward_latency_seconds_count") ?? 0;
        assert.ok(
          batches > 0 && batches <= 2 * sum(during, /^switchboard_packets_received_total/),
          `${batches} batches`,
        );
        assert.ok((during.get("switchboard_forward_latency_seconds_sum") ?? 0) > 0);
        assert.equal(during.get('switchboard_joins_total{outcome="connected"}'), 2);
        assert.equal(during.get("switchboard_join_duration_seconds_count"), 2);
        assert.deepEqual(
          ["rooms", "peers", "tracks", "subscriptions", "ready"].map((gauge) => during.get(`switchboard_${gauge}`)),
          [1, 2, 2, 2, 1],
        );
        assert.equal(sum(during, /^switchboard_worker_up\{/), setup.flags?.includes("--workers=2") ? 2 : 1);
        assert.ok(sum(during, /^switchboard_worker_busy_seconds_total/) > 0);

        await alice.leave();
        await bob.leave();
        const text = await (await fetch(url)).text();
        const after = samplesOf(text);
        for (const [sample, value] of during) {
          if (/_total|_bucket|_count|_sum/.test(sample)) assert.ok((after.get(sample) ?? -1) >= value, sample);
        }
        assert.equal(after.get('switchboard_packets_sent_total{kind="video"}'), streams[0].entries.length);
        assert.doesNotMatch(text, /secret|127\.0\.0\.1/);
        assert.ok(!text.includes(alice.id) && !text.includes(bob.id));

        for (const path of ["/healthz", "/readyz", "/", "/ws"]) {
          const { status, body } = await fetch(new URL(path, url));
          await body?.cancel();
          assert.equal(status, 404, `${path} at the port of the metrics`);
        }
        const onMainPort = await fetch(new URL("/metrics", server.url));
        await onMainPort.body?.cancel();
        assert.equal(onMainPort.status, 404, "the public port");
        assert.equal(url.hostname, LOOPBACK);
      } finally {
        assert.equal(await server.stop(), 0);
      }
    },
  });
}

Deno.test({
  name: "B260: joins are counted by outcome and refusals by code, of WebSockets, WHIP and WHEP, each once",
  permissions: { net: [LOOPBACK] },
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const scrape = async () => samplesOf(await server.switchboard.metrics());
    const joins = async () => {
      const samples = await scrape();
      return ["connected", "left", "failed", "refused"].map((outcome) =>
        samples.get(`switchboard_joins_total{outcome="${outcome}"}`)
      );
    };
    assert.deepEqual(await joins(), [0, 0, 0, 0]);
    await using alice = await WeriftClient.join(server.signalingUrl, "room");
    alice.publish("audio");
    assert.deepEqual(await joins(), [0, 0, 0, 0], "it is not connected yet");
    await alice.connect();
    assert.deepEqual(await joins(), [1, 0, 0, 0]);
    await alice.leave();
    assert.deepEqual(await joins(), [1, 0, 0, 0]);

    const hasty = await SignalingSocket.open(server.signalingUrl);
    hasty.send({ type: "join", roomId: "room" });
    await hasty.receive("welcome");
    hasty.send({ type: "leave" });
    await hasty.closed;
    assert.deepEqual(await joins(), [1, 1, 0, 0]);

    assert.equal(await offer(`${server.url}/whip/room`, "no sdp"), 400);
    assert.equal(await offer(`${server.url}/whep/room`, buildOffer([CAMERA])), 422);
    assert.deepEqual(await joins(), [1, 1, 0, 2]);

    const rude = await SignalingSocket.open(server.signalingUrl);
    rude.send({ type: "leave" });
    await rude.receive("error");
    await rude.close();
    const samples = await scrape();
    const refused = [...samples].filter(([sample, value]) => /^switchboard_refusals_total/.test(sample) && value > 0);
    assert.deepEqual(
      new Map(refused),
      new Map([
        ['switchboard_refusals_total{code="bad-sdp"}', 1],
        ['switchboard_refusals_total{code="wrong-direction"}', 1],
        ['switchboard_refusals_total{code="wrong-state"}', 1],
      ]),
    );
    assert.deepEqual(await joins(), [1, 1, 0, 2], "nobody joined");
  },
});

Deno.test({
  name: "B262: a main isolate that is blocked shows its lag at the next scrape, and not at the one after",
  permissions: { net: [LOOPBACK] },
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const lag = async () =>
      samplesOf(await server.switchboard.metrics()).get("switchboard_event_loop_longest_lag_seconds") ?? -1;
    await lag();
    const endMs = performance.now() + 400;
    while (performance.now() < endMs);
    // A timer that is set behind the late one fires behind it.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.ok(await lag() >= 0.3);
    assert.ok(await lag() < 0.3);
  },
});

Deno.test({
  name: "B263: /readyz is 200 while peers can come, and 503 once the server is closed",
  permissions: { net: [LOOPBACK] },
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const ask = async (path: string) => {
      const response = await fetch(`${server.url}${path}`);
      return [response.status, (await response.json()).status];
    };
    assert.deepEqual(await ask("/readyz"), [200, "ready"]);
    await server.switchboard.close();
    assert.deepEqual(await ask("/readyz"), [503, "not-ready"]);
    assert.deepEqual(await ask("/healthz"), [200, "ok"]);
    assert.equal(samplesOf(await server.switchboard.metrics()).get("switchboard_ready"), 0);
  },
});

Deno.test({
  name: `B265: a scrape with ${PEERS} peers takes less than ${SCRAPE_MS} ms`,
  permissions: { net: [LOOPBACK], ...(HAS_NATIVE && { ffi: true, read: [SOURCES] }) },
  async fn() {
    const native = { backend: "native", udpPort: 0 } as const;
    await using server = new LoopbackServer(HAS_NATIVE ? native : { backend: "portable" });
    const sdp = buildOffer([CAMERA]);
    for (let peer = 0; peer < PEERS; peer++) {
      assert.equal(await offer(`${server.url}/whip/room${peer % ROOMS}`, sdp), 201);
    }
    assert.equal(server.switchboard.stats().peers, PEERS);
    const times: number[] = [];
    for (let i = 0; i < SCRAPES; i++) {
      const beganMs = performance.now();
      const samples = samplesOf(await server.switchboard.metrics());
      times.push(performance.now() - beganMs);
      assert.equal(samples.get("switchboard_peers"), PEERS);
      assert.equal(sum(samples, /^switchboard_worker_up/), 1);
    }
    assert.ok(Math.min(...times) < SCRAPE_MS, `${times.map((ms) => ms.toFixed(1))} ms`);
  },
});
