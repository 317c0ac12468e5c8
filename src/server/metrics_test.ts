import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { samplesOf } from "../../tests/harness/metrics_text.ts";
import { addFigures, noFigures } from "../media/media_figures.ts";
import type { Figures } from "../io/figures.ts";
import type { Stats } from "../io/stats.ts";
import { FORWARD_BOUNDS_MS } from "../media/forward_meter.ts";
import { JOIN_BOUNDS_MS } from "../signaling/admissions.ts";
import { LAG_BOUNDS_MS } from "../io/loop_lag.ts";
import { limitRefusals } from "../signaling/refusals.ts";
import { METRICS } from "./metric_table.ts";
import { Metrics, METRICS_CONTENT_TYPE, type MetricsSource } from "./metrics.ts";

const STATS: Stats = {
  rooms: 2,
  peers: 5,
  producers: 4,
  consumers: 9,
  ssrcs: 8,
  sessions: 6,
  sockets: 7,
  connections: 3,
  timers: 1,
  refusals: limitRefusals({}),
};

const histogram = (bounds: readonly number[]) => ({ counts: Array<number>(bounds.length + 1).fill(0), sumMs: 0 });

function figuresOf(hosts: Figures["hosts"]): Figures {
  return {
    admissions: {
      joins: { connected: 10, left: 1, failed: 2, refused: 3 },
      durations: { ...histogram(JOIN_BOUNDS_MS), sumMs: 1500 },
      refusals: { "bad-sdp": 3, "made-up": 1 },
    },
    loop: { lag: histogram(LAG_BOUNDS_MS), longestMs: 12 },
    hosts,
  };
}

/** Metrics over what two workers have counted. */
function setUp(overrides: Partial<MetricsSource> = {}) {
  const one = noFigures();
  Object.assign(one.tracks.video, { packetsReceived: 5, packetsSent: 100, lostDownstream: 4, nacksUpstream: 2 });
  one.drops.queueFull = 6;
  const counts = [...one.turns.forwarding.counts];
  counts[0] = 3;
  counts[2] = 4;
  counts[FORWARD_BOUNDS_MS.length] = 1;
  const first = { ...one, turns: { forwarding: { counts, sumMs: 300 }, busyMs: 2500, longestTurnMs: 40 } };
  const counters = { framesSent: 1, messagesSent: 2, bytesSent: 3, framesReceived: 4, messagesReceived: 5 };
  const bus = { driver: "ring", counters: { ...counters, bytesReceived: 6, dropped: 7, lost: 8 } } as const;
  const hosts = [
    { isUp: true, figures: { ...first, bus }, failures: 0, peers: 9 },
    { isUp: false, figures: addFigures(first, noFigures()), failures: 2, peers: 0 },
  ];
  let gathers = 0;
  const metrics = new Metrics({
    backend: "native",
    workers: 2,
    stats: () => STATS,
    obstacle: () => undefined,
    cluster: () => undefined,
    webhooks: () => undefined,
    gather() {
      gathers++;
      return Promise.resolve(figuresOf(hosts));
    },
    ...overrides,
  });
  return { metrics, gathers: () => gathers };
}

const permissions = "none";

Deno.test({
  name: "B256: what all workers have counted is told together, what is a worker's by its number",
  permissions,
  async fn() {
    const samples = samplesOf(await setUp().metrics.text());
    const told = (name: string) => assert.ok(samples.has(name), `${name} is not told`);
    const expected: Record<string, number> = {
      'switchboard_info{backend="native"}': 1,
      "switchboard_ready": 1,
      "switchboard_rooms": 2,
      "switchboard_tracks": 4,
      'switchboard_joins_total{outcome="connected"}': 10,
      'switchboard_joins_total{outcome="refused"}': 3,
      "switchboard_join_duration_seconds_sum": 1.5,
      'switchboard_refusals_total{code="bad-sdp"}': 3,
      'switchboard_refusals_total{code="no-capacity"}': 0,
      'switchboard_packets_received_total{kind="video"}': 10,
      'switchboard_packets_received_total{kind="audio"}': 0,
      'switchboard_packets_sent_total{kind="video"}': 200,
      'switchboard_packets_lost_total{kind="video",direction="downstream"}': 8,
      'switchboard_packets_lost_total{kind="video",direction="upstream"}': 0,
      'switchboard_nacks_total{kind="video",direction="upstream"}': 4,
      'switchboard_datagrams_dropped_total{code="queue-full"}': 12,
      'switchboard_forward_latency_seconds_bucket{le="0.00005"}': 6,
      'switchboard_forward_latency_seconds_bucket{le="0.0001"}': 6,
      'switchboard_forward_latency_seconds_bucket{le="0.25"}': 14,
      'switchboard_forward_latency_seconds_bucket{le="+Inf"}': 16,
      "switchboard_forward_latency_seconds_count": 16,
      "switchboard_forward_latency_seconds_sum": 0.6,
      'switchboard_worker_up{worker="0"}': 1,
      'switchboard_worker_up{worker="1"}': 0,
      'switchboard_worker_failures_total{worker="1"}': 2,
      'switchboard_worker_busy_seconds_total{worker="0"}': 2.5,
      'switchboard_worker_longest_turn_seconds{worker="0"}': 0.04,
      'switchboard_worker_peers{worker="0"}': 9,
      "switchboard_event_loop_longest_lag_seconds": 0.012,
    };
    for (const [name, value] of Object.entries(expected)) {
      told(name);
      assert.equal(samples.get(name), value, name);
    }
    assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1e6);
    assert.ok((samples.get("process_cpu_seconds_total") ?? 0) > 0);
  },
});

