import assert from "node:assert/strict";
import { CLUSTER_METRICS } from "../../src/server/cluster_metrics.ts";
import { METRICS } from "../../src/server/metric_table.ts";
import { WEBHOOK_METRICS } from "../../src/server/webhook_metrics.ts";
import { MediaSource } from "../harness/media_source.ts";
import { isMissing } from "../harness/missing_program.ts";
import { dashboardQueries } from "../harness/monitoring.ts";
import { MONITORING, PROMETHEUS_PERMISSIONS, PrometheusProcess, PROMTOOL, promtool } from "../harness/prometheus.ts";
import { metricsUrl, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { WeriftClient } from "../harness/werift_client.ts";

/** Panels that are empty as long as nothing goes wrong, and those of servers with a broker or webhooks. */
const QUIET_PANELS = ["Refusals by code", "Dropped", "Broker and other servers", "Messages by the broker", "Webhooks"];
/** Metrics of such servers. */
const METRICS_OF_OTHERS = [...CLUSTER_METRICS, ...WEBHOOK_METRICS];

/** Of a server with two workers, so that there is something to tell of what crosses. */
const FLAGS = ["--host=127.0.0.1", "--metrics-port=0", "--workers=2", "--room-peers-per-worker=1"];

Deno.test({
  name: "B264: Prometheus scrapes a server with a call, its rules are healthy, no alert fires, and each panel has data",
  permissions: {
    ...SERVER_PERMISSIONS,
    ...PROMETHEUS_PERMISSIONS,
    run: [...SERVER_PERMISSIONS.run, ...PROMETHEUS_PERMISSIONS.run],
    net: [...SERVER_PERMISSIONS.net, ...PROMETHEUS_PERMISSIONS.net],
    read: [...SERVER_PERMISSIONS.read, ...PROMETHEUS_PERMISSIONS.read],
  },
  ignore: isMissing("prometheus"),
  async fn() {
    const server = await ServerProcess.start({ flags: FLAGS, log: "info" });
    try {
      await using prometheus = await PrometheusProcess.start(metricsUrl(server));
      const signaling = new URL("/ws", server.url.replace("http", "ws")).href;
      await using alice = await WeriftClient.join(signaling, "room");
      const source = new MediaSource(alice, alice.publish("video"));
      await alice.connect();
      await using bob = await WeriftClient.join(signaling, "room");
      const subscription = bob.subscribe("video");
      await bob.connect();
      const stream = bob.streamOf(subscription);
      await source.begin(stream);
      await source.flow(stream, 20);
      await prometheus.until('switchboard_packets_sent_total{kind="video"} >= 20');
      await source.flow(stream, 20);
      const count = stream.entries.length;
      const [sent] = await prometheus.until(`switchboard_packets_sent_total{kind="video"} >= ${count}`);
      assert.equal(sent.value, count);
      assert.equal(sent.metric.job, "switchboard");

      for (const { name, type } of METRICS.filter((metric) => !METRICS_OF_OTHERS.includes(metric))) {
        const series = type === "histogram" ? `${name}_count` : name;
        assert.ok((await prometheus.query(series)).length > 0, `${name} is not there`);
      }
      const dashboard = await Deno.readTextFile(new URL("grafana-dashboard.json", MONITORING));
      for (const { panel, expression } of dashboardQueries(dashboard, "20s")) {
        const samples = await prometheus.query(expression);
        if (!QUIET_PANELS.includes(panel)) assert.ok(samples.length > 0, `${panel} is empty: ${expression}`);
      }
      await prometheus.until("ALERTS_FOR_STATE or up");
      const alerts = await prometheus.alerts();
      assert.deepEqual(new Set(alerts.map(({ health, state }) => `${health} ${state}`)), new Set(["ok inactive"]));
      assert.equal(alerts.length, 14);
    } finally {
      assert.equal(await server.stop(), 0);
    }
  },
});

Deno.test({
  name: "B264: promtool takes the rules and the example of a configuration, and each alert fires for what it is about",
  permissions: { run: [PROMTOOL], read: [MONITORING] },
  ignore: isMissing("promtool"),
  async fn() {
    for (
      const args of [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts_test.yml"],
      ]
    ) {
      const { ok, text } = await promtool(args);
      assert.ok(ok, text);
    }
    const rules = await Deno.readTextFile(new URL("alerts.yml", MONITORING));
    const tests = await Deno.readTextFile(new URL("alerts_test.yml", MONITORING));
    for (const [, alert] of rules.matchAll(/- alert: (\w+)/g)) {
      const fires = new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:`).test(tests);
      const isSilent = new RegExp(`alertname: ${alert}\\n(?!\\s+exp_alerts:)`).test(tests);
      assert.deepEqual({ fires, isSilent }, { fires: true, isSilent: true }, alert);
    }
  },
});

Deno.test({
  name: "B264: promtool finds nothing to blame in the text of /metrics",
  permissions: {
    ...SERVER_PERMISSIONS,
    run: [...SERVER_PERMISSIONS.run, PROMTOOL],
    net: [...SERVER_PERMISSIONS.net, "127.0.0.1"],
    read: [...SERVER_PERMISSIONS.read, MONITORING],
  },
  ignore: isMissing("promtool"),
  async fn() {
    const server = await ServerProcess.start({ flags: FLAGS, log: "info" });
    try {
      const text = await (await fetch(metricsUrl(server))).text();
      assert.deepEqual(await promtool(["check", "metrics"], text), { ok: true, text: "" });
      const { ok } = await promtool(["check", "metrics"], "# TYPE a_total counter\na_total 1\n");
      assert.equal(ok, false, "a metric without help is blamed");
    } finally {
      assert.equal(await server.stop(), 0);
    }
  },
});
