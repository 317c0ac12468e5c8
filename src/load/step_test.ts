import assert from "node:assert/strict";
import { plotHtml, plotSvg } from "./plot.ts";
import type { MeasureReply } from "./replies.ts";
import { type LoadStep, stepOf } from "./step.ts";
import { hasFailed, headLines, publishingLine, stepLines, tableRows, totalsLine } from "./table.ts";

const NONE = { p50: 0, p99: 0, max: 0 };
const MEASURED: MeasureReply = {
  seconds: 2,
  published: 400,
  received: 3980,
  lost: 20,
  recovered: 7,
  duplicates: 0,
  reordered: 0,
  checked: 41,
  bad: 0,
  latencyMs: { p50: 0.4, p99: 1.5, max: 3 },
  silent: 0,
  nacks: 30,
  skippedFrames: 0,
  loadCpuMicroseconds: 19_900,
};
const JOINS = { joined: 11, failed: 0, joinMs: { p50: 20, p99: 45, max: 50 } };
const SERVER = {
  before: { cpuMicroseconds: 0, residentBytes: 1 },
  after: { cpuMicroseconds: 500_000, residentBytes: 150_000_000 },
  elapsedUs: 2_500_000,
};

function step(measured: Partial<MeasureReply> = {}, joins: Partial<typeof JOINS & { problem: string }> = {}): LoadStep {
  return stepOf({
    publishers: 1,
    subscribers: 10,
    joins: { ...JOINS, ...joins },
    measured: { ...MEASURED, ...measured },
    server: SERVER,
  });
}

Deno.test({
  name: "a step tells rates, loss, and what a packet costs the server and the load",
  permissions: "none",
  fn() {
    const { sentPerSecond, receivedPerSecond, lostPercent, server, load } = step();
    assert.deepEqual({ sentPerSecond, receivedPerSecond, lostPercent }, {
      sentPerSecond: 200,
      receivedPerSecond: 1990,
      lostPercent: 0.5,
    });
    assert.equal(server?.cpuPercent, 20);
    assert.equal(server?.packetMicroseconds.toFixed(3), (200_000 / 1990).toFixed(3));
    assert.deepEqual([load.packetMicroseconds, load.isLimit], [5, false]);
  },
});

Deno.test({
  name: "a load that is busy, or late, warns that it may be the limit",
  permissions: "none",
  fn() {
    assert.equal(step({ loadCpuMicroseconds: 1_900_000 }).load.isLimit, true);
    assert.equal(step({ skippedFrames: 1 }).load.isLimit, true);
    assert.match(stepLines(step({ skippedFrames: 3 })), /the load itself may be the limit: .*, 3 frames left out/);
    assert.equal(stepLines(step()).split("\n").length, 2);
  },
});

Deno.test({
  name: "B518: peers that could not join, and packets that came damaged, are told below their step, and fail the run",
  permissions: "none",
  fn() {
    const failed = step({ bad: 2 }, { failed: 3, problem: "503: full" });
    assert.match(stepLines(failed), /3 peers could not join, the first because: 503: full/);
    assert.match(stepLines(failed), /2 of 41 packets that were looked at were not as they were sent/);
    const publishing = { joined: 2, failed: 0, ms: NONE };
    assert.equal(hasFailed({ publishing, steps: [step(), step()] }), false);
    assert.equal(hasFailed({ publishing, steps: [step(), failed] }), true);
    assert.equal(hasFailed({ publishing: { ...publishing, failed: 1 }, steps: [] }), true);
    assert.equal(hasFailed({ publishing, steps: [], ending: "1 sessions could not be ended" }), true);
    assert.equal(
      publishingLine({ ...publishing, failed: 1, problem: "no" }),
      "2 publishers joined, p50 0, p99 0 ms; 1 could not, the first because: no\n",
    );
  },
});

Deno.test({
  name: "a window without packets has figures, and none of the server where it is not known",
  permissions: "none",
  fn() {
    const { server, ...empty } = step({ published: 0, received: 0, lost: 0, latencyMs: NONE });
    assert.deepEqual([server?.packetMicroseconds, empty.load.packetMicroseconds, empty.lostPercent], [0, 0, 0]);
    assert.equal(tableRows([empty])[1].filter((cell) => cell === "-").length, 4);
  },
});

Deno.test({
  name: "heads and rows of the table stand above each other",
  permissions: "none",
  fn() {
    const lines = [...headLines().trimEnd().split("\n"), stepLines(step()).trimEnd()];
    assert.equal(new Set(lines.map(({ length }) => length)).size, 1, lines.join("\n"));
    const totals = { published: 5, arrived: 50, arrivedByRtx: 1, dropped: 0, refused: 0 };
    assert.equal(totalsLine(totals), "All in all 5 packets were sent and 50 received, and 1 by RTX.\n");
    assert.match(totalsLine({ ...totals, dropped: 2 }), /; 2 of those that came were dropped on purpose\.\n$/);
  },
});

Deno.test({
  name: "a plot has a panel for each figure that is known, and escapes what a URL may hold",
  permissions: "none",
  fn() {
    const steps = [step(), { ...step(), subscribers: 20 }];
    const svg = plotSvg(`Load on http://127.0.0.1/?a=<1>&"b"`, steps);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, /\?a=&lt;1&gt;&amp;&quot;b&quot;</);
    assert.equal(svg.match(/<g /g)?.length, 7);
    const withoutServer = steps.map(({ server: _, ...rest }) => rest);
    assert.equal(plotSvg("", withoutServer).match(/<g /g)?.length, 6);
    assert.doesNotMatch(svg + plotSvg("", [step({ lost: 0, received: 0 })]), /NaN|Infinity|undefined/);
    assert.match(plotHtml("a", steps), /^<!doctype html>[^]*<svg [^]*<td>1990<\/td>/);
  },
});