Deno.test({
  name: "B405: what went over the bus is told of each worker that shares rooms, by the driver and both ways",
  permissions,
  async fn() {
    const samples = samplesOf(await setUp().metrics.text());
    const told = [...samples].filter(([name]) => name.startsWith("switchboard_bus_"));
    const ring = (name: string, direction?: string) =>
      `switchboard_bus_${name}_total{bus="ring",worker="0"${direction ? `,direction="${direction}"` : ""}}`;
    assert.deepEqual(told, [
      [ring("packets", "sent"), 1],
      [ring("packets", "received"), 4],
      [ring("messages", "sent"), 2],
      [ring("messages", "received"), 5],
      [ring("bytes", "sent"), 3],
      [ring("bytes", "received"), 6],
      [ring("dropped"), 7],
      [ring("lost"), 8],
    ]);
  },
});

Deno.test({
  name: "B508: what became of webhooks is told where there are some",
  permissions,
  async fn() {
    const requests = { "delivered": 5, "refused": 4, "gone": 0, "timed-out": 3, "failed": 2, "address-refused": 1 };
    const { metrics } = setUp({ webhooks: () => ({ requests, queued: 7, dropped: 8 }) });
    const told = (samples: ReturnType<typeof samplesOf>) =>
      [...samples].filter(([name]) => name.startsWith("switchboard_webhook_"));
    assert.deepEqual(told(samplesOf(await metrics.text())), [
      ...Object.entries(requests).map((
        [outcome, count],
      ) => [`switchboard_webhook_requests_total{outcome="${outcome}"}`, count]),
      ["switchboard_webhook_queued_events", 7],
      ["switchboard_webhook_dropped_events_total", 8],
    ]);
    assert.deepEqual(told(samplesOf(await setUp().metrics.text())), []);
  },
});

Deno.test({
  name: "B260: labels have the values of the table and no others, but for the code of a refusal, which is our word",
  permissions,
  async fn() {
    const text = await setUp().metrics.text();
    const table = new Map(METRICS.map((metric) => [metric.name, metric.type === "histogram" ? {} : metric.labels]));
    for (const sample of samplesOf(text).keys()) {
      const [, name, , labels = ""] = /^(\w+)(\{(.*)\})?$/.exec(sample) ?? [];
      const allowed = table.get(name) ?? table.get(name.replace(/_(?:bucket|sum|count)$/, ""));
      assert.ok(allowed, `${name} is not in the table`);
      for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
        if (label === "le" || label === "worker" || value === "made-up") continue;
        assert.ok((allowed as Record<string, readonly string[]>)[label]?.includes(value), sample);
      }
    }
  },
});

Deno.test({
  name: "each metric is told with its help and type, is named by Prometheus' conventions, and once",
  permissions,
  async fn() {
    const text = await setUp().metrics.text();
    for (const { name, help, type } of METRICS) {
      assert.ok(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
      assert.match(name, /^(?:switchboard|process)_[a-z_]+$/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      assert.match(help, /\.$/);
    }
    assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  },
});

Deno.test({
  name: "B257: who asks while figures are gathered gets the same, who asks later the newer ones",
  permissions,
  async fn() {
    const { metrics, gathers } = setUp();
    const [one, two] = await Promise.all([metrics.text(), metrics.text()]);
    assert.equal(one, two);
    assert.equal(gathers(), 1);
    await metrics.text();
    assert.equal(gathers(), 2);
  },
});

Deno.test({
  name: "a fault in gathering is told to who asked, and the next one is served",
  permissions,
  async fn() {
    let isBroken = true;
    const { metrics } = setUp({
      gather: () => isBroken ? Promise.reject(new Error("a fault")) : Promise.resolve(figuresOf([])),
      obstacle: () => "too many open files",
    });
    await assert.rejects(metrics.text(), { message: "a fault" });
    isBroken = false;
    assert.equal(samplesOf(await metrics.text()).get("switchboard_ready"), 0);
  },
});

Deno.test({
  name: "the content type is that of what writes the metrics, Prometheus' text format",
  permissions,
  fn() {
    assert.equal(METRICS_CONTENT_TYPE, Registry.PROMETHEUS_CONTENT_TYPE);
  },
});
