import assert from "node:assert/strict";
import { LOAD_PERMISSIONS, loadResult, runLoadTask } from "../harness/load_task.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { metricsUrl, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { WeriftSfu } from "../harness/werift_sfu.ts";

const LOOPBACK = "127.0.0.1";
/** The load's sockets are native ones. */
const HAS_NATIVE = Deno.build.os === "linux";
const TOKEN = "a-token";
/** The URL of a running server by Pion (tests/interop/pion_sfu); empty where none is named. */
const PION_SFU = Deno.env.get("PION_SFU") ?? "";

/** What the server has counted of RTP, RTX aside. */
async function countsOf(server: ServerProcess) {
  const samples = samplesOf(await (await fetch(metricsUrl(server))).text());
  const sum = (name: string) =>
    [...samples].reduce((total, [sample, value]) => sample.startsWith(`${name}{`) ? total + value : total, 0);
  return {
    received: sum("switchboard_packets_received_total"),
    sent: sum("switchboard_packets_sent_total"),
    peers: samples.get("switchboard_peers"),
  };
}

const SMALL = ["--publishers=2", "--subscribers=3", "--step-seconds=1", "--audio"];

for (
  const { name, flags, steps } of [
    {
      name: "B515: by WHIP and WHEP the load tells as many packets as the server counts",
      flags: ["--simulcast", "--step=2", "--steps=2"],
      steps: [3, 5],
    },
    {
      name: "B515, B517: so it does by WebSocket, and what it drops is asked for again, and comes",
      flags: ["--transport=websocket", "--steps=1", "--loss=3%"],
      steps: [3],
    },
  ]
) {
  Deno.test({
    name,
    permissions: { ...LOAD_PERMISSIONS, net: [...SERVER_PERMISSIONS.net, LOOPBACK] },
    ignore: !HAS_NATIVE,
    async fn() {
      const server = await ServerProcess.start({ flags: [`--host=${LOOPBACK}`, "--metrics-port=0"], log: "info" });
      try {
        const result = await loadResult([`--url=${server.url}`, `--pid=${server.pid}`, ...SMALL, ...flags]);
        const { received, sent, peers } = await countsOf(server);
        const { published, arrived, dropped, arrivedByRtx } = result.totals;
        assert.deepEqual({ received: published, sent: arrived, peers }, { received, sent, peers: 0 });
        assert.deepEqual(result.steps.map(({ subscribers }) => subscribers), steps);
        for (const { lostPercent, damaged, receivedPerSecond, joins, repaired, server } of result.steps) {
          assert.deepEqual({ damaged, failed: joins.failed }, { damaged: 0, failed: 0 });
          assert.ok(receivedPerSecond > 0 && lostPercent < 1);
          assert.equal(repaired > 0, dropped > 0);
          assert.ok(server !== undefined && server.residentBytes > 0);
        }
        assert.equal(dropped > 0, flags.includes("--loss=3%"));
        assert.ok(dropped === 0 || arrivedByRtx > 0);
      } finally {
        await server.stop();
      }
    },
  });
}

Deno.test({
  name: "B516: a server that is not this one is loaded by its WHIP and WHEP endpoints, and its sessions are ended",
  permissions: { ...LOAD_PERMISSIONS, net: [LOOPBACK] },
  ignore: !HAS_NATIVE,
  async fn() {
    await using sfu = new WeriftSfu(TOKEN);
    const endpoints = [`--whip=${sfu.url}/{room}/whip`, `--whep=${sfu.url}/{room}/whep`, `--token=${TOKEN}`];
    const media = ["--audio", "--bitrate=200k", "--fps=15"];
    const { steps, totals } = await loadResult([
      ...endpoints,
      ...media,
      "--subscribers=3",
      "--steps=1",
      "--step-seconds=1",
    ]);
    assert.deepEqual({ sent: totals.published, received: totals.arrived }, { sent: sfu.received, received: sfu.sent });
    assert.equal(steps[0].subscribers, 3);
    assert.deepEqual([steps[0].lost, steps[0].damaged], [0, 0]);
    assert.deepEqual([sfu.sessions, sfu.refused], [0, 0]);
  },
});

Deno.test({
  name: "B516: a server by Pion is loaded, and tells as many packets as the load",
  permissions: { ...LOAD_PERMISSIONS, net: [LOOPBACK] },
  ignore: !HAS_NATIVE || PION_SFU === "",
  async fn() {
    const endpoints = [
      `--whip=${PION_SFU}/{room}/whip`,
      `--whep=${PION_SFU}/{room}/whep`,
      `--room=${crypto.randomUUID()}`,
    ];
    const counts = async () => await (await fetch(`${PION_SFU}/counts`)).json();
    const before = await counts();
    const { steps, totals } = await loadResult([...endpoints, ...SMALL, "--steps=1", "--loss=2%"]);
    const after = await counts();
    assert.equal(totals.published, after.received - before.received);
    assert.equal(totals.arrived, after.sent - before.sent);
    assert.deepEqual([steps[0].subscribers, steps[0].damaged], [3, 0]);
    assert.ok(steps[0].repaired > 0);
    assert.equal(after.sessions, before.sessions);
  },
});

Deno.test({
  name: "B513, B514: what is wrong is said in a line each, with exit code 2, and nothing is sent to another host",
  permissions: LOAD_PERMISSIONS,
  async fn() {
    assert.deepEqual(await runLoadTask(["--loss=all", "--rooms=0"]), {
      code: 2,
      stdout: "",
      stderr: "--rooms=0 is not allowed: expected a whole number from 1 to 1000\n" +
        "--loss=all is not allowed: expected a share from 0% to 99.9%, as in 2% or 0.5%\n",
    });
    assert.deepEqual(await runLoadTask(["--url=https://sfu.example.org"]), {
      code: 2,
      stdout: "",
      stderr: "sfu.example.org is not this machine, and a load may harm it: who may load it says " +
        "--i-may-load-this-host=sfu.example.org\n",
    });
  },
});

Deno.test({
  name: "B518: where nobody can join the load says why, with exit code 1",
  permissions: { ...LOAD_PERMISSIONS, net: [LOOPBACK] },
  ignore: !HAS_NATIVE,
  async fn() {
    await using sfu = new WeriftSfu(TOKEN);
    const { code, stderr } = await runLoadTask([`--whip=${sfu.url}/a/whip`, `--whep=${sfu.url}/a/whep`]);
    assert.deepEqual([code, stderr], [
      1,
      `no publisher could join: ${sfu.url}/a/whip answers 401: who are you?\n`,
    ]);
  },
});
